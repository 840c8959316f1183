// One command's work over many inputs: what was done, what failed, how fast it goes, and the exit code that says so.

import type { ExitCode } from './command.ts'
import { withFlagNames } from './flag-names.ts'
import type { Terminal } from './terminal.ts'

export interface Job {
  done(count?: number): void
  /** Names the input and the reason on standard error; the job goes on. */
  fail(name: string, error: Error): void
  /** Takes the progress line away. */
  end(): ExitCode
}

const redrawEvery = 100

/** @param total how many inputs there are, where that is known: it takes that to tell the time left */
export function startJob(terminal: Terminal, things: string, total?: number): Job {
  let [done, failed, drawn] = [0, 0, 0]
  let started: number | undefined

  function draw(): void {
    const now = performance.now()
    started ??= now
    if (!terminal.watched || now - drawn < redrawEvery) return
    drawn = now
    const rate = (done + failed) / ((now - started) / 1000)
    terminal.status(progressLine(done + failed, total, things, rate))
  }

  draw()
  return {
    done(count = 1) {
      done += count
      draw()
    },
    fail(name, error) {
      failed++
      const message = withFlagNames(error.message)
      terminal.note(message.startsWith(name) ? message : `${name}: ${message}`)
      draw()
    },
    end() {
      terminal.status(undefined)
      if (failed > 0 && done + failed > 1) terminal.note(`${failed} of ${done + failed} inputs failed`)
      return failed === 0 ? 0 : done > 0 ? 1 : 2
    },
  }
}

/** `1,200 of 30,000 images, 52/s, 9 min 14 s left`. */
export function progressLine(count: number, total: number | undefined, things: string, rate: number): string {
  const parts = [`${grouped(count)}${total === undefined ? '' : ` of ${grouped(total)}`} ${things}`]
  if (count > 0 && Number.isFinite(rate) && rate > 0) {
    parts.push(`${rate < 10 ? rate.toFixed(1) : grouped(Math.round(rate))}/s`)
    if (total !== undefined && total > count) parts.push(`${duration((total - count) / rate)} left`)
  }
  return parts.join(', ')
}

export const grouped = (count: number): string => count.toLocaleString('en-US')

/** `14 s`, `9 min 14 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
