// Cases of the elementwise operations beyond the basic ones, and of reductions, products and running sums.
import * as g from '../../src/index.ts';
import { awayFromZero, binary, distinct, positive, unary, x, type GradientCase } from './case.ts';

/** Inside (-1, 1), away from the ends. */
const inside = (_: number, random: () => number): number => 1.6 * random() - 0.8;
const aboveOne = (_: number, random: () => number): number => 1.5 + random();
/** Thirds and sixths between whole numbers: remainders have kinks at whole quotients. */
const between = (index: number): number => (index % 2 === 0 ? 1 : -1) * ((index % 4) + 0.4 + 0.02 * index);

export const elementwiseCases: Readonly<Record<string, readonly GradientCase[]>> = {
  tan: unary(g.tan, inside),
  asin: unary(g.asin, inside),
  acos: unary(g.acos, inside),
  atan: unary(g.atan),
  atan2: binary(g.atan2, awayFromZero),
  sinh: unary(g.sinh),
  cosh: unary(g.cosh),
  asinh: unary(g.asinh),
  acosh: unary(g.acosh, aboveOne),
  atanh: unary(g.atanh, inside),
  erf: unary(g.erf),
  reciprocal: unary(g.reciprocal, (_, random) => (random() < 0.5 ? -1 : 1) * (0.5 + random())),
  square: unary(g.square),
  rsqrt: unary(g.rsqrt, positive),
  log1p: unary(g.log1p, inside),
  expm1: unary(g.expm1),
  softsign: unary(g.softsign, awayFromZero),
  gelu: [
    { what: 'exact', fn: ({ x: t }) => g.gelu(t), inputs: x([3, 4]) },
    { what: 'tanh', fn: ({ x: t }) => g.gelu(t, { approximate: 'tanh' }), inputs: x([3, 4]) },
  ],
  silu: unary(g.silu),
  mish: unary(g.mish),
  selu: unary((t) => g.selu(t), awayFromZero),
  celu: unary((t) => g.celu(t, 0.6), awayFromZero),
  hardSigmoid: unary(
    (t) => g.hardSigmoid(t),
    (index) => index - 5.7,
  ),
  hardSwish: unary(g.hardSwish, (index) => index - 5.7),
  thresholdedRelu: unary((t) => g.thresholdedRelu(t, 0.05), awayFromZero),
  mod: binary(g.mod, between, () => 1.5 * 2),
  fmod: binary(g.fmod, between, () => -3),
  fract: unary(g.fract, between),
  logSumExp: [
    { what: 'all', fn: ({ x: t }) => g.logSumExp(t), inputs: x([2, 3]) },
    { what: 'kept', fn: ({ x: t }) => g.logSumExp(t, { axes: [1], keepDims: true }), inputs: x([2, 3, 2]) },
  ],
  sumSquare: [{ fn: ({ x: t }) => g.sumSquare(t, { axes: [0, 2] }), inputs: x([2, 3, 2]) }],
  logSum: [{ fn: ({ x: t }) => g.logSum(t, { axes: [1] }), inputs: x([2, 3], positive) }],
  normL1: [{ fn: ({ x: t }) => g.norm(t, { order: 1, axes: [1] }), inputs: x([2, 3, 2], awayFromZero) }],
  normL2: [
    { what: 'all', fn: ({ x: t }) => g.norm(t), inputs: x([2, 3]) },
    { what: 'kept', fn: ({ x: t }) => g.norm(t, { axes: [-1], keepDims: true }), inputs: x([2, 3]) },
  ],
  logSoftmax: [
    { what: 'last axis', fn: ({ x: t }) => g.logSoftmax(t), inputs: x([2, 4]) },
    { what: 'axis 1 of 3', fn: ({ x: t }) => g.logSoftmax(t, 1), inputs: x([2, 3, 2]) },
  ],
  prod: [
    { what: 'all', fn: ({ x: t }) => g.prod(t), inputs: x([5], positive) },
    { what: 'two axes', fn: ({ x: t }) => g.prod(t, { axes: [0, 2] }), inputs: x([2, 3, 3]) },
    {
      what: 'one zero, then two',
      fn: ({ x: t }) => g.prod(t, { axes: [1], keepDims: true }),
      inputs: x([2, 4], (index) => (index === 1 || index === 4 || index === 6 ? 0 : 1 + index / 8)),
    },
  ],
  cumSum: [false, true].flatMap((exclusive) =>
    [false, true].map((reverse) => ({
      what: `${exclusive ? 'exclusive' : 'inclusive'} ${reverse ? 'from the end' : 'from the start'}`,
      fn: ({ x: t }: Readonly<Record<string, g.Tensor>>) => g.cumSum(t, 1, { exclusive, reverse }),
      inputs: x([2, 4, 2], distinct),
    })),
  ),
};
