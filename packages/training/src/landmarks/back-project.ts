/**
 * From a pixel back to the mean head: what the raster holds under a detected landmark.
 */
import type { MorphableModel } from '@likeness/core/model';
import type { RenderedScene } from './render-scene.ts';

/** A landmark may lie this far off the skin (on an eyeball, in the mouth, beyond the outline), in pixels of the render. */
const SEARCH_RADIUS_PX = 5;

/**
 * @param skin [T] whether a triangle may carry landmarks
 * @returns the place on the mean head in mm; undefined when no skin is near the pixel
 */
export function backProject(
  model: MorphableModel,
  { raster, frontFacing }: RenderedScene,
  skin: Uint8Array,
  u: number,
  v: number,
): [number, number, number] | undefined {
  const pixel = nearestSkinPixel(
    raster.triangleIds,
    raster.width,
    raster.height,
    (t) => skin[t] === 1 && frontFacing[t] === 1,
    u,
    v,
  );
  if (pixel === undefined) return undefined;
  const t = raster.triangleIds[pixel];
  const point: [number, number, number] = [0, 0, 0];
  for (let k = 0; k < 3; k++)
    for (let c = 0; c < 3; c++)
      point[c] += raster.barycentrics[pixel * 3 + k] * model.mean[model.triangles[t * 3 + k] * 3 + c];
  return point;
}

function nearestSkinPixel(
  ids: Int32Array,
  width: number,
  height: number,
  carries: (triangle: number) => boolean,
  u: number,
  v: number,
): number | undefined {
  let best: number | undefined;
  let bestDistance = SEARCH_RADIUS_PX ** 2;
  const x0 = Math.max(0, Math.floor(u - SEARCH_RADIUS_PX));
  const x1 = Math.min(width - 1, Math.ceil(u + SEARCH_RADIUS_PX));
  const y0 = Math.max(0, Math.floor(v - SEARCH_RADIUS_PX));
  const y1 = Math.min(height - 1, Math.ceil(v + SEARCH_RADIUS_PX));
  for (let y = y0; y <= y1; y++)
    for (let x = x0; x <= x1; x++) {
      const id = ids[y * width + x];
      if (id < 0 || !carries(id)) continue;
      const d = (x + 0.5 - u) ** 2 + (y + 0.5 - v) ** 2;
      if (d < bestDistance) {
        bestDistance = d;
        best = y * width + x;
      }
    }
  return best;
}
