// Reductions, and what runs along one axis: softmax, arg max, running sums, sorting.
import { isFloat } from '../../dtype.ts';
import { cumSum, prod } from '../../ops/accumulate.ts';
import { argMax, argMin } from '../../ops/arg-extremum.ts';
import { cast, equal } from '../../ops/compare.ts';
import { mul } from '../../ops/arithmetic.ts';
import { logSoftmax, logSum, logSumExp, norm, sumSquare } from '../../ops/norm.ts';
import { max, mean, min, softmax } from '../../ops/reduce.ts';
import { reshape, sum, type ReduceOptions } from '../../ops/shape.ts';
import { normalizeAxes, normalizeAxis, sizeOf } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import type { OnnxConverter } from '../call.ts';
import { int64s } from './shape.ts';

/** Axes by input from opset `since` on, by attribute before. */
const reduction =
  (since: number, fn: (x: Tensor, options: ReduceOptions) => Tensor): OnnxConverter =>
  (call) => {
    const x = call.tensor(0);
    const given = call.opset >= since ? call.optionalNumbers(1, 'axes') : call.ints('axes');
    const keepDims = call.int('keepdims', 1) === 1;
    const none = !given || given.length === 0;
    if (none && call.int('noop_with_empty_axes', 0) === 1) return fn(x, { axes: [], keepDims });
    const axes = normalizeAxes(none ? undefined : given, x.rank, 'axes');
    return fn(x, { axes, keepDims });
  };

/** Reductions of bool tensors are logical; the runtime has them for whole numbers. */
const extremum =
  (fn: (x: Tensor, options: ReduceOptions) => Tensor) =>
  (x: Tensor, options: ReduceOptions): Tensor =>
    x.dtype === 'bool' ? cast(fn(cast(x, 'int32'), options), 'bool') : reduceOrKeep(x, options, fn);

/** No axes: the elements themselves. */
function reduceOrKeep(
  x: Tensor,
  options: ReduceOptions,
  fn: (x: Tensor, options: ReduceOptions) => Tensor,
): Tensor {
  return options.axes?.length === 0 ? x : fn(x, options);
}

/** Float reductions of whole numbers: exact in float64 as far as the result is whole. */
const inFloat =
  (fn: (x: Tensor, options: ReduceOptions) => Tensor) =>
  (x: Tensor, options: ReduceOptions): Tensor =>
    isFloat(x.dtype) ? fn(x, options) : cast(fn(cast(x, 'float64'), options), x.dtype);

/** Before opset 13 the axis splits the shape in two, and everything behind it is one row. */
const alongAxis =
  (fn: (x: Tensor, axis: number) => Tensor): OnnxConverter =>
  (call) => {
    const x = call.tensor(0);
    const axis = normalizeAxis(call.int('axis', call.opset < 13 ? 1 : -1), Math.max(x.rank, 1), 'axis');
    if (call.opset >= 13 || axis === x.rank - 1) return fn(x, axis);
    const rows = reshape(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
    return reshape(fn(rows, 1), x.shape);
  };

const argExtremum =
  (fn: typeof argMax): OnnxConverter =>
  (call) =>
    fn(call.tensor(0), call.int('axis', 0), {
      keepDims: call.int('keepdims', 1) === 1,
      last: call.int('select_last_index', 0) === 1,
    });

/** 1 at the first of the largest elements, 0 elsewhere. */
function hardmax(x: Tensor, axis: number): Tensor {
  const ramp = int64s(Array.from({ length: x.shape[axis] }, (_, index) => index));
  const column = reshape(
    ramp,
    x.shape.map((extent, index) => (index === axis ? extent : 1)),
  );
  return cast(equal(argMax(x, axis, { keepDims: true }), column), x.dtype);
}

const convertCumSum: OnnxConverter = (call) =>
  cumSum(call.tensor(0), call.number(1, 'the axis'), {
    exclusive: call.int('exclusive', 0) === 1,
    reverse: call.int('reverse', 0) === 1,
  });

const l = (order: 1 | 2) => (x: Tensor, options: ReduceOptions) => norm(x, { ...options, order });

/** Converters of reductions. */
export const REDUCTIONS: Readonly<Record<string, OnnxConverter>> = {
  ReduceSum: reduction(13, sum),
  ReduceMean: reduction(18, inFloat(mean)),
  ReduceMax: reduction(18, extremum(max)),
  ReduceMin: reduction(18, extremum(min)),
  ReduceProd: reduction(18, prod),
  ReduceL1: reduction(18, inFloat(l(1))),
  ReduceL2: reduction(18, inFloat(l(2))),
  ReduceSumSquare: reduction(18, (x, options) =>
    isFloat(x.dtype) ? sumSquare(x, options) : sum(mul(x, x), options),
  ),
  ReduceLogSum: reduction(18, inFloat(logSum)),
  ReduceLogSumExp: reduction(18, inFloat(logSumExp)),
  Softmax: alongAxis(softmax),
  LogSoftmax: alongAxis(logSoftmax),
  Hardmax: alongAxis(hardmax),
  ArgMax: argExtremum(argMax),
  ArgMin: argExtremum(argMin),
  CumSum: convertCumSum,
};
