// Batch normalisation (Ioffe and Szegedy 2015): with known statistics, or with those of the batch.
import { absorb } from '../absorbed.ts';
import { expectFloat, applyOperation, type Operation, type Tensor } from '../tensor.ts';
import { scaleChannels } from './activation.ts';
import { add, div, mul, neg, sub } from './arithmetic.ts';
import { constantData, ones, stopGradient, zeros } from './input.ts';
import { channelParameter, type NormalizationOptions } from './layer-norm.ts';
import { reshape, sumTo } from './shape.ts';
import { rsqrt, square } from './special.ts';
import { channelAffine, channelMean } from './channel-affine.ts';
import { formulas } from './formulas.ts';
import { standardize } from './standardize.ts';

export { channelAffineOperation } from './channel-affine.ts';

export const batchNormOperation: Operation<{ readonly epsilon: number }> = {
  name: 'batchNorm',
  infer: ([x]) => [x],
  // ONNX Runtime folds the node into a convolution before it when the parameters are constants.
  lower: (context, { names, inputs: [{ dtype }], attributes: { epsilon } }) => {
    if (dtype !== 'float64') return context.emit('BatchNormalization', names, { epsilon: { f: epsilon } });
    // ONNX's attributes are float32, too coarse here.
    const shifted = formulas(context, dtype)('Add', names[4], epsilon);
    return context.emit('BatchNormalization', names.with(4, shifted), { epsilon: { f: 0 } });
  },
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
  for (const parameter of [scale, variance]) absorb(parameter, 'batchNorm');
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

/** Axes of an image's statistics by channel. */
const IMAGE_AXES = [0, 2, 3];

/**
 * The normalisation of images by their own statistics. Inputs: x [n, c, h, w], scale and bias [c]; outputs: y, and mean and
 * 1 / √(variance + ε) by channel, [c]. The adjoint by x is one factor per channel of g and one of x - mean, so that both
 * directions are a few passes in any layout.
 */
export const batchNormTrainingOperation: Operation<{ readonly epsilon: number }> = {
  name: 'batchNormTraining',
  infer: ([x, scale]) => [x, scale, scale],
  lower: (context, { names: [x, scale, bias], inputs: [{ shape, dtype }], attributes: { epsilon } }) => {
    const write = formulas(context, dtype);
    const average = (name: string): string =>
      context.emit('ReduceMean', [name, context.indices(IMAGE_AXES)], { keepdims: { i: 0 } })[0];
    const centre = average(x);
    const [column] = context.emit('Reshape', [centre, context.indices([shape[1], 1, 1])]);
    const centred = write('Sub', x, column);
    const variance = average(write('Mul', centred, centred));
    const shifted = write('Add', variance, epsilon);
    const inverse = write('Reciprocal', write('Sqrt', shifted));
    const [y] = context.emit('BatchNormalization', [x, scale, bias, centre, shifted], { epsilon: { f: 0 } });
    return [y, centre, inverse];
  },
  vjp: ({ inputs: [x, scale], outputs: [, centre, inverse], wanted, cotangents: [g, ofMean, ofInverse] }) => {
    const count = x.size / x.shape[1];
    const centred = channelAffine(x, undefined, neg(centre));
    const factor = mul(scale, inverse);
    const squared = mul(inverse, inverse);
    // E[g] and E[g (x - mean)].
    const total = g && channelMean(g);
    const weighted = g && channelMean(mul(g, centred));
    const byX = (): Tensor | undefined => {
      // dx = factor (g - E[g] - (x - mean) E[g (x - mean)] / deviation²); mean has the derivative 1 / N, 1 / deviation
      // has -(x - mean) / (N deviation³).
      const slopes = [
        ...(weighted ? [mul(mul(factor, squared), weighted)] : []),
        ...(ofInverse ? [mul(mul(squared, inverse), div(ofInverse, count))] : []),
      ];
      const offsets = [...(total ? [neg(mul(factor, total))] : []), ...(ofMean ? [div(ofMean, count)] : [])];
      const sumOf = (parts: readonly Tensor[]): Tensor | undefined =>
        parts.length === 0 ? undefined : parts.reduce((a, b) => add(a, b));
      const slope = sumOf(slopes);
      const offset = sumOf(offsets);
      const around = slope
        ? channelAffine(centred, neg(slope), offset)
        : offset && channelAffine(zeros(x.shape, x.dtype), undefined, offset);
      const through = g && channelAffine(g, factor, undefined);
      return through && around ? add(through, around) : (through ?? around);
    };
    return [
      wanted[0] ? byX() : undefined,
      wanted[1] && weighted ? mul(mul(weighted, inverse), count) : undefined,
      wanted[2] && total ? mul(total, count) : undefined,
    ];
  },
};

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
  if (scale) channelParameter(x, scale, 'batchNormTraining');
  if (bias) channelParameter(x, bias, 'batchNormTraining');
  const { y, mean, inverseDeviation } = normalise(x, scale, bias, epsilon);

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

/** y and the batch's statistics, each with one element a channel. */
function normalise(
  x: Tensor,
  scale: Tensor | undefined,
  bias: Tensor | undefined,
  epsilon: number,
): { readonly y: Tensor; readonly mean: Tensor; readonly inverseDeviation: Tensor } {
  if (x.rank === 4 && x.dtype === 'float32') {
    const channels = [x.shape[1]];
    const inputs = [x, scale ?? ones(channels, x.dtype), bias ?? zeros(channels, x.dtype)];
    const [y, mean, inverseDeviation] = applyOperation(batchNormTrainingOperation, inputs, { epsilon });
    return { y, mean, inverseDeviation };
  }
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const { value, mean, inverseDeviation } = standardize(x, { axes, epsilon });
  const scaled = scale ? mul(value, channelParameter(x, scale, 'batchNormTraining')) : value;
  const y = bias ? add(scaled, channelParameter(x, bias, 'batchNormTraining')) : scaled;
  return { y, mean, inverseDeviation };
}
