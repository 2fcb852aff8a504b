// Gradient of a convolution by its filters: the one of the three convolution passes that ONNX has no operator for.
import { mul } from './arithmetic.ts';
import { matmul, swapLast } from './matmul.ts';
import { reshape, sum } from './shape.ts';
import { concat, pad, slice } from './slice-pad.ts';
import type { Tensor } from '../tensor.ts';

/** Geometry of a convolution, all of it given. */
export interface ConvGeometry {
  readonly strides: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
  readonly groups: number;
}

/**
 * Filter gradient as kh * kw products of shifted inputs with the adjoint; as a convolution of transposes it runs at a
 * third of the rate.
 */
export function convFilterGradient(
  g: Tensor,
  x: Tensor,
  shape: readonly number[],
  attributes: ConvGeometry,
): Tensor {
  const { strides, pads, dilations, groups } = attributes;
  const [filters, perGroup, kh, kw] = shape;
  const [n, , oh, ow] = g.shape;
  const padded = pad(x, [0, 0, pads[0], pads[1]], [0, 0, pads[2], pads[3]]);
  const channels = perGroup * groups;
  const rows = reshape(g, [n, groups, filters / groups, oh * ow]);
  const taps: Tensor[] = [];
  for (let ky = 0; ky < kh; ky++) {
    for (let kx = 0; kx < kw; kx++) {
      const top = ky * dilations[0];
      const left = kx * dilations[1];
      const shifted = slice(
        padded,
        [0, 0, top, left],
        [n, channels, top + (oh - 1) * strides[0] + 1, left + (ow - 1) * strides[1] + 1],
        [1, 1, strides[0], strides[1]],
      );
      const columns = reshape(shifted, [n, groups, perGroup, oh * ow]);
      const depthwise = perGroup === 1 && filters === groups;
      const tap = depthwise
        ? sum(mul(rows, columns), { axes: [0, 3] })
        : sum(matmul(rows, swapLast(columns)), { axes: [0] });
      taps.push(reshape(tap, [filters, perGroup, 1]));
    }
  }
  return reshape(concat(taps, 2), shape);
}
