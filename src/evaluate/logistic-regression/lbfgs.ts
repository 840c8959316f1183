// L-BFGS (Nocedal & Wright 2006, algorithm 7.4) for a smooth convex function whose values carry float32 rounding.
//
// A line search that compares values stalls when they differ by less than rounding. The slope of a convex function only grows
// along a line, so this search compares slopes alone, and accepts a step to where the slope is flatter.

export interface Evaluation {
  value: number
  gradient: Float64Array
}

export interface Convex {
  evaluate(x: Float64Array): Promise<Evaluation>
  /** An approximate inverse Hessian, applied to a vector; the better it is, the fewer steps are needed. */
  precondition(gradient: Float64Array): Promise<Float64Array>
  /** Called after each step, to update the approximation. */
  follow?(x: Float64Array, step: number): Promise<void>
}

/** Options of L-BFGS. */
export interface LbfgsOptions {
  /** Ends when no coordinate of the next step exceeds this, or this times the largest coordinate. Default: 1e-5. */
  tolerance?: number | undefined
  /** Default: 1000. */
  maxSteps?: number | undefined
  /** Called after each step; may throw to stop. */
  onStep?: ((step: number, value: number) => void) | undefined
}

export interface Minimum {
  x: Float64Array
  value: number
  steps: number
  /** Whether the tolerance was met, or further gains are below rounding; false if `maxSteps` was reached. */
  converged: boolean
}

/** Number of remembered steps. */
const memory = 10
/** A step is accepted if its slope is between these fractions of the initial slope. */
const [stillFalling, rising] = [0.9, -0.4] as const
const trials = 20
/** Steps to continue after the last one that lowered the value by more than rounding; they still improve `x`. */
const patience = 12
const rounding = 1e-7

export async function lbfgs(
  f: Convex,
  start: Float64Array,
  { tolerance = 1e-5, maxSteps = 1000, onStep }: LbfgsOptions = {},
): Promise<Minimum> {
  const history: { s: Float64Array; y: Float64Array; rho: number }[] = []
  let x = start
  let { value, gradient } = await f.evaluate(x)
  let [lowest, lowered] = [value, 0]
  for (let step = 0; step < maxSteps; step++) {
    const direction = await quasiNewton(gradient)
    if (maxAbs(direction) <= tolerance * Math.max(1, maxAbs(x))) return { x, value, steps: step, converged: true }
    const next = await search(direction)
    if (!next) return { x, value, steps: step, converged: true }
    const s = difference(next.x, x)
    const y = difference(next.gradient, gradient)
    const curvature = dot(s, y)
    if (curvature > 1e-12 * dot(y, y) ** 0.5 * dot(s, s) ** 0.5) history.push({ s, y, rho: 1 / curvature })
    if (history.length > memory) history.shift()
    ;({ x, value, gradient } = next)
    onStep?.(step + 1, value)
    if (value < lowest - rounding * Math.abs(lowest)) [lowest, lowered] = [value, step]
    else if (step - lowered >= patience) return { x, value, steps: step + 1, converged: true }
    await f.follow?.(x, step + 1)
  }
  return { x, value, steps: maxSteps, converged: false }

  /** The two-loop recursion: `−H g`. */
  async function quasiNewton(g: Float64Array): Promise<Float64Array> {
    let q = Float64Array.from(g, (v) => -v)
    const alphas: number[] = []
    for (const { s, y, rho } of [...history].reverse()) {
      const alpha = rho * dot(s, q)
      alphas.push(alpha)
      add(q, y, -alpha)
    }
    q = (await f.precondition(q)) as Float64Array<ArrayBuffer>
    for (const { s, y, rho } of history) add(q, s, alphas.pop()! - rho * dot(y, q))
    return q
  }

  /** Brackets the zero of the slope, then closes in with the secant. */
  async function search(direction: Float64Array): Promise<(Evaluation & { x: Float64Array }) | undefined> {
    const slope0 = dot(gradient, direction)
    if (!(slope0 < 0)) return undefined
    let [low, lowSlope] = [0, slope0]
    let [high, highSlope] = [Infinity, Infinity]
    let length = 1
    for (let i = 0; i < trials; i++) {
      const candidate = x.slice()
      add(candidate, direction, length)
      const evaluation = await f.evaluate(candidate)
      const slope = dot(evaluation.gradient, direction)
      if (slope <= stillFalling * slope0) [low, lowSlope] = [length, slope]
      else if (!(slope <= rising * slope0)) [high, highSlope] = [length, slope]
      else return { ...evaluation, x: candidate }
      const secant = low + ((high - low) * lowSlope) / (lowSlope - highSlope)
      const inner = Math.min(Math.max(secant, low + 0.1 * (high - low)), low + 0.9 * (high - low))
      length = high === Infinity ? 4 * length : Number.isFinite(inner) ? inner : (low + high) / 2
    }
    return undefined
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** `a += factor · b` */
function add(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i]! += factor * b[i]!
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  const result = a.slice()
  add(result, b, -1)
  return result
}

function maxAbs(a: Float64Array): number {
  let max = 0
  for (let i = 0; i < a.length; i++) max = Math.max(max, Math.abs(a[i]!))
  return max
}
