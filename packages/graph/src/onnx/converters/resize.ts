// Resize and Upsample. What the engine's own resize does exactly goes there; the rest (cubic, crops, odd scales, other
// axes) is separable and becomes a Gather (nearest) or a product with a constant matrix along each axis.
import { arrayFrom } from '../../dtype.ts';
import { ImportError } from '../../imported-model.ts';
import { where } from '../../ops/compare.ts';
import { constant } from '../../ops/input.ts';
import { matmul } from '../../ops/matmul.ts';
import { resize2d, type ResizeCoordinates } from '../../ops/resize.ts';
import { gather } from '../../ops/scatter.ts';
import { reshape, transpose } from '../../ops/shape.ts';
import { normalizeAxis } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import type { NodeCall, OnnxConverter } from '../call.ts';
import { checkedSize } from '../host-tensor.ts';
import {
  COORDINATES,
  isOutside,
  NEAREST,
  nearestPlace,
  sourceCoordinate,
  weightMatrix,
  type Filter,
  type ResizedAxis,
} from './resize-sampling.ts';
import { hostSize, int64s } from './shape.ts';

/** Places that an axis takes its pixels from under the nearest rule. */
function nearestPlaces(axis: ResizedAxis, filter: Filter): number[] {
  return Array.from({ length: hostSize(axis.output, 'an axis') }, (_, i) => {
    const place = nearestPlace(sourceCoordinate(i, axis, filter.coordinates), filter.nearest);
    return Math.min(Math.max(place, 0), axis.input - 1);
  });
}

/** The same under the rules of the engine's resize. */
function enginePlaces({ input, output }: ResizedAxis, coordinates: ResizeCoordinates): number[] {
  return Array.from({ length: output }, (_, i) => {
    let at = (i * input) / output;
    if (coordinates === 'halfPixel') at = Math.floor(((i + 0.5) * input) / output - 0.5 + 0.5);
    if (coordinates === 'alignCorners')
      at = output === 1 ? 0 : Math.floor((i * (input - 1)) / (output - 1) + 0.5);
    return Math.min(Math.max(Math.floor(at), 0), input - 1);
  });
}

/** The engine's coordinates that mean the same, if there are any. */
function engineCoordinates(
  x: Tensor,
  axes: readonly ResizedAxis[],
  filter: Filter,
): ResizeCoordinates | undefined {
  if (x.rank !== 4 || x.dtype !== 'float32' || axes.some(({ axis }) => axis < 2)) return undefined;
  if (filter.mode === 'nearest') {
    return (['asymmetric', 'halfPixel', 'alignCorners'] as const).find((coordinates) =>
      axes.every((axis) => nearestPlaces(axis, filter).join() === enginePlaces(axis, coordinates).join()),
    );
  }
  const exact = axes.every(({ input, output, scale }) => Math.abs(scale - output / input) < 1e-6);
  if (filter.mode !== 'linear' || filter.antialias || !exact) return undefined;
  switch (filter.coordinates) {
    case 'half_pixel':
    case 'half_pixel_symmetric':
      return 'halfPixel';
    case 'pytorch_half_pixel':
      return axes.every(({ output }) => output > 1) ? 'halfPixel' : undefined;
    case 'asymmetric':
      return 'asymmetric';
    case 'align_corners':
      return 'alignCorners';
    case 'tf_crop_and_resize':
    case 'tf_half_pixel_for_nn':
      return undefined;
    default:
      return undefined;
  }
}

/** x times a matrix [output, input] along one axis. */
function interpolate(x: Tensor, axis: ResizedAxis, filter: Filter): Tensor {
  hostSize(axis.input * axis.output, 'interpolation weights');
  const last = x.rank - 1;
  const order = [...x.shape.keys()].map((index) =>
    index === axis.axis ? last : index === last ? axis.axis : index,
  );
  // [.., in] as rows; the matrix is symmetric business of this axis alone.
  const moved = transpose(x, order);
  const rows = reshape(moved, [moved.size / axis.input, axis.input]);
  const weights = transpose(
    constant(arrayFrom(x.dtype, weightMatrix(axis, filter)), [axis.output, axis.input], x.dtype),
  );
  const y = reshape(matmul(rows, weights), moved.shape.with(last, axis.output));
  return transpose(y, order);
}

