// Batch normalisation (Ioffe and Szegedy 2015): with known statistics, or with those of the batch.
import { expectFloat, applyOperation, type Operation, type Tensor } from '../tensor.ts';
import { scaleChannels } from './activation.ts';
import { add, div, mul, neg, sub } from './arithmetic.ts';
import { constantData, ones, stopGradient, zeros } from './input.ts';
import { channelParameter, type NormalizationOptions } from './layer-norm.ts';
import { reshape, sumTo } from './shape.ts';
import { rsqrt, square } from './special.ts';
import { standardize } from './standardize.ts';

export const batchNormOperation: Operation<{ readonly epsilon: number }> = {
  name: 'batchNorm',
  infer: ([x]) => [x],
  // ONNX Runtime folds the node into a convolution before it when the parameters are constants.
  lower: (context, { names, attributes }) =>
    context.emit('BatchNormalization', names, { epsilon: { f: attributes.epsilon } }),
  vjp: ({ inputs: [x, scale, , mean, variance], attributes: { epsilon }, wanted, cotangents: [g] }) => {
    if (!g) return [];
    const column = (v: Tensor): Tensor => reshape(v, [v.size, ...x.shape.slice(2).map(() => 1)]);
    const perChannel = (v: Tensor): Tensor => reshape(sumTo(v, column(scale).shape), scale.shape);
    const inverse = rsqrt(add(variance, epsilon));
    const factor = mul(scale, inverse);
    const known = knownFactors(scale, variance, epsilon);
    const total = (): Tensor => perChannel(g);
    const weighted = (): Tensor => perChannel(mul(g, sub(x, column(mean))));
    return [
      wanted[0] ? (known && x.rank === 4 ? scaleChannels(g, known) : mul(g, column(factor))) : undefined,
      wanted[1] ? mul(weighted(), inverse) : undefined,
      wanted[2] ? total() : undefined,
      wanted[3] ? neg(mul(total(), factor)) : undefined,
      // d (v + ε)^(-1/2) / dv = -(v + ε)^(-1/2) / (2 (v + ε)).
      wanted[4] ? mul(weighted(), div(mul(factor, square(inverse)), -2)) : undefined,
    ];
  },
};

/** scale / √(variance + ε) where both are constants: then the gradient is a known factor per channel. */
function knownFactors(scale: Tensor, variance: Tensor, epsilon: number): Float32Array | undefined {
  const [factors, variances] = [constantData(scale), constantData(variance)];
  if (!(factors instanceof Float32Array) || !(variances instanceof Float32Array)) return undefined;
  return factors.map((factor, channel) => factor / Math.sqrt(variances[channel] + epsilon));
}

/** Statistics of each channel. */
export interface ChannelStatistics {
  /** [c]. */
  readonly mean: Tensor;
  /** [c]. */
  readonly variance: Tensor;
}

/**
 * Batch normalisation in inference: (x - mean) / √(variance + ε) scale + bias.
 * x: [n, c, ..]; mean, variance, scale and bias: [c].
 */
export function batchNorm(
  x: Tensor,
  statistics: ChannelStatistics,
  options: NormalizationOptions = {},
): Tensor {
  expectFloat(x, 'batchNorm');
  const { mean, variance } = statistics;
  const scale = options.scale ?? ones(mean.shape, x.dtype);
  const bias = options.bias ?? zeros(mean.shape, x.dtype);
  const inputs = [scale, bias, mean, variance];
  for (const parameter of inputs) channelParameter(x, parameter, 'batchNorm');
  return applyOperation(batchNormOperation, [x, ...inputs], { epsilon: options.epsilon ?? 1e-5 })[0];
}

/** Options of `batchNormTraining`. */
export interface BatchNormTrainingOptions extends NormalizationOptions {
  /** Share of the batch in the new running statistics (default 0.1, as in PyTorch; ONNX's momentum is 1 - this). */
  readonly momentum?: number | undefined;
  /** Put the unbiased variance (n / (n - 1)) into the running one (default true, as in PyTorch; false in ONNX). */
  readonly unbiased?: boolean | undefined;
}

/** What `batchNormTraining` returns. */
export interface BatchNormTraining {
  /** Normalised by the batch's own statistics, of x's shape. */
  readonly y: Tensor;
  /** The running statistics after this step, without gradient. */
  readonly running: ChannelStatistics;
}

/**
 * Batch normalisation in training: mean and variance over all axes but the channels', scale and bias [c], and the next
 * running statistics. x: [n, c, ..].
 */
export function batchNormTraining(
  x: Tensor,
  running: ChannelStatistics,
  options: BatchNormTrainingOptions = {},
): BatchNormTraining {
  const { scale, bias, epsilon = 1e-5, momentum = 0.1, unbiased = true } = options;
  channelParameter(x, running.mean, 'batchNormTraining');
  channelParameter(x, running.variance, 'batchNormTraining');
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const { value, mean, inverseDeviation } = standardize(x, { axes, epsilon });
  const scaled = scale ? mul(value, channelParameter(x, scale, 'batchNormTraining')) : value;
  const y = bias ? add(scaled, channelParameter(x, bias, 'batchNormTraining')) : scaled;

  const count = x.size / x.shape[1];
  const correction = unbiased && count > 1 ? count / (count - 1) : 1;
  const average = stopGradient(reshape(mean, running.mean.shape));
  const inverse = stopGradient(reshape(inverseDeviation, running.variance.shape));
  const variance = mul(sub(div(1, square(inverse)), epsilon), correction);
  const blend = (old: Tensor, fresh: Tensor): Tensor =>
    stopGradient(add(mul(old, 1 - momentum), mul(fresh, momentum)));
  return {
    y,
    running: { mean: blend(running.mean, average), variance: blend(running.variance, variance) },
  };
}
