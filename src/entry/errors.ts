/**
 * `typeclip/errors`: the errors that typeclip throws on purpose. It loads nothing else.
 *
 * {@includeCode ../../examples/handle-errors.ts}
 *
 * @module typeclip/errors
 */

export {
  CheckpointError,
  type ErrorDetails,
  editDistance,
  excerpt,
  InputError,
  ShapeError,
  TrainingError,
  TypeclipError,
  UsageError,
} from '../errors.ts'
