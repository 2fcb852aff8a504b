// The k largest or smallest elements along an axis, and one-hot vectors.
import { formatShape, normalizeAxis, ShapeError } from '../shape.ts';
import type { DType } from '../dtype.ts';
import { applyOperation, Tensor, type Operation } from '../tensor.ts';
import { add } from './arithmetic.ts';
import { equal, less, where } from './compare.ts';
import { arange } from './sequences.ts';
import { scatterElements } from './elements.ts';
import { constant, zeros } from './input.ts';
import { reshape } from './shape.ts';

interface TopKAttributes {
  readonly k: number;
  readonly axis: number;
  readonly largest: boolean;
  readonly sorted: boolean;
}

/** Outputs: values and int64 indices. */
export const topKOperation: Operation<TopKAttributes> = {
  name: 'topK',
  infer: ([x], { k, axis }) => {
    if (!Number.isInteger(k) || k < 0 || k > x.shape[axis]) {
      throw new ShapeError(
        `topK: expected k from 0 to ${x.shape[axis]} for axis ${axis} of ${formatShape(x.shape)}, received ${k}`,
      );
    }
    const shape = x.shape.with(axis, k);
    return [
      { shape, dtype: x.dtype },
      { shape, dtype: 'int64' },
    ];
  },
  lower: (context, { names, attributes: { k, axis, largest, sorted } }) =>
    context.emit(
      'TopK',
      [names[0], context.indices([k])],
      { axis: { i: axis }, largest: { i: largest ? 1 : 0 }, sorted: { i: sorted ? 1 : 0 } },
      2,
    ),
  vjp: ({ inputs: [x], outputs: [, indices], attributes: { axis }, cotangents: [g] }) => [
    g && scatterElements(zeros(x.shape, g.dtype), indices, g, { axis }),
  ],
};

/** Options of `topK`. */
export interface TopKOptions {
  /** Default: the last. */
  readonly axis?: number | undefined;
  /** The largest (default) or the smallest elements. */
  readonly largest?: boolean | undefined;
  /** In order (default true); otherwise the order is the runtime's. */
  readonly sorted?: boolean | undefined;
}

/** What `topK` returns: x's shape with extent k along the axis. */
export interface TopK {
  /** Differentiable: each value hands its gradient to the element it is. */
  readonly values: Tensor;
  /** int64 positions along the axis; of equal elements the first. */
  readonly indices: Tensor;
}

/** The k largest (or smallest) elements along an axis. */
export function topK(x: Tensor, k: number, options: TopKOptions = {}): TopK {
  const { axis = -1, largest = true, sorted = true } = options;
  const attributes = { k, axis: normalizeAxis(axis, x.rank, 'topK'), largest, sorted };
  const [values, indices] = applyOperation(topKOperation, [x], attributes);
  return { values, indices };
}

/** Options of `oneHot`. */
export interface OneHotOptions {
  /** Where the new axis of extent `depth` stands in the result (default: last). */
  readonly axis?: number | undefined;
  /** Value at the index (default 1) and elsewhere (default 0): numbers, or scalar tensors, which get gradients. */
  readonly on?: Tensor | number | undefined;
  readonly off?: Tensor | number | undefined;
  /** Element type of the result (default float32) where `on` and `off` are numbers. */
  readonly dtype?: DType | undefined;
}

/** One-hot vectors: `on` where the new axis equals the index, `off` elsewhere. Negative indices count from the end. */
export function oneHot(indices: Tensor, depth: number, options: OneHotOptions = {}): Tensor {
  if (indices.dtype !== 'int64' && indices.dtype !== 'int32') {
    throw new TypeError(`oneHot: expected int32 or int64 indices, received ${indices.dtype}`);
  }
  const { on = 1, off = 0, dtype = 'float32' } = options;
  const axis = normalizeAxis(options.axis ?? -1, indices.rank + 1, 'oneHot');
  const wrapped = where(less(indices, 0), add(indices, depth), indices);
  const column = reshape(wrapped, [...indices.shape.slice(0, axis), 1, ...indices.shape.slice(axis)]);
  const line = reshape(arange(0, depth, 1, indices.dtype), [
    depth,
    ...indices.shape.slice(axis).map(() => 1),
  ]);
  const value = (given: Tensor | number): Tensor =>
    given instanceof Tensor ? given : constant([given], [], dtype);
  return where(equal(column, line), value(on), value(off));
}
