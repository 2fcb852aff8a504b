/**
 * Where in its triangle a pixel lies, computed inside the program from the projected vertices, so that gradients reach geometry and
 * camera (deferred shading: Genova et al. 2018, section 3.2).
 */
import {
  abs,
  add,
  cast,
  clip,
  constant,
  customVjp,
  div,
  equal,
  maximum,
  minimum,
  mul,
  reciprocal,
  rsqrt,
  ShapeError,
  sub,
  where,
  type DType,
  type Tensor,
} from '@likeness/graph';
import { gatherPlanes, indexColumns } from './gather-planes.ts';
import { planesOf, rowsOf } from './planes.ts';
import type { PictureSize } from './raster-input.ts';

/** Gradients of lower triangles are as of this height: a hundredth of a head's pixels at 224², a twentieth at 112². */
const LEAST_HEIGHT_PX = 0.3;

/**
 * Perspective-correct barycentrics at pixel centres: b_i = (A_i / d_i) / sum_j (A_j / d_j), where A_i is the area on screen between the pixel and
 * the edge opposite corner i, and d_i that corner's depth.
 *
 * @param projected [V, 3] u, v in pixels, depth
 * @param corners integer [H*W, 3] vertices of each pixel's triangle (`rasterInput`)
 * @returns [H*W, 3] held in 0..1 (the rasteriser rounds vertices to 1/1024 px, so a pixel may lie outside its triangle by as much); 0 where a
 *   pixel has no triangle. Their gradient is bounded in triangles that are lower than 0.3 pixels (`boundSlivers`).
 */
export function pixelBarycentrics(projected: Tensor, corners: Tensor, size: PictureSize): Tensor {
  if (projected.rank !== 2 || projected.shape[1] !== 3)
    throw new ShapeError(
      `pixelBarycentrics: expected vertices [V,3], received [${projected.shape.join(',')}]`,
    );
  const pixels = size.width * size.height;
  if (corners.shape.join() !== `${pixels},3`)
    throw new ShapeError(
      `pixelBarycentrics: expected corners [${pixels},3] for ${size.width} x ${size.height} pixels, received [${corners.shape.join(',')}]`,
    );
  const [u, v, depth] = planesOf(projected);
  return rowsOf(
    barycentricPlanes(
      gatherPlanes([u, v, inverseDepth(depth)], indexColumns(corners)),
      pixelCentres(size, projected.dtype),
    ),
  );
}

/** 1 / depth, finite at the camera's plane; what is not in front of the camera is never drawn. */
export function inverseDepth(depth: Tensor): Tensor {
  return reciprocal(where(equal(depth, 0), 1, depth));
}

/** Columns and rows of the pixels' centres, each [H*W]. */
export function pixelCentres({ width, height }: PictureSize, dtype: DType): readonly Tensor[] {
  const pixels = width * height;
  const centre = (of: (pixel: number) => number): Tensor =>
    cast(
      constant(
        Float32Array.from({ length: pixels }, (_, i) => of(i) + 0.5),
        [pixels],
      ),
      dtype,
    );
  return [centre((i) => i % width), centre((i) => Math.floor(i / width))];
}

/**
 * @param at u, v and inverse depth at each corner, first of the channels
 * @param centres columns and rows of the pixels' centres
 * @returns three planes [P]
 */
export function barycentricPlanes(
  at: readonly (readonly Tensor[])[],
  [column, row]: readonly Tensor[],
): readonly Tensor[] {
  const x = at.map(([u]) => sub(u, column));
  const y = at.map(([, v]) => sub(v, row));
  const areas = boundSlivers(
    [0, 1, 2].map((k) => {
      const [p, q] = [(k + 1) % 3, (k + 2) % 3];
      return sub(mul(x[p], y[q]), mul(x[q], y[p]));
    }),
    x,
    y,
  );
  const weights = at.map(([, , inverse], k) => mul(areas[k], inverse));
  const total = add(add(weights[0], weights[1]), weights[2]);
  const safe = where(equal(total, 0), 1, total);
  return weights.map((weight) => clip(div(weight, safe), 0, 1));
}

/**
 * The areas, with a gradient that is held as if their triangle were `LEAST_HEIGHT_PX` high where it is lower.
 *
 * A barycentric grows from 0 to 1 over its triangle's height, so its gradient is 1 / height and has no bound. A pixel is one sample: that it meets a
 * sliver is as rare as the sliver is low, so that large gradients come seldom and the mean over where the grid happens to lie
 * stays finite, but a single picture's gradient is mostly their noise. (docs/decisions/renderer.md has the figures.)
 *
 * @param areas twice the area on screen between the pixel and each edge @param x corners relative to the pixel @param y the same
 */
function boundSlivers(
  areas: readonly Tensor[],
  x: readonly Tensor[],
  y: readonly Tensor[],
): readonly Tensor[] {
  const bounded = customVjp(
    (...inputs: readonly Tensor[]) => inputs.slice(0, 3),
    ({ inputs: [a0, a1, a2, x0, x1, x2, y0, y1, y2], cotangents }) => {
      const squared = (xp: Tensor, xq: Tensor, yp: Tensor, yq: Tensor): Tensor => {
        const [dx, dy] = [sub(xq, xp), sub(yq, yp)];
        return add(mul(dx, dx), mul(dy, dy));
      };
      const longest = maximum(
        maximum(squared(x0, x1, y0, y1), squared(x1, x2, y1, y2)),
        maximum(squared(x2, x0, y2, y0), 1e-12),
      );
      const height = mul(abs(add(add(a0, a1), a2)), rsqrt(longest));
      const share = minimum(mul(height, 1 / LEAST_HEIGHT_PX), 1);
      return [...cotangents.map((g) => mul(g, share)), ...[...x, ...y].map(() => undefined)];
    },
  );
  return bounded(...areas, ...x, ...y);
}
