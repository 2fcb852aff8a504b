// Views: reshape, transpose, broadcast (expand) and its adjoint, the sum. They live together because each one's
// adjoint is another of them. Views of constants are made on the host, so that weights reach the runtime as weights.
import { absorb } from '../absorbed.ts';
import { emptyArray, type TypedArray } from '../dtype.ts';
import {
  broadcastShapes,
  checkShape,
  filled,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  sameShape,
  ShapeError,
  sizeOf,
  stridesOf,
  type Shape,
} from '../shape.ts';
import { applyOperation, type Operation, type Tensor } from '../tensor.ts';
import { constant, constantData } from './input.ts';

export const reshapeOperation: Operation<{ readonly shape: Shape }> = {
  name: 'reshape',
  infer: ([x], { shape }) => {
    if (sizeOf(shape) !== sizeOf(x.shape)) {
      throw new ShapeError(
        `reshape: expected ${sizeOf(x.shape)} elements for ${formatShape(x.shape)}, received ${formatShape(shape)}`,
      );
    }
    return [{ shape, dtype: x.dtype }];
  },
  // allowzero: an extent of 0 means 0, not "copy".
  lower: (context, { names, attributes }) =>
    context.emit('Reshape', [names[0], context.indices(attributes.shape)], { allowzero: { i: 1 } }),
  vjp: ({ inputs, cotangents: [g] }) => [g && reshape(g, inputs[0].shape)],
};

/** Same elements, other extents; one extent may be -1. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const unknown = shape.indexOf(-1);
  let extents = [...shape];
  if (unknown >= 0) {
    const known = sizeOf(shape.filter((_, axis) => axis !== unknown));
    const rest = known === 0 ? 0 : x.size / known;
    if (!Number.isInteger(rest) || known === 0) {
      throw new ShapeError(`reshape: ${formatShape(x.shape)} does not fit ${formatShape(shape)}`);
    }
    extents = extents.with(unknown, rest);
  }
  checkShape(extents, 'reshape');
  if (sameShape(extents, x.shape)) return x;
  const data = constantData(x);
  if (data && sizeOf(extents) === x.size) {
    absorb(x, 'reshape');
    return constant(data, extents, x.dtype);
  }
  return applyOperation(reshapeOperation, [x], { shape: extents })[0];
}

export const transposeOperation: Operation<{ readonly permutation: readonly number[] }> = {
  name: 'transpose',
  infer: ([x], { permutation }) => [{ shape: permutation.map((axis) => x.shape[axis]), dtype: x.dtype }],
  lower: (context, { names, attributes }) =>
    context.emit('Transpose', names, { perm: { ints: attributes.permutation } }),
  vjp: ({ attributes, cotangents: [g] }) => [g && transpose(g, inversePermutation(attributes.permutation))],
};

function inversePermutation(permutation: readonly number[]): number[] {
  const inverse = filled(permutation.length, 0);
  permutation.forEach((axis, index) => {
    inverse[axis] = index;
  });
  return inverse;
}

/** Host transpose of a constant's values; the innermost axis in a loop of its own, for speed. */
function transposeData(data: TypedArray, x: Tensor, permutation: readonly number[]): TypedArray {
  const out = emptyArray(x.dtype, data.length);
  const extents = permutation.map((axis) => x.shape[axis]);
  const inputStrides = stridesOf(x.shape);
  const strides = permutation.map((axis) => inputStrides[axis]);
  const last = extents.length - 1;
  const innerExtent = extents[last];
  const innerStride = strides[last];
  const index = filled(extents.length, 0);
  let from = 0;
  for (let to = 0; to < out.length;) {
    for (let i = 0, at = from; i < innerExtent; i++, at += innerStride) out[to++] = data[at];
    for (let axis = last - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < extents[axis]) break;
      from -= strides[axis] * extents[axis];
      index[axis] = 0;
    }
  }
  return out;
}

