// Lowerings that are small formulas of several ONNX nodes.
import { arrayFrom, onnxDataType, type DType } from '../dtype.ts';
import type { OnnxAttribute } from '../onnx/model.ts';
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

/**
 * One node whose kernel knows no float16: the inputs at `wide` go in as float32 and the result comes back. Sums are the better
 * for it.
 */
export function emitWide(
  context: LoweringContext,
  opType: string,
  inputs: readonly string[],
  wide: readonly number[],
  attributes: Readonly<Record<string, OnnxAttribute>>,
  dtype: DType,
): string[] {
  if (dtype !== 'float16') return context.emit(opType, inputs, attributes);
  const cast = (name: string, to: DType): string =>
    context.emit('Cast', [name], { to: { i: onnxDataType(to) } })[0];
  const single = inputs.map((name, index) => (wide.includes(index) ? cast(name, 'float32') : name));
  return [cast(context.emit(opType, single, attributes)[0], dtype)];
}
