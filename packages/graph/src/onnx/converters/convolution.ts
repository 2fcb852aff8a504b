// Convolution and its transpose, over one to three spatial axes.
import { ImportError } from '../../imported-model.ts';
import { add } from '../../ops/arithmetic.ts';
import { conv2d, convTranspose2d } from '../../ops/conv.ts';
import { reshape } from '../../ops/shape.ts';
import { filled } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import type { NodeCall, OnnxConverter } from '../call.ts';
import { conv3d, convTranspose3d } from './convolution-3d.ts';
import { asImage, borders, fromImage, imageWindow, pair, windowOf } from './windows.ts';

/** Spatial axes of x [n, c, spatial..] with weights of the same rank. */
function spatialRank(x: Tensor, weights: Tensor): number {
  if (x.rank !== weights.rank || x.rank < 3 || x.rank > 5) {
    throw new ImportError(
      `expected one to three spatial axes in input and weights, received ${x.toString()} and ${weights.toString()}`,
    );
  }
  return x.rank - 2;
}

function groupsOf(call: NodeCall): number {
  const groups = call.int('group', 1);
  if (groups < 1) throw new ImportError(`expected at least one group, received ${groups}`);
  return groups;
}

const convertConv: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const weights = call.tensor(1);
  const bias = call.optionalTensor(2);
  const rank = spatialRank(x, weights);
  const window = windowOf(call, x.shape.slice(2), weights.shape.slice(2));
  if (rank === 3) return conv3d(x, weights, bias, window, groupsOf(call));
  const { strides, dilations, ...rest } = rank === 1 ? imageWindow(window) : window;
  const options = {
    strides: pair(strides),
    dilations: pair(dilations),
    pads: borders({ strides, dilations, ...rest }),
    groups: groupsOf(call),
  };
  if (rank === 2) return conv2d(x, weights, bias, options);
  return fromImage(conv2d(asImage(x), asImage(weights), bias, options));
};

/**
 * The result's extent is (in - 1) stride + output_padding + reach - pads; a given output_shape, or SAME (in stride),
 * decides the padding instead.
 */
const convertConvTranspose: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const weights = call.tensor(1);
  const bias = call.optionalTensor(2);
  const rank = spatialRank(x, weights);
  const extents = x.shape.slice(2);
  const window = windowOf(call, extents, weights.shape.slice(2));
  const extra = call.ints('output_padding') ?? filled(rank, 0);
  const mode = call.string('auto_pad', 'NOTSET');
  const given = call.ints('output_shape');
  const wanted =
    given?.slice(-rank) ??
    (mode.startsWith('SAME') ? extents.map((extent, axis) => extent * window.strides[axis]) : undefined);
  const full = extents.map(
    (extent, axis) =>
      (extent - 1) * window.strides[axis] +
      (extra[axis] ?? 0) +
      (window.kernel[axis] - 1) * window.dilations[axis] +
      1,
  );
  const total = wanted && full.map((extent, axis) => Math.max(0, extent - wanted[axis]));
  const before = total
    ? total.map((count) => (mode === 'SAME_UPPER' ? Math.floor(count / 2) : Math.ceil(count / 2)))
    : window.before;
  const after = total ? total.map((count, axis) => count - before[axis]) : window.after;
  const size = wanted ?? full.map((extent, axis) => extent - before[axis] - after[axis]);
  const padded = { ...window, before, after };
  if (rank === 3) {
    const y = convTranspose3d(x, weights, padded, groupsOf(call), size);
    return bias ? add(y, reshape(bias, [bias.size, 1, 1, 1])) : y;
  }
  const image = rank === 1 ? imageWindow(padded) : padded;
  const y = convTranspose2d(rank === 1 ? asImage(x) : x, rank === 1 ? asImage(weights) : weights, {
    strides: pair(image.strides),
    dilations: pair(image.dilations),
    pads: borders(image),
    groups: groupsOf(call),
    size: pair(rank === 1 ? [1, ...size] : size),
  });
  const shifted = bias ? add(y, reshape(bias, [bias.size, 1, 1])) : y;
  return rank === 1 ? fromImage(shifted) : shifted;
};

/** Converters of convolutions. */
export const CONVOLUTIONS: Readonly<Record<string, OnnxConverter>> = {
  Conv: convertConv,
  ConvTranspose: convertConvTranspose,
};
