// Activations.
import { isFloat } from '../../dtype.ts';
import { elu, leakyRelu, prelu, relu } from '../../ops/activation.ts';
import { add, mul, sub } from '../../ops/arithmetic.ts';
import { cast, greater, less } from '../../ops/compare.ts';
import { maximum } from '../../ops/extrema.ts';
import { reshape } from '../../ops/shape.ts';
import {
  celu,
  gelu,
  hardSigmoid,
  hardSwish,
  mish,
  selu,
  softsign,
  thresholdedRelu,
} from '../../ops/smooth-activation.ts';
import { sigmoid, softplus } from '../../ops/unary.ts';
import { filled } from '../../shape.ts';
import type { NodeCall, OnnxConverter } from '../call.ts';
import { one } from './elementwise.ts';

/** x - bias above lambda, x + bias below -lambda, 0 between. */
const convertShrink: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const bias = call.float('bias', 0);
  const lambda = call.float('lambd', 0.5);
  const above = mul(cast(greater(x, lambda), x.dtype), sub(x, bias));
  return add(above, mul(cast(less(x, -lambda), x.dtype), add(x, bias)));
};

/** Before opset 7 a list of slopes belongs to the channels, since then it broadcasts. */
const convertPRelu: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const slope = call.tensor(1);
  const perChannel = call.opset < 7 && slope.rank === 1 && slope.size > 1 && x.rank > 2;
  return prelu(x, perChannel ? reshape(slope, [slope.size, ...filled(x.rank - 2, 1)]) : slope);
};

const withAlpha =
  (fn: (x: ReturnType<NodeCall['tensor']>, alpha: number) => ReturnType<NodeCall['tensor']>, alpha: number) =>
  (call: NodeCall) =>
    fn(call.tensor(0), call.float('alpha', alpha));

/** Converters of activations. */
export const ACTIVATIONS: Readonly<Record<string, OnnxConverter>> = {
  Relu: one((x) => (isFloat(x.dtype) ? relu(x) : maximum(x, 0))),
  LeakyRelu: withAlpha(leakyRelu, 0.01),
  PRelu: convertPRelu,
  Elu: withAlpha(elu, 1),
  Celu: withAlpha(celu, 1),
  Selu: (call) =>
    selu(call.tensor(0), {
      alpha: call.float('alpha', 1.67326319217681884765625),
      gamma: call.float('gamma', 1.05070102214813232421875),
    }),
  ThresholdedRelu: withAlpha(thresholdedRelu, 1),
  HardSigmoid: (call) => hardSigmoid(call.tensor(0), call.float('alpha', 0.2), call.float('beta', 0.5)),
  HardSwish: one(hardSwish),
  Softplus: one(softplus),
  Softsign: one(softsign),
  Mish: one(mish),
  Gelu: (call) =>
    gelu(call.tensor(0), { approximate: call.choice('approximate', ['none', 'tanh'] as const, 'none') }),
  Swish: withAlpha((x, alpha) => mul(x, sigmoid(alpha === 1 ? x : mul(x, alpha))), 1),
  Shrink: convertShrink,
};