/** Resizes along each of `axes`; what a crop takes from outside is `extrapolation`. */
function resample(x: Tensor, axes: readonly ResizedAxis[], filter: Filter, extrapolation: number): Tensor {
  const changed = axes.filter(
    (axis) => axis.input !== axis.output || axis.scale !== 1 || filter.coordinates === 'tf_crop_and_resize',
  );
  checkedSize(
    x.shape.map((extent, index) => axes.find(({ axis }) => axis === index)?.output ?? extent),
    'the resized tensor',
  );
  if (changed.some(({ input, output }) => input === 0 || output === 0)) {
    throw new ImportError('an empty tensor cannot be resized');
  }
  if (changed.length === 0) return x;
  const coordinates = engineCoordinates(x, changed, filter);
  if (coordinates) {
    const size = (axis: number): number => changed.find((one) => one.axis === axis)?.output ?? x.shape[axis];
    const mode = filter.mode === 'nearest' ? 'nearest' : 'bilinear';
    return resize2d(x, { size: [size(2), size(3)], mode, coordinates });
  }
  return changed.reduce((image, axis) => {
    const y =
      filter.mode === 'nearest'
        ? gather(image, int64s(nearestPlaces(axis, filter)), axis.axis)
        : interpolate(image, axis, filter);
    const outside = Array.from({ length: axis.output }, (_, i) =>
      isOutside(sourceCoordinate(i, axis, filter.coordinates), axis, filter),
    );
    if (!outside.includes(true)) return y;
    const mask = constant(
      Uint8Array.from(outside, (out) => (out ? 1 : 0)),
      y.shape.map((extent, index) => (index === axis.axis ? extent : 1)),
      'bool',
    );
    return where(mask, extrapolation, y);
  }, x);
}

/** Output extents and scales for the axes that sizes or scales are given for. */
function resizedAxes(call: NodeCall, x: Tensor): ResizedAxis[] {
  const axes = (call.ints('axes') ?? [...x.shape.keys()]).map((axis) =>
    normalizeAxis(axis, x.rank, 'Resize'),
  );
  const scales = nonEmpty(call.optionalNumbers(call.opset < 11 ? 1 : 2, 'scales'));
  const sizes = call.opset < 11 ? undefined : nonEmpty(call.optionalNumbers(3, 'sizes'));
  const given = sizes ?? scales;
  if (!given || given.length !== axes.length) {
    throw new ImportError(`expected ${axes.length} sizes or scales, received ${given?.length ?? 'none'}`);
  }
  if (given.some((value) => !(value > 0 && value < 2 ** 31))) {
    throw new ImportError(`expected positive sizes or scales, received [${given.join(',')}]`);
  }
  const crop = call.string('coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize';
  const roi = crop ? call.numbers(1, 'the region of interest') : [];
  if (crop && roi.length !== 2 * axes.length) {
    throw new ImportError(
      `expected ${2 * axes.length} bounds of the region of interest, received ${roi.length}`,
    );
  }
  const policy = call.choice(
    'keep_aspect_ratio_policy',
    ['stretch', 'not_larger', 'not_smaller'] as const,
    'stretch',
  );
  const ratios = axes.map((axis, index) => (sizes ? sizes[index] / x.shape[axis] : given[index]));
  const common = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return axes.map((axis, index) => {
    const input = x.shape[axis];
    const scale = sizes && policy !== 'stretch' ? common : ratios[index];
    const stretched = sizes ? sizes[index] : Math.floor(input * scale);
    const output = sizes && policy !== 'stretch' ? Math.round(input * scale) : stretched;
    return { axis, input, output, scale, roi: [roi[index] ?? 0, roi[index + axes.length] ?? 1] };
  });
}

const nonEmpty = (list: number[] | undefined): number[] | undefined =>
  list && list.length > 0 ? list : undefined;

const convertResize: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const old = call.opset < 11;
  const filter: Filter = {
    mode: call.choice('mode', ['nearest', 'linear', 'cubic'] as const, 'nearest'),
    coordinates: old
      ? 'asymmetric'
      : call.choice('coordinate_transformation_mode', COORDINATES, 'half_pixel'),
    nearest: old ? 'floor' : call.choice('nearest_mode', NEAREST, 'round_prefer_floor'),
    cubicCoefficient: call.float('cubic_coeff_a', -0.75),
    excludeOutside: call.int('exclude_outside', 0) === 1,
    antialias: call.int('antialias', 0) === 1,
  };
  return resample(x, resizedAxes(call, x), filter, call.float('extrapolation_value', 0));
};

/** Resize's forerunner: scales (an attribute before opset 9), asymmetric, floor. */
const convertUpsample: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const scales = call.opset < 9 ? (call.floats('scales') ?? []) : call.numbers(1, 'scales');
  if (scales.length !== x.rank) throw new ImportError(`expected ${x.rank} scales, received ${scales.length}`);
  const axes = scales.map((scale, axis): ResizedAxis => {
    if (!(scale > 0 && scale < 2 ** 31)) throw new ImportError(`expected positive scales, received ${scale}`);
    const input = x.shape[axis];
    return { axis, input, output: Math.floor(input * scale), scale, roi: [0, 1] };
  });
  const filter: Filter = {
    mode: call.choice('mode', ['nearest', 'linear'] as const, 'nearest'),
    coordinates: 'asymmetric',
    nearest: 'floor',
    cubicCoefficient: 0,
    excludeOutside: false,
    antialias: false,
  };
  return resample(x, axes, filter, 0);
};

/** Converters of resizing. */
export const RESIZES: Readonly<Record<string, OnnxConverter>> = {
  Resize: convertResize,
  Upsample: convertUpsample,
};
