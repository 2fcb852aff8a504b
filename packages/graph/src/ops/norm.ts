// Norms and other sums of a function: log-sum-exp, sum of squares, log-sum, log-softmax.
import { normalizeAxis } from '../shape.ts';
import { applyOperation, expectFloat, type Operation, type Tensor } from '../tensor.ts';
import { div, mul, sub } from './arithmetic.ts';
import { equal, where } from './compare.ts';
import {
  reduceAttributes,
  reducedShape,
  spread,
  sum,
  type ReduceAttributes,
  type ReduceOptions,
} from './shape.ts';
import { abs, exp, log, sign } from './unary.ts';

/** A reduction; `adjoint` gets g and y already spread over x. */
function reduction(
  name: string,
  opType: string,
  adjoint: (g: Tensor, x: Tensor, y: Tensor) => Tensor,
): Operation<ReduceAttributes> {
  return {
    name,
    infer: ([x], attributes) => {
      expectFloat(x, name);
      return [{ shape: reducedShape(x.shape, attributes), dtype: x.dtype }];
    },
    lower: (context, { names: [x], attributes: { axes, keepDims } }) =>
      context.emit(opType, [x, context.indices(axes)], { keepdims: { i: keepDims ? 1 : 0 } }),
    vjp: ({ inputs: [x], outputs: [y], attributes: { axes }, cotangents: [g] }) => [
      g && adjoint(spread(g, x.shape, axes), x, spread(y, x.shape, axes)),
    ],
  };
}

export const logSumExpOperation: Operation<ReduceAttributes> = reduction(
  'logSumExp',
  'ReduceLogSumExp',
  (g, x, y) => mul(g, exp(sub(x, y))),
);
/** log Σ e^x over axes, without overflow. */
export function logSumExp(x: Tensor, options: ReduceOptions = {}): Tensor {
  const attributes = reduceAttributes(x, options, 'logSumExp');
  return attributes.axes.length === 0 ? x : applyOperation(logSumExpOperation, [x], attributes)[0];
}

export const sumSquareOperation: Operation<ReduceAttributes> = reduction(
  'sumSquare',
  'ReduceSumSquare',
  (g, x) => mul(mul(g, 2), x),
);
/** Σ x² over axes. */
export function sumSquare(x: Tensor, options: ReduceOptions = {}): Tensor {
  const attributes = reduceAttributes(x, options, 'sumSquare');
  return attributes.axes.length === 0 ? mul(x, x) : applyOperation(sumSquareOperation, [x], attributes)[0];
}

export const normL1Operation: Operation<ReduceAttributes> = reduction('normL1', 'ReduceL1', (g, x) =>
  mul(g, sign(x)),
);
// x / |x|, and 0 at the origin: the subgradient of least norm, finite in every order.
export const normL2Operation: Operation<ReduceAttributes> = reduction('normL2', 'ReduceL2', (g, x, y) =>
  mul(div(g, where(equal(y, 0), 1, y)), x),
);

/** Options of `norm`. */
export interface NormOptions extends ReduceOptions {
  /** 2: root of the sum of squares (default); 1: sum of absolute values. */
  readonly order?: 1 | 2 | undefined;
}

/**
 * Norm over axes (all by default). Where it is not differentiable (order 2 at the origin, order 1 at a zero element) its
 * gradient is 0, the subgradient of least norm, so that gradients stay finite.
 */
export function norm(x: Tensor, options: NormOptions = {}): Tensor {
  const attributes = reduceAttributes(x, options, 'norm');
  if (attributes.axes.length === 0) return abs(x);
  return applyOperation(options.order === 1 ? normL1Operation : normL2Operation, [x], attributes)[0];
}

/** log Σ x over axes. */
export const logSum = (x: Tensor, options: ReduceOptions = {}): Tensor => log(sum(x, options));

export const logSoftmaxOperation: Operation<{ readonly axis: number }> = {
  name: 'logSoftmax',
  infer: ([x]) => {
    expectFloat(x, 'logSoftmax');
    return [x];
  },
  lower: (context, { names, attributes }) =>
    context.emit('LogSoftmax', names, { axis: { i: attributes.axis } }),
  vjp: ({ outputs: [y], attributes: { axis }, cotangents: [g] }) => [
    g && sub(g, mul(exp(y), sum(g, { axes: [axis], keepDims: true }))),
  ],
};
/** log of softmax along one axis (the last by default), without overflow. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return applyOperation(logSoftmaxOperation, [x], { axis: normalizeAxis(axis, x.rank, 'logSoftmax') })[0];
}
