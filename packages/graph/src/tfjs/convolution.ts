// Convolution, pooling and batch normalisation of TF.js, in NCHW.
import { absorb } from '../absorbed.ts';
import { ImportError } from '../imported-model.ts';
import { add, div, mul, sub } from '../ops/arithmetic.ts';
import { conv2d } from '../ops/conv.ts';
import { averagePool2d, maxPool2d } from '../ops/pool.ts';
import { reshape, transpose } from '../ops/shape.ts';
import { padOperation } from '../ops/slice-pad.ts';
import { sqrt } from '../ops/unary.ts';
import { attributesOf, type Tensor } from '../tensor.ts';
import { activate } from './activation.ts';
import type { TfAttributes } from './graph-def.ts';
import { mapTogether, Value, type Converter } from './layout.ts';

type Pair = readonly [number, number];
type Pads = readonly [number, number, number, number];

function expectNhwc(attributes: TfAttributes): void {
  const format = attributes.text('data_format', 'NHWC');
  if (format !== 'NHWC') throw new ImportError(`expected data format NHWC, received ${format}`);
}

/** The two spatial entries of an attribute over [n, h, w, c]; only dilations may be left out. */
function spatial(attributes: TfAttributes, name: 'strides' | 'dilations' | 'ksize'): Pair {
  const values = attributes.integers(name);
  if (name === 'dilations' && values.length === 0) return [1, 1];
  if (values.length !== 4 || values[0] !== 1 || values[3] !== 1 || values[1] < 1 || values[2] < 1) {
    throw new ImportError(`expected ${name} [1, down, across, 1], received [${values.join(', ')}]`);
  }
  return [values[1], values[2]];
}

/** TensorFlow's padding for static extents: SAME puts the odd pixel below and to the right. */
function resolvePads(
  attributes: TfAttributes,
  size: Pair,
  kernel: Pair,
  strides: Pair,
  dilations: Pair,
): Pads {
  const padding = attributes.text('padding', '');
  if (padding === 'VALID') return [0, 0, 0, 0];
  if (padding === 'EXPLICIT') {
    const explicit = attributes.integers('explicit_paddings');
    if (explicit.length !== 8) throw new ImportError('expected eight explicit paddings');
    return [explicit[2], explicit[4], explicit[3], explicit[5]];
  }
  if (padding !== 'SAME') throw new ImportError(`padding '${padding}' is not supported`);
  const total = ([0, 1] as const).map((axis) => {
    const reach = (kernel[axis] - 1) * dilations[axis] + 1;
    return Math.max((Math.ceil(size[axis] / strides[axis]) - 1) * strides[axis] + reach - size[axis], 0);
  });
  const before = total.map((count) => Math.floor(count / 2));
  return [before[0], before[1], total[0] - before[0], total[1] - before[1]];
}

/** A zero border before a convolution becomes the convolution's own padding, which costs nothing. */
function absorbPad(x: Tensor, pads: Pads): { x: Tensor; pads: Pads } {
  const border = attributesOf(x, padOperation);
  if (!border || border.value !== 0) return { x, pads };
  const { before, after } = border;
  if (before[0] + before[1] + after[0] + after[1] > 0) return { x, pads };
  absorb(x, 'conv2d');
  return {
    x: x.node.inputs[0],
    pads: [pads[0] + before[2], pads[1] + before[3], pads[2] + after[2], pads[3] + after[3]],
  };
}

function convolve(
  [input, , ...rest]: readonly Value[],
  weights: Tensor,
  groups: number,
  attributes: TfAttributes,
): readonly Value[] {
  expectNhwc(attributes);
  const strides = spatial(attributes, 'strides');
  const dilations = spatial(attributes, 'dilations');
  const kernel: Pair = [weights.shape[2], weights.shape[3]];
  const size: Pair = [input.nchw.shape[2], input.nchw.shape[3]];
  const own = resolvePads(attributes, size, kernel, strides, dilations);
  const { x, pads } = absorbPad(input.nchw, own);
  const fused = attributes.texts('fused_ops');
  const hasBias = fused[0] === 'BiasAdd';
  if (hasBias && rest.length === 0) throw new ImportError('a fused bias is missing');
  const bias = hasBias ? rest[0].plain : undefined;
  const y = conv2d(x, weights, bias && reshape(bias, [bias.size]), { strides, pads, dilations, groups });
  const activations = fused.filter((name) => name !== 'BiasAdd');
  return [activate(Value.nchw(y), activations, rest.slice(hasBias ? 1 : 0), attributes)];
}

/** Filters [kh, kw, c / groups, f] -> [f, c / groups, kh, kw]. */
export const convertConv: Converter = (inputs, attributes) => {
  const weights = transpose(inputs[1].plain, [3, 2, 0, 1]);
  return convolve(inputs, weights, inputs[0].nchw.shape[1] / weights.shape[1], attributes);
};

/** Filters [kh, kw, c, m] -> [c m, 1, kh, kw]. */
export const convertDepthwiseConv: Converter = (inputs, attributes) => {
  const [kh, kw, channels, multiplier] = inputs[1].plain.shape;
  const weights = reshape(transpose(inputs[1].plain, [2, 3, 0, 1]), [channels * multiplier, 1, kh, kw]);
  return convolve(inputs, weights, channels, attributes);
};

export const convertPool: Converter = ([input], attributes, node) => {
  expectNhwc(attributes);
  const kernel = spatial(attributes, 'ksize');
  const strides = spatial(attributes, 'strides');
  const pads = resolvePads(attributes, [input.nchw.shape[2], input.nchw.shape[3]], kernel, strides, [1, 1]);
  const pool = node.op === 'MaxPool' ? maxPool2d : averagePool2d;
  return [Value.nchw(pool(input.nchw, { kernel, strides, pads }))];
};

/** Inference form: (x - mean) scale / sqrt(variance + epsilon) + offset, as one multiplication and one addition. */
export const convertBatchNorm: Converter = ([x, scale, offset, mean, variance], attributes) => {
  if (attributes.boolean('is_training', false)) throw new ImportError('batch normalisation in training mode');
  const factor = div(scale.plain, sqrt(add(variance.plain, attributes.float('epsilon', 1e-3))));
  const shift = sub(offset.plain, mul(mean.plain, factor));
  const scaled = mapTogether([x, Value.plain(factor)], mul);
  return [mapTogether([scaled, Value.plain(shift)], add)];
};
