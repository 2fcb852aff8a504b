/**
 * From the rasteriser to a differentiable program: which vertices every pixel shows, as arrays of a fixed size. Visibility has no
 * gradient, so it is found here between two runs of the program; barycentrics are computed again inside (`pixelBarycentrics`).
 */
import type { Tensor, TensorSpec } from '@likeness/graph';
import { rasterizeShown } from './rasterize.ts';
import { findSilhouette, type Silhouette } from './silhouette.ts';

/** Pixels of a picture. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** What every pixel shows. Arrays are row-major over the picture's H*W pixels. */
export interface RasterInput extends Partial<Silhouette> {
  /** [H*W, 3] vertices of the triangle; 0 where nothing is. */
  readonly corners: Int32Array;
  /** [H*W, 3] the triangle's corners in the UV chart; 0 where nothing is. */
  readonly uvCorners: Int32Array;
  /** [H*W] 1 where a triangle is, else 0. */
  readonly coverage: Float32Array;
  /** [H*W] 1 where the triangle shows its outside, 0 where it is seen from inside (through the mouth or neck) and where nothing is. */
  readonly facing: Float32Array;
}

/** The same as tensors of a program. */
export interface RasterTensors {
  readonly corners: Tensor;
  readonly uvCorners: Tensor;
  readonly coverage: Tensor;
  readonly facing?: Tensor | undefined;
  readonly silhouettePixels?: Tensor | undefined;
  readonly silhouetteEdges?: Tensor | undefined;
}

/** What of the raster is wanted. */
export interface RasterInputOptions {
  /**
   * Also find silhouettes, for `antialias`: at most this many, or `true` for one to every eight pixels and eight to every row and column
   * (default none).
   */
  readonly silhouettes?: number | boolean | undefined;
}

/** The triangles to draw. */
export interface RasterSurface {
  /** [T, 3] counter-clockwise from outside; collapsed ones (three equal indices) are not drawn. */
  readonly triangles: Uint32Array;
  /** [T, 3] */
  readonly uvTriangles: Uint32Array;
}

/** Entries of the silhouette arrays. */
function silhouetteCount(
  { width, height }: PictureSize,
  { silhouettes = false }: RasterInputOptions,
): number {
  if (typeof silhouettes === 'number') return silhouettes;
  return silhouettes ? Math.max(Math.ceil((width * height) / 8), 8 * (width + height)) : 0;
}

/** Arrays for `rasterInput` to write into. */
export function createRasterInput(size: PictureSize, options: RasterInputOptions = {}): RasterInput {
  const pixels = size.width * size.height;
  const count = silhouetteCount(size, options);
  return {
    corners: new Int32Array(pixels * 3),
    uvCorners: new Int32Array(pixels * 3),
    coverage: new Float32Array(pixels),
    facing: new Float32Array(pixels),
    ...(count > 0
      ? { silhouettePixels: new Int32Array(count * 2), silhouetteEdges: new Int32Array(count * 2) }
      : {}),
  };
}

type RequiredRaster = 'corners' | 'uvCorners' | 'coverage' | 'facing';

/** Shapes of the arrays by name, for the inputs of a program. */
export function rasterSpecs(
  size: PictureSize,
  options: RasterInputOptions = {},
): Readonly<Record<RequiredRaster, TensorSpec>> & Partial<Readonly<Record<keyof Silhouette, TensorSpec>>> {
  const pixels = size.width * size.height;
  const count = silhouetteCount(size, options);
  return {
    corners: { shape: [pixels, 3], dtype: 'int32' },
    uvCorners: { shape: [pixels, 3], dtype: 'int32' },
    coverage: { shape: [pixels] },
    facing: { shape: [pixels] },
    ...(count > 0
      ? {
          silhouettePixels: { shape: [count, 2], dtype: 'int32' },
          silhouetteEdges: { shape: [count, 2], dtype: 'int32' },
        }
      : {}),
  };
}

/**
 * @param projected [V, 3] u, v in pixels and depth, as `projectVertices` returns them
 * @param reuse arrays of the same size to write into; silhouettes are found if they have arrays for them
 * @throws RangeError when the arrays to reuse are of another size
 */
export function rasterInput(
  projected: Float32Array,
  { triangles, uvTriangles }: RasterSurface,
  { width, height }: PictureSize,
  reuse: RasterInput = createRasterInput({ width, height }),
): RasterInput {
  if (reuse.coverage.length !== width * height)
    throw new RangeError(
      `rasterInput: the arrays to reuse hold ${reuse.coverage.length} pixels, the picture ${width} x ${height}.`,
    );
  const { shown, inverseDepth } = rasterizeShown(projected, triangles, width, height);
  const { corners, uvCorners, coverage, facing } = reuse;
  corners.fill(0);
  uvCorners.fill(0);
  coverage.fill(0);
  facing.fill(0);
  for (let pixel = 0; pixel < shown.length; pixel++) {
    const code = shown[pixel];
    if (code === 0) continue;
    const id = (Math.abs(code) - 1) * 3;
    const at = pixel * 3;
    corners[at] = triangles[id];
    corners[at + 1] = triangles[id + 1];
    corners[at + 2] = triangles[id + 2];
    uvCorners[at] = uvTriangles[id];
    uvCorners[at + 1] = uvTriangles[id + 1];
    uvCorners[at + 2] = uvTriangles[id + 2];
    coverage[pixel] = 1;
    if (code > 0) facing[pixel] = 1;
  }
  const { silhouettePixels, silhouetteEdges } = reuse;
  if (silhouettePixels && silhouetteEdges)
    findSilhouette(
      projected,
      triangles,
      { width, height, triangleIds: shown.map((code) => Math.abs(code) - 1), inverseDepth },
      { silhouettePixels, silhouetteEdges },
    );
  return reuse;
}

/**
 * The same in one number a pixel, which `packRaster` takes: 0 where nothing is, else 1 + the triangle's index, negative where the triangle is seen
 * from inside. @returns [H*W]
 */
export function shownTriangles(
  projected: Float32Array,
  triangles: Uint32Array,
  { width, height }: PictureSize,
): Int32Array {
  return rasterizeShown(projected, triangles, width, height).shown;
}
