// Normalisation layers whose statistics belong to one sample: layer, instance, group, RMS, pixel.
import { filled, formatShape, normalizeAxis, sameShape, ShapeError } from '../shape.ts';
import { applyOperation, expectFloat, expectSameDType, type Operation, type Tensor } from '../tensor.ts';
import { add, mul, sub } from './arithmetic.ts';
import { ones, zeros } from './input.ts';
import { mean } from './reduce.ts';
import { reducedShape, reshape, sumTo } from './shape.ts';
import { rsqrt, square } from './special.ts';
import { standardize, standardizeAdjoint, statisticsAdjoint } from './standardize.ts';

/** Options of the normalisation layers. */
export interface NormalizationOptions {
  /** Learned factor; its shape is said with each layer. Without it 1. */
  readonly scale?: Tensor | undefined;
  /** Learned offset, shaped like the factor. Without it 0. */
  readonly bias?: Tensor | undefined;
  /** Added to the variance (default 1e-5; 1e-8 for pixelNorm). */
  readonly epsilon?: number | undefined;
}

const EPSILON = 1e-5;

const trailing = (rank: number, axis: number): number[] =>
  Array.from({ length: rank - axis }, (_, index) => axis + index);

/** Outputs: y, the mean and 1 / √(variance + ε), as ONNX's LayerNormalization has them. */
export const layerNormOperation: Operation<{ readonly axis: number; readonly epsilon: number }> = {
  name: 'layerNorm',
  infer: ([x], { axis }) => {
    const reduced = {
      shape: reducedShape(x.shape, { axes: trailing(x.shape.length, axis), keepDims: true }),
      dtype: x.dtype,
    };
    return [x, reduced, reduced];
  },
  lower: (context, { names, used, attributes: { axis, epsilon } }) =>
    context.emit(
      'LayerNormalization',
      names,
      { axis: { i: axis }, epsilon: { f: epsilon } },
      used[1] || used[2] ? 3 : 1,
    ),
  vjp: ({ inputs: [x, scale, bias], outputs, attributes: { axis }, wanted, cotangents: [g, gm, gs] }) => {
    const [, centre, inverse] = outputs;
    const standardized = (): Tensor => mul(sub(x, centre), inverse);
    return [
      wanted[0]
        ? statisticsAdjoint(
            g && mul(g, scale),
            gm,
            gs,
            standardized,
            inverse,
            x.shape,
            trailing(x.rank, axis),
          )
        : undefined,
      g && wanted[1] ? sumTo(mul(g, standardized()), scale.shape) : undefined,
      ...(bias ? [g && wanted[2] ? sumTo(g, bias.shape) : undefined] : []),
    ];
  },
};

/** Options of `layerNorm`. */
export interface LayerNormOptions extends NormalizationOptions {
  /** First of the axes that are normalised together, through the last one (default: the last alone). */
  readonly axis?: number | undefined;
}

/**
 * Layer normalisation (Ba et al. 2016): mean 0 and variance 1 over the axes from `axis` to the last, then scale and bias
 * of the shape of those axes.
 */
export function layerNorm(x: Tensor, options: LayerNormOptions = {}): Tensor {
  expectFloat(x, 'layerNorm');
  const axis = normalizeAxis(options.axis ?? -1, x.rank, 'layerNorm');
  const { bias, epsilon = EPSILON } = options;
  const shape = x.shape.slice(axis);
  for (const parameter of [options.scale, bias]) {
    if (!parameter) continue;
    expectSameDType(x, parameter, 'layerNorm');
    if (!sameShape(parameter.shape, shape)) {
      throw new ShapeError(
        `layerNorm: expected scale and bias ${formatShape(shape)}, received ${formatShape(parameter.shape)}`,
      );
    }
  }
  // The kernel's statistics are float32 whatever x is, so other types are composed.
  if (x.dtype === 'float32') {
    const scale = options.scale ?? ones(shape);
    return applyOperation(layerNormOperation, bias ? [x, scale, bias] : [x, scale], { axis, epsilon })[0];
  }
  return affine(standardize(x, { axes: trailing(x.rank, axis), epsilon }).value, options.scale, bias);
}

function affine(x: Tensor, scale: Tensor | undefined, bias: Tensor | undefined): Tensor {
  const scaled = scale ? mul(x, scale) : x;
  return bias ? add(scaled, bias) : scaled;
}

