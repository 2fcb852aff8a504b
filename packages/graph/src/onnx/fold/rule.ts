// What rules of constant folding share: how they are written, and walks over strided and broadcast elements.
import { emptyArray, type DType, type TypedArray } from '../../dtype.ts';
import { sameShape, sizeOf, stridesOf, type Shape } from '../../shape.ts';
import type { Operation, TensorType } from '../../tensor.ts';

/** A tensor with its values. */
export interface Folded extends TensorType {
  readonly data: TypedArray;
}

/** Computes an operation's first output, or undefined where it cannot. */
export type Rule = (
  attributes: unknown,
  inputs: readonly Folded[],
  output: TensorType,
) => TypedArray | undefined;

/** Rules by the engine's operations. */
export class RuleBook {
  readonly rules: Map<string, Rule> = new Map();

  /** Adds the rule of one operation, which sees that operation's own attributes. */
  define<A>(
    operation: Operation<A>,
    rule: (attributes: A, inputs: readonly Folded[], output: TensorType) => TypedArray | undefined,
  ): void {
    this.rules.set(operation.name, rule as Rule);
  }
}

/** Position in an input of `from` of each element of `to`, under broadcasting. */
export function broadcastIndices(from: Shape, to: Shape): Int32Array {
  const lead = to.length - from.length;
  const strides = stridesOf(from);
  return walk(
    to,
    to.map((_, axis) => (axis < lead || from[axis - lead] === 1 ? 0 : strides[axis - lead])),
    0,
  );
}

/** Positions visited by a strided walk over `extents`, outermost first. */
export function walk(extents: Shape, strides: readonly number[], start: number): Int32Array {
  const out = new Int32Array(sizeOf(extents));
  const index = extents.map(() => 0);
  let at = start;
  for (let i = 0; i < out.length; i++) {
    out[i] = at;
    for (let axis = extents.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++index[axis] < extents[axis]) break;
      at -= strides[axis] * extents[axis];
      index[axis] = 0;
    }
  }
  return out;
}

/** The elements of `data` at `indices`; a negative index takes `fill`. */
export function take(
  dtype: DType,
  data: TypedArray,
  indices: Int32Array,
  fill: number | bigint = 0,
): TypedArray {
  const out = emptyArray(dtype, indices.length);
  for (let i = 0; i < indices.length; i++) out[i] = indices[i] < 0 ? fill : data[indices[i]];
  return out;
}

/** An input's values in the shape of the output. */
export function spreadTo(input: Folded, shape: Shape): TypedArray {
  if (sameShape(input.shape, shape)) return input.data;
  return take(input.dtype, input.data, broadcastIndices(input.shape, shape));
}
