// The operator table: one row per operator, its shape rule and its gradient rule side by side. The rules build graphs with
// `Tensor`, which looks up the table, so these files import each other.

import { arithmetic } from './arithmetic.ts'
import { arrangement } from './arrangement.ts'
import { convolution } from './convolution.ts'
import type { Operator } from './operator.ts'
import { reduction } from './reduction.ts'

const table = { ...arithmetic, ...arrangement, ...reduction, ...convolution }

/** The name of an ONNX operator that a graph can have. */
export type OperatorName = keyof typeof table

export const operators: Readonly<Record<OperatorName, Operator>> = table
