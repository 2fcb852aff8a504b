/**
 * The mip level that suits a whole picture. nvdiffrast chooses a level for every pixel; on a face, whose texels are drawn at nearly one scale, one
 * level for all is as near to a supersampled picture, and costs one pooling (docs/decisions/renderer.md).
 */
import type { RasterInput } from './raster-input.ts';

/** The chart of the surface that was rasterised. */
export interface ChartSurface {
  /** [U, 2] */
  readonly uvs: Float32Array;
}

/**
 * @param raster of the picture
 * @param projected the vertices it was made of
 * @param textureSize texels per side
 * @returns log2 of the texels along a pixel's side (median over the covered pixels), rounded up from 0.7, held so that the pooled texture
 *   keeps whole texels; 0 where nothing is covered
 */
export function mipLevel(
  raster: RasterInput,
  projected: Float32Array,
  { uvs }: ChartSurface,
  textureSize: number,
): number {
  const { corners, uvCorners, coverage } = raster;
  const scales: number[] = [];
  for (let pixel = 0; pixel < coverage.length; pixel++) {
    if (coverage[pixel] === 0) continue;
    const onScreen = Math.abs(area(projected, 3, corners, pixel * 3));
    const inChart = Math.abs(area(uvs, 2, uvCorners, pixel * 3)) * textureSize ** 2;
    if (onScreen > 0) scales.push(inChart / onScreen);
  }
  if (scales.length === 0) return 0;
  scales.sort((a, b) => a - b);
  const texels = Math.sqrt(scales[scales.length >> 1]);
  let level = 0;
  while (2 ** (level + ROUND_UP) <= texels && textureSize % 2 ** (level + 1) === 0) level++;
  return level;
}

/** Where the next level is nearer to a supersampled picture (the four pictures of the decision). */
const ROUND_UP = 0.7;

/** Twice the signed area of a triangle whose corners are rows of `points`. */
function area(points: Float32Array, stride: number, corners: Int32Array, at: number): number {
  const a = corners[at] * stride;
  const b = corners[at + 1] * stride;
  const c = corners[at + 2] * stride;
  return (
    (points[b] - points[a]) * (points[c + 1] - points[a + 1]) -
    (points[b + 1] - points[a + 1]) * (points[c] - points[a])
  );
}
