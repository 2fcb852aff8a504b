// Losses that exporters leave in a model: negative log likelihood and softmax cross entropy.
import { ImportError } from '../../imported-model.ts';
import { div, mul, neg } from '../../ops/arithmetic.ts';
import { cast, equal, where } from '../../ops/compare.ts';
import { gatherElements } from '../../ops/elements.ts';
import { ones } from '../../ops/input.ts';
import { logSoftmax } from '../../ops/norm.ts';
import { mean } from '../../ops/reduce.ts';
import { gather } from '../../ops/scatter.ts';
import { expand, reshape, sum } from '../../ops/shape.ts';
import type { Tensor } from '../../tensor.ts';
import type { NodeCall, OnnxConverter } from '../call.ts';

/** -w[t] x[t] for the target class t of each place; weight 0 where t is `ignore_index`. x: [n, c, ..], target: [n, ..]. */
function negativeLogLikelihood(call: NodeCall, x: Tensor): Tensor {
  if (x.rank < 2) throw new ImportError(`expected [n,c,..], received ${x.toString()}`);
  const target = cast(call.tensor(1), 'int64');
  const weight = call.optionalTensor(2);
  const ignored = call.has('ignore_index') ? equal(target, call.int('ignore_index')) : undefined;
  const safe = ignored ? where(ignored, 0, target) : target;
  const column = reshape(safe, [safe.shape[0], 1, ...safe.shape.slice(1)]);
  const chosen = reshape(gatherElements(x, column, 1), safe.shape);
  const full = weight
    ? gather(weight, reshape(safe, [safe.size]), 0)
    : expand(ones([1], x.dtype), [safe.size]);
  const weights = reshape(full, safe.shape);
  const share = ignored ? where(ignored, 0, weights) : weights;
  const loss = neg(mul(chosen, share));
  switch (call.choice('reduction', ['none', 'sum', 'mean'] as const, 'mean')) {
    case 'none':
      return loss;
    case 'sum':
      return sum(loss);
    case 'mean':
      return weight || ignored ? div(sum(loss), sum(share)) : mean(loss);
    default:
      throw new ImportError('the reduction is not known');
  }
}

const convertCrossEntropy: OnnxConverter = (call) => {
  const logarithms = logSoftmax(call.tensor(0), 1);
  return [negativeLogLikelihood(call, logarithms), logarithms];
};

/** Converters of losses. */
export const LOSSES: Readonly<Record<string, OnnxConverter>> = {
  NegativeLogLikelihoodLoss: (call) => negativeLogLikelihood(call, call.tensor(0)),
  SoftmaxCrossEntropyLoss: convertCrossEntropy,
};