export const instanceNormOperation: Operation<{ readonly epsilon: number }> = {
  name: 'instanceNorm',
  infer: ([x]) => [x],
  lower: (context, { names, attributes }) =>
    context.emit('InstanceNormalization', names, { epsilon: { f: attributes.epsilon } }),
  vjp: ({ inputs: [x, scale, bias], attributes: { epsilon }, wanted, cotangents: [g] }) => {
    if (!g) return [undefined, undefined, undefined];
    const axes = trailing(x.rank, 2);
    // The kernel keeps no statistics; one pass over x makes them again.
    const { value, inverseDeviation } = standardize(x, { axes, epsilon });
    const perChannel = reshape(scale, [scale.size, ...axes.map(() => 1)]);
    return [
      wanted[0] ? standardizeAdjoint(mul(g, perChannel), value, inverseDeviation, axes) : undefined,
      wanted[1] ? reshape(sumTo(mul(g, value), perChannel.shape), scale.shape) : undefined,
      wanted[2] ? reshape(sumTo(g, perChannel.shape), bias.shape) : undefined,
    ];
  },
};

/** Checks per-channel parameters and gives them the shape [c, 1, ..]. */
export function channelParameter(x: Tensor, parameter: Tensor, what: string): Tensor {
  expectSameDType(x, parameter, what);
  if (x.rank < 2 || parameter.rank !== 1 || parameter.shape[0] !== x.shape[1]) {
    throw new ShapeError(
      `${what}: expected x [n,c,..] with parameters [c], received ${formatShape(x.shape)} and ${formatShape(parameter.shape)}`,
    );
  }
  return reshape(parameter, [parameter.size, ...filled(x.rank - 2, 1)]);
}

/**
 * Instance normalisation (Ulyanov et al. 2016) of x [n, c, spatial..]: mean 0 and variance 1 over the spatial axes of each
 * sample and channel, then scale and bias [c].
 */
export function instanceNorm(x: Tensor, options: NormalizationOptions = {}): Tensor {
  expectFloat(x, 'instanceNorm');
  if (x.rank < 3) {
    throw new ShapeError(`instanceNorm: expected [n,c,spatial..], received ${formatShape(x.shape)}`);
  }
  const { scale, bias, epsilon = EPSILON } = options;
  const scales = scale && channelParameter(x, scale, 'instanceNorm');
  const biases = bias && channelParameter(x, bias, 'instanceNorm');
  // The runtime has no float64 kernel.
  if (x.dtype === 'float64') {
    return affine(standardize(x, { axes: trailing(x.rank, 2), epsilon }).value, scales, biases);
  }
  const channels = [x.shape[1]];
  const inputs = [x, scale ?? ones(channels, x.dtype), bias ?? zeros(channels, x.dtype)];
  return applyOperation(instanceNormOperation, inputs, { epsilon })[0];
}

/**
 * Group normalisation (Wu and He 2018) of x [n, c, spatial..]: mean 0 and variance 1 over each group of c / groups
 * neighbouring channels and all spatial axes, then scale and bias [c].
 */
export function groupNorm(x: Tensor, groups: number, options: NormalizationOptions = {}): Tensor {
  const [n, channels] = x.shape;
  if (x.rank < 2 || !Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw new ShapeError(
      `groupNorm: expected [n,c,..] with c a multiple of ${groups} groups, received ${formatShape(x.shape)}`,
    );
  }
  const { scale, bias, epsilon } = options;
  const grouped = instanceNorm(reshape(x, [n, groups, x.size / (n * groups)]), { epsilon });
  return affine(
    reshape(grouped, x.shape),
    scale && channelParameter(x, scale, 'groupNorm'),
    bias && channelParameter(x, bias, 'groupNorm'),
  );
}

/**
 * Root-mean-square normalisation (Zhang and Sennrich 2019): x / √(mean x² + ε) over the axes from `axis` (default the last)
 * to the last, then scale and bias of the shape of those axes.
 */
export function rmsNorm(x: Tensor, options: LayerNormOptions = {}): Tensor {
  expectFloat(x, 'rmsNorm');
  const axes = trailing(x.rank, normalizeAxis(options.axis ?? -1, x.rank, 'rmsNorm'));
  return affine(scaleByPower(x, axes, options.epsilon ?? EPSILON), options.scale, options.bias);
}

/** x [n, c, ..] / √(mean over the channels of x² + ε), pixel by pixel (Karras et al. 2018, ProGAN; ε = 1e-8 there). */
export function pixelNorm(x: Tensor, { epsilon = 1e-8 }: Pick<NormalizationOptions, 'epsilon'> = {}): Tensor {
  expectFloat(x, 'pixelNorm');
  normalizeAxis(1, x.rank, 'pixelNorm');
  return scaleByPower(x, [1], epsilon);
}

function scaleByPower(x: Tensor, axes: readonly number[], epsilon: number): Tensor {
  return mul(x, rsqrt(add(mean(square(x), { axes, keepDims: true }), epsilon)));
}
