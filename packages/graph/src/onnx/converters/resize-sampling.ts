// Where each pixel of a resized axis comes from: ONNX's coordinate rules, and the weights of its three filters.
import { ImportError } from '../../imported-model.ts';

/** ONNX's rules for where an output pixel lies in the input. */
export const COORDINATES = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_half_pixel_for_nn',
  'tf_crop_and_resize',
] as const;
export type Coordinates = (typeof COORDINATES)[number];

/** How the nearest pixel is chosen. */
export const NEAREST = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'] as const;
export type Nearest = (typeof NEAREST)[number];

/** One axis to resize. */
export interface ResizedAxis {
  readonly axis: number;
  readonly input: number;
  readonly output: number;
  /** Output over input, as the model says it; not always the ratio of the whole extents. */
  readonly scale: number;
  /** The part of the input that is sampled (tf_crop_and_resize), as a share of its extent. */
  readonly roi: readonly [number, number];
}

/** How pixels are interpolated. */
export interface Filter {
  readonly mode: 'nearest' | 'linear' | 'cubic';
  readonly coordinates: Coordinates;
  readonly nearest: Nearest;
  readonly cubicCoefficient: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
}

/** Source coordinate of output pixel i. */
export function sourceCoordinate(
  i: number,
  { input, output, scale, roi }: ResizedAxis,
  coordinates: Coordinates,
): number {
  const resized = input * scale;
  switch (coordinates) {
    case 'half_pixel':
      return (i + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric':
      return (input / 2) * (1 - output / resized) + (i + 0.5) / scale - 0.5;
    case 'pytorch_half_pixel':
      return output > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case 'align_corners':
      return resized === 1 ? 0 : (i * (input - 1)) / (resized - 1);
    case 'asymmetric':
      return i / scale;
    case 'tf_half_pixel_for_nn':
      return (i + 0.5) / scale;
    case 'tf_crop_and_resize':
      return output > 1
        ? roi[0] * (input - 1) + (i * (roi[1] - roi[0]) * (input - 1)) / (output - 1)
        : 0.5 * (roi[0] + roi[1]) * (input - 1);
    default:
      throw new ImportError(`coordinates '${String(coordinates)}' are not known`);
  }
}

/** The nearest whole place, before it is held inside. */
export function nearestPlace(at: number, rule: Nearest): number {
  if (rule === 'floor') return Math.floor(at);
  if (rule === 'ceil') return Math.ceil(at);
  const low = Math.floor(at);
  if (at - low === 0.5) return rule === 'round_prefer_floor' ? low : low + 1;
  return Math.round(at);
}

/** Share of the pixel at a distance, in input pixels. */
function weightAt(distance: number, { mode, cubicCoefficient: a }: Filter): number {
  const x = Math.abs(distance);
  if (mode === 'linear') return Math.max(0, 1 - x);
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * (x ** 3 - 5 * x ** 2 + 8 * x - 4) : 0;
}

/** True where tf_crop_and_resize looks outside the input. */
export function isOutside(at: number, { input }: ResizedAxis, { coordinates }: Filter): boolean {
  return coordinates === 'tf_crop_and_resize' && (at < 0 || at > input - 1);
}

/** Interpolation weights [output, input] of one axis. */
export function weightMatrix(axis: ResizedAxis, filter: Filter): Float32Array {
  const { input, output, scale } = axis;
  const matrix = new Float32Array(input * output);
  // Antialiasing widens the filter by as much as the image shrinks.
  const width = filter.antialias ? Math.min(scale, 1) : 1;
  const reach = (filter.mode === 'cubic' ? 2 : 1) / width;
  for (let i = 0; i < output; i++) {
    const at = sourceCoordinate(i, axis, filter.coordinates);
    const places: { readonly place: number; readonly weight: number }[] = [];
    for (let place = Math.floor(at - reach) + 1; place <= Math.ceil(at + reach) - 1; place++) {
      if (filter.excludeOutside && (place < 0 || place >= input)) continue;
      places.push({ place, weight: weightAt((place - at) * width, filter) });
    }
    const normalized = filter.antialias || filter.excludeOutside;
    const total = normalized ? places.reduce((sum, { weight }) => sum + weight, 0) : 1;
    for (const { place, weight } of places) {
      matrix[i * input + Math.min(Math.max(place, 0), input - 1)] += weight / total;
    }
  }
  return matrix;
}
