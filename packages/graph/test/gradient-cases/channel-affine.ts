// Per-channel factors and offsets, and the training form of batch normalisation that is made of them.
import * as g from '../../src/index.ts';
import { batchNormTrainingOperation } from '../../src/ops/batch-norm.ts';
import { channelAffine } from '../../src/ops/channel-affine.ts';
import { x, type GradientCase } from './case.ts';

const channels = { shape: [3] };

/** The outputs (y, mean, 1 / deviation) of the operation, weighted so that their gradients do not vanish, as one vector. */
const outputs =
  (...indices: readonly number[]): GradientCase['fn'] =>
  ({ x: t, scale, bias }) => {
    const made = g.applyOperation(batchNormTrainingOperation, [t, scale, bias], { epsilon: 0.1 });
    const weighted = indices.map((index) => {
      const y = made[index];
      const weights = g.constant(
        Array.from({ length: y.size }, (_, i) => Math.cos(3 * i + index)),
        [y.size],
        y.dtype,
      );
      return g.mul(g.reshape(y, [y.size]), weights);
    });
    return g.concat(weighted, 0);
  };

export const channelAffineCases: Readonly<Record<string, readonly GradientCase[]>> = {
  channelAffine: [
    {
      what: 'factors and offsets',
      fn: ({ x: t, factors, offsets }) => channelAffine(t, factors, offsets),
      inputs: { ...x([2, 3, 2, 4]), factors: channels, offsets: channels },
    },
    {
      what: 'factors alone',
      fn: ({ x: t, factors }) => channelAffine(t, factors, undefined),
      inputs: { ...x([1, 3, 4, 2]), factors: channels },
    },
  ],
  batchNormTraining: [
    {
      what: 'all outputs',
      fn: outputs(0, 1, 2),
      inputs: { ...x([2, 3, 3, 2]), scale: channels, bias: channels },
    },
    { what: 'mean alone', fn: outputs(1), inputs: { ...x([2, 3, 3, 2]), scale: channels, bias: channels } },
    {
      what: 'deviation alone',
      fn: outputs(2),
      inputs: { ...x([2, 3, 3, 2]), scale: channels, bias: channels },
    },
  ],
};
