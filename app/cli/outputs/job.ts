// The work of a command on many inputs: counts, failures, speed, and the exit code.

import { excerpt } from 'typeclip/errors'
import type { ExitCode } from '../shell/command.ts'
import { counted, grouped } from '../shell/counted.ts'
import { isSystemError, reasonOf } from '../shell/system-errors.ts'
import { onOneLine } from '../shell/table.ts'
import type { Terminal } from '../shell/terminal.ts'

export interface Job {
  done(count?: number): void
  /** Reports the input and the reason on standard error; the job continues. */
  fail(name: string, error: Error): void
  /** Removes the progress line. */
  end(): ExitCode
}

const redrawEvery = 100

/**
 * @param thing the word for one input
 * @param total the number of inputs, if known: the time left is estimated from it
 */
export function startJob(terminal: Terminal, thing: string, total?: number): Job {
  let [done, failed, drawn] = [0, 0, 0]
  let started: number | undefined

  function draw(): void {
    const now = performance.now()
    started ??= now
    if (!terminal.watched || now - drawn < redrawEvery) return
    drawn = now
    const rate = (done + failed) / ((now - started) / 1000)
    terminal.status(progressLine(done + failed, total, thing, rate))
  }

  draw()
  return {
    done(count = 1) {
      done += count
      draw()
    },
    fail(name, error) {
      failed++
      const message = isSystemError(error) ? reasonOf(error) : error.message
      const input = excerpt(name) // a path may be a long data URL
      const reason = message.startsWith(input) ? message.slice(input.length) : `: ${message}`
      terminal.error(`${onOneLine(input)}${reason}`)
      draw()
    },
    end() {
      terminal.status(undefined)
      if (failed > 0 && done + failed > 1)
        terminal.error(`${grouped(failed)} of ${counted(done + failed, 'input')} failed`)
      return failed === 0 ? 0 : done > 0 ? 1 : 2
    },
  }
}

/** A reason without the name of its input in front. */
export const withoutName = (reason: string, name: string): string =>
  reason.startsWith(`${name}: `) ? reason.slice(name.length + 2) : reason

/** `1,200 of 30,000 images, 52/s, 9 min 14 s left`. */
export function progressLine(count: number, total: number | undefined, thing: string, rate: number): string {
  const parts = [total === undefined ? counted(count, thing) : `${grouped(count)} of ${counted(total, thing)}`]
  if (count > 0 && Number.isFinite(rate) && rate > 0) {
    parts.push(`${rate < 10 ? rate.toFixed(1) : grouped(Math.round(rate))}/s`)
    if (total !== undefined && total > count) parts.push(`${duration((total - count) / rate)} left`)
  }
  return parts.join(', ')
}

/** `14 s`, `9 min 14 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
