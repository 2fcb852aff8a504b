/**
 * Where in its triangle a pixel lies, computed inside the program from the projected vertices, so that gradients reach geometry and
 * camera (deferred shading: Genova et al. 2018, section 3.2).
 */
import {
  clip,
  concat,
  constant,
  div,
  equal,
  gather,
  mul,
  reshape,
  ShapeError,
  sliceAxis,
  sub,
  add,
  transpose,
  where,
  type Tensor,
} from '@likeness/graph';
import type { PictureSize } from './raster-input.ts';

/**
 * Perspective-correct barycentrics at pixel centres: b_i = (A_i / d_i) / sum_j (A_j / d_j), where A_i is the area on screen between the pixel and
 * the edge opposite corner i, and d_i that corner's depth.
 *
 * @param projected [V, 3] u, v in pixels, depth
 * @param corners integer [H*W, 3] vertices of each pixel's triangle (`rasterInput`)
 * @returns [H*W, 3] held in 0..1 (the rasteriser rounds vertices to 1/1024 px, so a pixel may lie outside its triangle by as much); 0 where a
 *   pixel has no triangle
 */
export function pixelBarycentrics(projected: Tensor, corners: Tensor, size: PictureSize): Tensor {
  if (projected.rank !== 2 || projected.shape[1] !== 3)
    throw new ShapeError(
      `pixelBarycentrics: expected vertices [V,3], received [${projected.shape.join(',')}]`,
    );
  return transpose(barycentricPlanes(cornerPlanes(projected, corners), size));
}

/** Attributes [V, C] at the corners [P, 3] of every pixel: [3, C, P]. */
export function cornerPlanes(attributes: Tensor, corners: Tensor): Tensor {
  const channels = attributes.shape[1];
  const pixels = corners.shape[0];
  return reshape(transpose(reshape(gather(attributes, corners), [pixels, 3 * channels])), [
    3,
    channels,
    pixels,
  ]);
}

/** @param at [3, >= 3, P] u, v, depth of each corner @returns [3, P] */
export function barycentricPlanes(at: Tensor, { width, height }: PictureSize): Tensor {
  const pixels = width * height;
  if (at.shape[2] !== pixels)
    throw new ShapeError(`pixelBarycentrics: expected ${height} x ${width} pixels, received ${at.shape[2]}`);
  const plane = (corner: number, channel: number): Tensor =>
    reshape(sliceAxis(sliceAxis(at, 0, corner, corner + 1), 1, channel, channel + 1), [pixels]);
  const centre = (axis: 0 | 1): Tensor =>
    constant(
      Float32Array.from({ length: pixels }, (_, i) => (axis === 0 ? i % width : Math.floor(i / width)) + 0.5),
      [pixels],
      at.dtype,
    );
  const [centreX, centreY] = [centre(0), centre(1)];
  const x = [0, 1, 2].map((k) => sub(plane(k, 0), centreX));
  const y = [0, 1, 2].map((k) => sub(plane(k, 1), centreY));
  const weights = [0, 1, 2].map((k) => {
    const [p, q] = [(k + 1) % 3, (k + 2) % 3];
    const depth = plane(k, 2);
    return div(sub(mul(x[p], y[q]), mul(x[q], y[p])), where(equal(depth, 0), 1, depth));
  });
  const total = add(add(weights[0], weights[1]), weights[2]);
  const safe = where(equal(total, 0), 1, total);
  return concat(
    weights.map((weight) => reshape(clip(div(weight, safe), 0, 1), [1, pixels])),
    0,
  );
}
