// Products and running sums.
import { normalizeAxis, type Shape } from '../shape.ts';
import { applyOperation, type Operation, type Tensor } from '../tensor.ts';
import { mul } from './arithmetic.ts';
import { ones } from './input.ts';
import {
  reduceAttributes,
  reducedShape,
  reshape,
  spread,
  transpose,
  type ReduceAttributes,
  type ReduceOptions,
} from './shape.ts';
import { concat, sliceAxis } from './slice-pad.ts';
import { arrayFrom } from '../dtype.ts';

/**
 * For each row of x [rows, n] and each element the product of the others, by halves: with p = a b the product without
 * a is b times what is missing from p. No division, so zeros are exact, and so is every further derivative.
 */
function productOfOthers(x: Tensor): Tensor {
  const [rows, n] = x.shape;
  if (n <= 1) return ones(x.shape, x.dtype);
  if (n % 2 === 1) {
    const padded = concat([x, ones([rows, 1], x.dtype)], 1);
    return sliceAxis(productOfOthers(padded), 1, 0, n);
  }
  const a = sliceAxis(x, 1, 0, n / 2);
  const b = sliceAxis(x, 1, n / 2, n);
  const others = productOfOthers(mul(a, b));
  return concat([mul(others, b), mul(others, a)], 1);
}

export const prodOperation: Operation<ReduceAttributes> = {
  name: 'prod',
  infer: ([x], attributes) => [{ shape: reducedShape(x.shape, attributes), dtype: x.dtype }],
  lower: (context, { names: [x], attributes: { axes, keepDims } }) =>
    context.emit('ReduceProd', [x, context.indices(axes)], { keepdims: { i: keepDims ? 1 : 0 } }),
  vjp: ({ inputs: [x], attributes: { axes }, cotangents: [g] }) => {
    if (!g) return [undefined];
    const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    const order = [...kept, ...axes];
    const moved: Shape = order.map((axis) => x.shape[axis]);
    const count = axes.reduce((product, axis) => product * x.shape[axis], 1);
    const rows = count === 0 ? 0 : x.size / count;
    const others = reshape(productOfOthers(reshape(transpose(x, order), [rows, count])), moved);
    const back = transpose(
      others,
      order.map((_, axis) => order.indexOf(axis)),
    );
    return [mul(back, spread(g, x.shape, axes))];
  },
};

/** Product over axes (all by default); the gradient is exact at zeros too. */
export function prod(x: Tensor, options: ReduceOptions = {}): Tensor {
  const attributes = reduceAttributes(x, options, 'prod');
  return attributes.axes.length === 0 ? x : applyOperation(prodOperation, [x], attributes)[0];
}

/** Options of `cumSum`. */
export interface CumSumOptions {
  /** Leave each element itself out: the first sum is 0 (default false). */
  readonly exclusive?: boolean | undefined;
  /** Sum from the end (default false). */
  readonly reverse?: boolean | undefined;
}

interface CumSumAttributes {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

export const cumSumOperation: Operation<CumSumAttributes> = {
  name: 'cumSum',
  infer: ([x]) => [x],
  lower: (context, { names: [x], attributes: { axis, exclusive, reverse } }) =>
    context.emit('CumSum', [x, context.constant(arrayFrom('int64', [axis]), [], 'int64')], {
      exclusive: { i: exclusive ? 1 : 0 },
      reverse: { i: reverse ? 1 : 0 },
    }),
  vjp: ({ attributes, cotangents: [g] }) => [
    g && applyOperation(cumSumOperation, [g], { ...attributes, reverse: !attributes.reverse })[0],
  ],
};

/** Running sums along an axis; same shape. */
export function cumSum(
  x: Tensor,
  axis: number,
  { exclusive = false, reverse = false }: CumSumOptions = {},
): Tensor {
  const attributes = { axis: normalizeAxis(axis, x.rank, 'cumSum'), exclusive, reverse };
  return applyOperation(cumSumOperation, [x], attributes)[0];
}
