/**
 * Where in its triangle a pixel lies, computed inside the program from the projected vertices, so that gradients reach geometry and
 * camera (deferred shading: Genova et al. 2018, section 3.2).
 */
import {
  add,
  cast,
  clip,
  constant,
  div,
  equal,
  gather,
  mul,
  reciprocal,
  reshape,
  ShapeError,
  sub,
  transpose,
  where,
  type Tensor,
} from '@likeness/graph';
import { planesOf, rowsOf, splitPlanes } from './planes.ts';
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
  const [u, v, depth] = planesOf(projected);
  return rowsOf(barycentricPlanes(cornerPlanes(rowsOf([u, v, inverseDepth(depth)]), corners), size));
}

/** 1 / depth, finite at the camera's plane; what is not in front of the camera is never drawn. */
export function inverseDepth(depth: Tensor): Tensor {
  return reciprocal(where(equal(depth, 0), 1, depth));
}

/** Attributes [V, C] at the corners [P, 3] of every pixel, as planes: `at[corner][channel]`, each [P]. */
export function cornerPlanes(attributes: Tensor, corners: Tensor): readonly (readonly Tensor[])[] {
  const channels = attributes.shape[1];
  const pixels = corners.shape[0];
  const planes = splitPlanes(transpose(reshape(gather(attributes, corners), [pixels, 3 * channels])));
  return [0, 1, 2].map((corner) => planes.slice(corner * channels, (corner + 1) * channels));
}

/** @param at u, v and inverse depth at each corner, first of the channels @returns three planes [P] */
export function barycentricPlanes(
  at: readonly (readonly Tensor[])[],
  { width, height }: PictureSize,
): readonly Tensor[] {
  const pixels = width * height;
  const [{ size, dtype }] = at[0];
  if (size !== pixels)
    throw new ShapeError(`pixelBarycentrics: expected ${height} x ${width} pixels, received ${size}`);
  const centre = (of: (pixel: number) => number): Tensor =>
    cast(
      constant(
        Float32Array.from({ length: pixels }, (_, i) => of(i) + 0.5),
        [pixels],
      ),
      dtype,
    );
  const column = centre((i) => i % width);
  const row = centre((i) => Math.floor(i / width));
  const x = at.map(([u]) => sub(u, column));
  const y = at.map(([, v]) => sub(v, row));
  const weights = at.map(([, , inverse], k) => {
    const [p, q] = [(k + 1) % 3, (k + 2) % 3];
    return mul(sub(mul(x[p], y[q]), mul(x[q], y[p])), inverse);
  });
  const total = add(add(weights[0], weights[1]), weights[2]);
  const safe = where(equal(total, 0), 1, total);
  return weights.map((weight) => clip(div(weight, safe), 0, 1));
}
