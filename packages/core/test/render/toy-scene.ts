/**
 * A small scene for tests of the differentiable renderer: a bumpy, tilted sheet folded over itself, a chart with indices of its
 * own, and a crop that turns, scales and shifts.
 */
import { constant, type Tensor } from '@likeness/graph';
import { project, type PinholeCamera } from '../../src/camera/index.ts';
import {
  coveredPixels,
  createRasterInput,
  packedRasterSpecs,
  packRaster,
  shownTriangles,
  rasterInput,
  type PackedRasterTensors,
  type PictureSize,
  type RasterInput,
  type RasterInputOptions,
  type RasterTensors,
} from '../../src/render/index.ts';

const SIDE = 6;

export const scene: {
  readonly positions: Float32Array;
  readonly triangles: Uint32Array;
  readonly uvs: Float32Array;
  readonly uvTriangles: Uint32Array;
} = (() => {
  const positions = new Float32Array(SIDE * SIDE * 3);
  const uvs = new Float32Array(SIDE * SIDE * 2);
  const triangles: number[] = [];
  const last = SIDE * SIDE - 1;
  for (let j = 0; j < SIDE; j++)
    for (let i = 0; i < SIDE; i++) {
      const k = j * SIDE + i;
      const [s, t] = [i / (SIDE - 1), j / (SIDE - 1)];
      positions.set(
        [
          // The fold: on the right the sheet comes back in front of itself and shows its inside.
          160 * (Math.min(s, 0.75) - 0.5) - 170 * Math.max(0, s - 0.75) + 3 * Math.sin(5 * t),
          140 * (0.5 - t) + 5 * Math.sin(4 * s),
          30 * Math.sin(3 * s + 1) * Math.cos(2 * t) + 160 * Math.max(0, s - 0.6),
        ],
        k * 3,
      );
      // Counted from the other end, so that a mix-up of the two indices shows.
      uvs.set([0.08 + 0.83 * s, 0.06 + 0.87 * t], (last - k) * 2);
      if (i + 1 < SIDE && j + 1 < SIDE) triangles.push(k, k + SIDE, k + 1, k + 1, k + SIDE, k + SIDE + 1);
    }
  return {
    positions,
    triangles: Uint32Array.from(triangles),
    uvs,
    uvTriangles: Uint32Array.from(triangles, (k) => last - k),
  };
})();

export const size: PictureSize = { width: 22, height: 19 };

/** Photo pixels to the picture's: turned by a tenth of a radian, a fifth of the size, shifted. */
export const crop: Float32Array = (() => {
  const [c, s] = [0.2 * Math.cos(0.1), 0.2 * Math.sin(0.1)];
  return Float32Array.of(c, -s, 3.3, s, c, -1.1);
})();

export const camera: PinholeCamera = {
  widthPx: 90,
  heightPx: 100,
  focalPx: 310,
  principalPointPx: [44.2, 51.7],
  rotation: [0.21, -0.32, 0.07],
  translationMm: [4, -3, -640],
};

/** [3, 9] */
export const harmonics: Float32Array = Float32Array.from({ length: 27 }, (_, i) =>
  i % 9 === 0 ? 0.75 + 0.05 * Math.floor(i / 9) : 0.09 * Math.sin(1.7 * i),
);

export const TEXTURE_SIZE = 4;

/** [1, 3, S, S] sRGB-encoded, one value near the dark end of the curve. */
export const texture: Float32Array = Float32Array.from(
  { length: 3 * TEXTURE_SIZE ** 2 },
  (_, i) => 0.45 + 0.4 * Math.sin(2.3 * i + 0.02 * i * i),
);

/** `project`, then the crop. */
export function projectIntoCrop(
  positions: Float32Array = scene.positions,
  of: PinholeCamera = camera,
  into: ArrayLike<number> = crop,
): Float32Array {
  const out = project(of, positions);
  for (let i = 0; i < out.length; i += 3) {
    const [u, v] = [out[i], out[i + 1]];
    out[i] = into[0] * u + into[1] * v + into[2];
    out[i + 1] = into[3] * u + into[4] * v + into[5];
  }
  return out;
}

export function rasterOf(options?: RasterInputOptions, projected = projectIntoCrop()): RasterInput {
  return rasterInput(projected, scene, size, createRasterInput(size, options));
}

/** A raster as constants of a program. */
export function rasterConstants(raster: RasterInput): RasterTensors {
  const pixels = raster.coverage.length;
  const pairs = (data: Int32Array | undefined): Tensor | undefined =>
    data && constant(data, [data.length / 2, 2], 'int32');
  return {
    corners: constant(raster.corners, [pixels, 3], 'int32'),
    uvCorners: constant(raster.uvCorners, [pixels, 3], 'int32'),
    coverage: constant(raster.coverage, [pixels]),
    facing: constant(raster.facing, [pixels]),
    silhouettePixels: pairs(raster.silhouettePixels),
    silhouetteEdges: pairs(raster.silhouetteEdges),
  };
}

/** What `rasterOf()` finds, packed, with some entries to spare. */
export function packedConstants(spare = 7): PackedRasterTensors {
  const shown = shownTriangles(projectIntoCrop(), scene.triangles, size);
  const room = coveredPixels(shown) + spare;
  const packed = packRaster(shown, scene, size, room);
  const specs = packedRasterSpecs(size, room);
  const tensor = (name: keyof typeof specs): Tensor =>
    constant(packed[name], specs[name].shape, specs[name].dtype);
  return {
    corners: tensor('corners'),
    values: tensor('values'),
    pixels: tensor('pixels'),
    entries: tensor('entries'),
  };
}
