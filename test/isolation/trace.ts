// Runs a program with its own home folder, and reports the files that it wrote there and elsewhere and the addresses that it
// contacted.

import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join, relative } from 'node:path'

export interface Trace {
  code: number | null
  stderr: string
  /** Files and folders that were made or opened for writing, relative to the working folder. */
  written: string[]
  /** Sockets that could reach another machine. */
  network: string[]
}

/** `strace` sees every call to the system. The others compare folders, and on Linux look at the process's open sockets. */
export const tracers = [...(spawnSync('strace', ['-V']).status === 0 ? (['strace'] as const) : []), 'folders'] as const
export type Tracer = 'strace' | 'folders'

/** @param argv arguments of `node`; the working folder is new, with HOME and TMPDIR inside */
export async function trace(tracer: Tracer, argv: readonly string[]): Promise<Trace> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'typeclip-trace-')))
  const log = `${folder}.strace`
  try {
    const home = join(folder, 'home')
    const temporary = join(folder, 'tmp')
    for (const made of [home, temporary]) mkdirSync(made)
    const calls =
      'trace=%network,open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat'
    const command = [process.execPath, ...argv]
    if (tracer === 'strace') command.unshift('strace', '-f', '-qq', '-s', '4096', '-o', log, '-e', calls)
    const [program, ...rest] = command as [string, ...string[]]
    const child = spawn(program, rest, {
      cwd: folder,
      env: environment(home, temporary),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const sockets = new Set<string>()
    const watch = setInterval(() => {
      for (const socket of openSockets(child.pid)) sockets.add(socket)
    }, 5)
    const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
    clearInterval(watch)
    const seen = tracer === 'strace' ? fromStrace(readFileSync(log, 'utf8'), folder) : { written: [], network: [] }
    const left = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    const written = [...new Set([...seen.written, ...left])].filter((name) => name !== 'home' && name !== 'tmp').sort()
    return { code, stderr, written, network: [...seen.network, ...sockets] }
  } finally {
    rmSync(folder, { recursive: true })
    rmSync(log, { force: true })
  }
}

/** The environment without settings of this process or of the person who runs the tests. */
function environment(home: string, temporary: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(ORT_|XDG_|HF_|TYPECLIP_|NODE_|VITEST)|^(TRANSFORMERS_OFFLINE|HUGGING_FACE_HUB_TOKEN)$/.test(name),
  )
  const folders = {
    HOME: home,
    USERPROFILE: home,
    LOCALAPPDATA: home,
    TMPDIR: temporary,
    TEMP: temporary,
    TMP: temporary,
  }
  return { ...Object.fromEntries(kept), ...folders }
}

function fromStrace(log: string, folder: string): Pick<Trace, 'written' | 'network'> {
  const lines = log.split('\n')
  const writing = lines.filter((line) =>
    /\b(open|openat|creat)\(.*\b(O_WRONLY|O_RDWR|O_CREAT)\b|\b(mkdir|rename|link|symlink)(at2?)?\(/.test(line),
  )
  const written = writing
    .flatMap((line) => [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]!))
    .map((path) => (isAbsolute(path) ? path : join(folder, path)))
    // The terminal, and the system's view of a process; neither is a real file.
    .filter((path) => !/^\/(dev|proc)\//.test(path))
    .map((path) => (path.startsWith(folder) ? relative(folder, path) : path))
  // A name server or the network. AF_UNIX is a pipe between processes, unless it leads to a daemon that resolves names.
  const network = lines.filter((line) => /\b(AF_INET6?|AF_NETLINK)\b|nscd|systemd\/resolve/.test(line))
  return { written, network }
}

/** Internet sockets, as Linux lists them; none on other systems. */
function openSockets(pid: number | undefined): string[] {
  try {
    const inodes = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []
      } catch {
        return [] // closed in between
      }
    })
    if (inodes.length === 0) return []
    return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((kind) =>
      readFileSync(`/proc/${pid}/net/${kind}`, 'utf8')
        .split('\n')
        .slice(1)
        .map((line) => line.trim().split(/\s+/))
        .filter((fields) => inodes.includes(fields[9] ?? ''))
        .map((fields) => `${kind} ${fields[2]}`),
    )
  } catch {
    return [] // the process has ended, or this is not Linux
  }
}
