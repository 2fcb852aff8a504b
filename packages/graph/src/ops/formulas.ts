// Lowerings that are small formulas of several ONNX nodes.
import { arrayFrom, type DType } from '../dtype.ts';
import type { LoweringContext } from '../tensor.ts';

/** A scalar initializer, for lowerings that are small formulas. */
export function scalar(context: LoweringContext, value: number, dtype: DType): string {
  return context.constant(arrayFrom(dtype, [value]), [], dtype);
}

/** Writes formulas in a lowering: `write('Add', a, 1)`; numbers become scalars of `dtype`. */
export function formulas(
  context: LoweringContext,
  dtype: DType,
): (opType: string, ...operands: (string | number)[]) => string {
  return (opType, ...operands) =>
    context.emit(
      opType,
      operands.map((value) => (typeof value === 'number' ? scalar(context, value, dtype) : value)),
    )[0];
}
