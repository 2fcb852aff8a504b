// Convolution and its transpose as sums of shifted matrix products, one a kernel element: the float64 path, for which ONNX
// Runtime's CPU has no kernels. Slow beside them (a slice and a product a tap), exact as the type, and differentiated
// through its parts.
import type { Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { add } from './arithmetic.ts';
import { matmul } from './matmul.ts';
import { reshape, transpose } from './shape.ts';
import { dilate, pad, slice } from './slice-pad.ts';

/** The geometry of a 2-D convolution. */
export interface TapGeometry {
  readonly strides: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
  readonly groups: number;
}

/** The slices of the padded x [n, c, h, w] that meet each element of a kernel, [n, c, oh, ow], row by row. */
export function shiftedSlices(
  x: Tensor,
  kernel: readonly number[],
  output: readonly number[],
  { strides, pads, dilations }: TapGeometry,
  value = 0,
): Tensor[] {
  const [n, channels] = x.shape;
  const padded = pad(x, [0, 0, pads[0], pads[1]], [0, 0, pads[2], pads[3]], value);
  return Array.from({ length: kernel[0] * kernel[1] }, (_, tap) => {
    const top = Math.floor(tap / kernel[1]) * dilations[0];
    const left = (tap % kernel[1]) * dilations[1];
    return slice(
      padded,
      [0, 0, top, left],
      [n, channels, top + (output[0] - 1) * strides[0] + 1, left + (output[1] - 1) * strides[1] + 1],
      [1, 1, strides[0], strides[1]],
    );
  });
}

/** The weights [f, c / g, kh, kw] of each tap as matrices [g, f / g, c / g]. */
function tapWeights(w: Tensor, groups: number): Tensor[] {
  const [filters, perGroup, kh, kw] = w.shape;
  const taps = reshape(transpose(w, [2, 3, 0, 1]), [kh * kw, groups, filters / groups, perGroup]);
  return Array.from({ length: kh * kw }, (_, tap) =>
    reshape(slice(taps, [tap, 0, 0, 0], [tap + 1, ...taps.shape.slice(1)]), taps.shape.slice(1)),
  );
}

const total = (parts: readonly Tensor[]): Tensor => parts.reduce((sum, part) => add(sum, part));

/** Cross-correlation of x [n, c, h, w] with w [f, c / g, kh, kw]; `shape` is that of the result, [n, f, oh, ow]. */
export function convTaps(x: Tensor, w: Tensor, shape: Shape, geometry: TapGeometry): Tensor {
  const { groups } = geometry;
  const [n, channels] = x.shape;
  const slices = shiftedSlices(x, w.shape.slice(2), shape.slice(2), geometry);
  const products = tapWeights(w, groups).map((weights, tap) =>
    matmul(weights, reshape(slices[tap], [n, groups, channels / groups, shape[2] * shape[3]])),
  );
  return reshape(total(products), shape);
}

/** The adjoint: x [n, f, h, w] spread by w [f, c / g, kh, kw] over `shape`, [n, c, oh, ow]. */
export function convTransposeTaps(x: Tensor, w: Tensor, shape: Shape, geometry: TapGeometry): Tensor {
  const { strides, pads, dilations, groups } = geometry;
  const [n, filters, h, width] = x.shape;
  const rows = reshape(x, [n, groups, filters / groups, h * width]);
  const padded = [shape[2] + pads[0] + pads[2], shape[3] + pads[1] + pads[3]];
  const parts = tapWeights(w, groups).map((weights, tap) => {
    const spread = matmul(transpose(weights, [0, 2, 1]), rows);
    const image = reshape(spread, [n, shape[1], h, width]);
    const apart = dilate(dilate(image, 2, strides[0]), 3, strides[1]);
    const top = Math.floor(tap / w.shape[3]) * dilations[0];
    const left = (tap % w.shape[3]) * dilations[1];
    return pad(
      apart,
      [0, 0, top, left],
      [0, 0, padded[0] - top - apart.shape[2], padded[1] - left - apart.shape[3]],
    );
  });
  return slice(total(parts), [0, 0, pads[0], pads[1]], [n, shape[1], pads[0] + shape[2], pads[1] + shape[3]]);
}
