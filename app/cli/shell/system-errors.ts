// Errors of the operating system as sentences that say what to do.

import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { excerpt } from 'typeclip/errors'

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied; choose another place, or change its permissions',
  EPERM: 'the system does not permit it; choose another place',
  EROFS: 'the file system is read-only; choose another place',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of this path is a file and not a folder; choose another place',
  EISDIR: 'this is a folder, and a file is needed',
  EEXIST: 'a file of this name is there; choose another place',
  ENOTEMPTY: 'the folder is not empty; choose another place',
  ENAMETOOLONG: 'the name is too long; choose a shorter one',
  ENOSPC: 'the disk is full; make room',
  EDQUOT: 'your share of the disk is used up; make room',
  EMFILE: 'too many files are open; raise the limit (ulimit -n)',
  ELOOP: 'too many symbolic links lead to each other',
  ECONNREFUSED: 'the connection was refused; check the address',
}

export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error

export const reasonOf = ({ code, message }: NodeJS.ErrnoException): string => {
  const reason = reasons[code ?? '']
  return reason === undefined ? message : `${reason} (${code})`
}

export function systemSentence(error: NodeJS.ErrnoException): string {
  const { path, syscall = '' } = error
  if (path === undefined) return reasonOf(error)
  const name = excerpt(path)
  if (syscall !== 'mkdir') return `${name}: ${reasonOf(error)}`
  // The folders above exist by now, so ENOENT means that the permission is missing.
  const reason = error.code === 'ENOENT' ? 'the system allows no folder there; choose another place' : reasonOf(error)
  return `${name}: this folder cannot be made: ${reason}`
}

/** Why a file cannot be written: its folder is missing, or does not take files. */
export async function cannotWrite(path: string, error: NodeJS.ErrnoException): Promise<string> {
  const folder = dirname(path)
  if (error.code !== 'ENOENT') return `${path} cannot be written: ${reasonOf(error)}`
  const exists = await stat(folder).catch(() => undefined)
  const reason = exists
    ? `the folder ${folder} does not take new files; choose another place`
    : `there is no folder ${folder}; make it first`
  return `${path} cannot be written: ${reason}`
}