/** Axes in a new order: output axis i is input axis `permutation[i]`; reversed when not given. */
export function transpose(x: Tensor, permutation?: readonly number[]): Tensor {
  const order = permutation
    ? permutation.map((axis) => normalizeAxis(axis, x.rank, 'transpose'))
    : x.shape.map((_, axis) => x.rank - 1 - axis);
  if (order.length !== x.rank || new Set(order).size !== x.rank) {
    throw new ShapeError(
      `transpose: expected a permutation of ${x.rank} axes, received [${order.join(',')}]`,
    );
  }
  const shape = order.map((axis) => x.shape[axis]);
  // Only axes of extent 1 move: the elements keep their order, so no data has to.
  const moving = order.filter((axis) => x.shape[axis] !== 1);
  if (moving.every((axis, index) => index === 0 || moving[index - 1] < axis)) return reshape(x, shape);
  const data = constantData(x);
  if (data) {
    absorb(x, 'transpose');
    return constant(transposeData(data, x, order), shape, x.dtype);
  }
  return applyOperation(transposeOperation, [x], { permutation: order })[0];
}

export const expandOperation: Operation<{ readonly shape: Shape }> = {
  name: 'expand',
  infer: ([x], { shape }) => {
    if (!sameShape(broadcastShapes(x.shape, shape, 'expand'), shape)) {
      throw new ShapeError(
        `expand: expected a shape that ${formatShape(x.shape)} broadcasts to, received ${formatShape(shape)}`,
      );
    }
    return [{ shape, dtype: x.dtype }];
  },
  lower: (context, { names, attributes }) =>
    context.emit('Expand', [names[0], context.indices(attributes.shape)]),
  vjp: ({ inputs, cotangents: [g] }) => [g && sumTo(g, inputs[0].shape)],
};

/** Repeats axes of extent 1 (and adds leading axes) up to `shape`. */
export function expand(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : applyOperation(expandOperation, [x], { shape: [...shape] })[0];
}

/** Attributes of all reductions: sorted axes, and whether they stay with extent 1. */
export interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** Options of all reductions. */
export interface ReduceOptions {
  /** Axes to reduce; all by default. */
  readonly axes?: readonly number[] | undefined;
  /** Keep reduced axes with extent 1 (default false). */
  readonly keepDims?: boolean | undefined;
}

/** Shape rule of all reductions. */
export function reducedShape(shape: Shape, { axes, keepDims }: ReduceAttributes): number[] {
  const reduced = new Set(axes);
  return keepDims
    ? shape.map((extent, axis) => (reduced.has(axis) ? 1 : extent))
    : shape.filter((_, axis) => !reduced.has(axis));
}

/** Checked attributes of a reduction of `x`. */
export function reduceAttributes(x: Tensor, options: ReduceOptions, what: string): ReduceAttributes {
  return { axes: normalizeAxes(options.axes, x.rank, what), keepDims: options.keepDims ?? false };
}

/** A reduction's result (or its adjoint) spread back over the shape it came from. */
export function spread(reduced: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  return expand(reshape(reduced, reducedShape(shape, { axes, keepDims: true })), shape);
}

export const sumOperation: Operation<ReduceAttributes> = {
  name: 'sum',
  infer: ([x], attributes) => [{ shape: reducedShape(x.shape, attributes), dtype: x.dtype }],
  lower: (context, { names, attributes }) =>
    context.emit('ReduceSum', [names[0], context.indices(attributes.axes)], {
      keepdims: { i: attributes.keepDims ? 1 : 0 },
    }),
  vjp: ({ inputs, attributes, cotangents: [g] }) => [g && spread(g, inputs[0].shape, attributes.axes)],
};

/** Sum over axes. */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  const attributes = reduceAttributes(x, options, 'sum');
  if (attributes.axes.length === 0) return x;
  return applyOperation(sumOperation, [x], attributes)[0];
}

/** Adjoint of broadcasting: sums `x` down to `shape`. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.rank - shape.length;
  const axes = x.shape.flatMap((extent, axis) =>
    axis < lead || (shape[axis - lead] === 1 && extent !== 1) ? [axis] : [],
  );
  return reshape(sum(x, { axes, keepDims: true }), shape);
}
