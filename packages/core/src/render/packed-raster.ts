/**
 * A raster without the pixels that show nothing: of a network's crop a head covers half, and the program spares the other half in all
 * that it computes per pixel. The arrays have a fixed size, so that how many pixels there is room for is part of the program.
 */
import {
  cast,
  concat,
  customVjp,
  gatherElements,
  mul,
  zeros,
  type Tensor,
  type TensorSpec,
} from '@likeness/graph';
import { joinPlanes, splitPlanes } from './planes.ts';
import type { PictureSize, RasterSurface } from './raster-input.ts';

/** What the covered pixels show, one entry each, in row-major order; entries that are not in use are 0. */
export interface PackedRaster {
  /** [3, N] first, second and third vertices of the triangles. */
  readonly corners: Int32Array;
  /** [10, N] u and v of the three corners in the UV chart, column and row of the pixel's centre, `facing`, and 1 where the entry is in use. */
  readonly values: Float32Array;
  /** [N] which pixel an entry is. */
  readonly pixels: Int32Array;
  /** [H*W] which entry a pixel shows; N where it shows nothing. */
  readonly entries: Int32Array;
}

/** The same as tensors of a program. */
export type PackedRasterTensors = Readonly<Record<keyof PackedRaster, Tensor>>;

/** Planes of `PackedRaster.values`. */
export const PACKED_VALUES = 10;

/** Shapes of the arrays by name, for the inputs of a program. @param room entries */
export function packedRasterSpecs(
  { width, height }: PictureSize,
  room: number,
): Readonly<Record<keyof PackedRaster, TensorSpec>> {
  return {
    corners: { shape: [3, room], dtype: 'int32' },
    values: { shape: [PACKED_VALUES, room] },
    pixels: { shape: [room], dtype: 'int32' },
    entries: { shape: [width * height], dtype: 'int32' },
  };
}

/** What a pixel's triangle looks up. */
export interface PackedSurface extends RasterSurface {
  /** [U, 2] of the chart. */
  readonly uvs: Float32Array;
}

/**
 * @param shown from `shownTriangles`
 * @param room entries of the arrays
 * @param reuse arrays of the same sizes to write into
 * @throws RangeError when more pixels are covered than there is room for
 */
export function packRaster(
  shown: Int32Array,
  { triangles, uvTriangles, uvs }: PackedSurface,
  { width, height }: PictureSize,
  room: number,
  reuse?: PackedRaster,
): PackedRaster {
  const out = reuse ?? {
    corners: new Int32Array(3 * room),
    values: new Float32Array(PACKED_VALUES * room),
    pixels: new Int32Array(room),
    entries: new Int32Array(width * height),
  };
  const { values, pixels, entries } = out;
  if (shown.length !== width * height)
    throw new RangeError(
      `packRaster: expected ${width * height} pixels for ${width} x ${height}, received ${shown.length}.`,
    );
  if (pixels.length !== room || entries.length !== width * height)
    throw new RangeError(
      `packRaster: the arrays to reuse hold ${pixels.length} of ${entries.length} pixels, expected ${room} of ${width} x ${height}.`,
    );
  // Each plane by itself, written in order: a loop over planes for each pixel takes half as long again.
  const [a, b, c] = planesOfArray(out.corners, 3, room);
  const [ua, va, ub, vb, uc, vc, column, line, outside, inUse] = planesOfArray(values, PACKED_VALUES, room);
  let used = 0;
  for (let row = 0, pixel = 0; row < height; row++) {
    for (let x = 0; x < width; x++, pixel++) {
      const code = shown[pixel];
      if (code === 0) {
        entries[pixel] = room;
        continue;
      }
      if (used === room) throw new RangeError(`packRaster: more than ${room} pixels are covered.`);
      const at = (code > 0 ? code - 1 : -1 - code) * 3;
      a[used] = triangles[at];
      b[used] = triangles[at + 1];
      c[used] = triangles[at + 2];
      const first = uvTriangles[at] * 2;
      ua[used] = uvs[first];
      va[used] = uvs[first + 1];
      const second = uvTriangles[at + 1] * 2;
      ub[used] = uvs[second];
      vb[used] = uvs[second + 1];
      const third = uvTriangles[at + 2] * 2;
      uc[used] = uvs[third];
      vc[used] = uvs[third + 1];
      column[used] = x + 0.5;
      line[used] = row + 0.5;
      outside[used] = code > 0 ? 1 : 0;
      inUse[used] = 1;
      pixels[used] = pixel;
      entries[pixel] = used++;
    }
  }
  for (let plane = 0; plane < PACKED_VALUES; plane++) values.fill(0, plane * room + used, (plane + 1) * room);
  for (let k = 0; k < 3; k++) out.corners.fill(0, k * room + used, (k + 1) * room);
  pixels.fill(0, used);
  return out;
}

function planesOfArray<T extends Float32Array | Int32Array>(stacked: T, count: number, length: number): T[] {
  return Array.from(
    { length: count },
    (_, plane) => stacked.subarray(plane * length, (plane + 1) * length) as T,
  );
}

/** Covered pixels. @param shown from `shownTriangles` */
export function coveredPixels(shown: Int32Array): number {
  let count = 0;
  // By index: an iterator takes ten times as long.
  for (let pixel = 0; pixel < shown.length; pixel++) if (shown[pixel] !== 0) count++;
  return count;
}

/**
 * Planes of entries as planes of pixels, 0 where nothing is shown. Each pixel shows one entry and each entry is one pixel, so that the
 * adjoint is a gather too.
 *
 * @param planes [C, N]
 * @param used [N]
 * @returns [C, H*W]
 */
export function spreadPixels(
  planes: Tensor,
  { pixels, entries }: Pick<PackedRasterTensors, 'pixels' | 'entries'>,
  used: Tensor,
): Tensor {
  const read = (rows: readonly Tensor[], at: Tensor): Tensor =>
    joinPlanes(rows.map((plane) => gatherElements(plane, at)));
  const spread = customVjp(
    (x: Tensor, at: Tensor, _back: Tensor, _used: Tensor) => {
      const nothing = zeros([1], x.dtype);
      return read(
        splitPlanes(x).map((plane) => concat([plane, nothing], 0)),
        at,
      );
    },
    ({ inputs: [, , back, inUse], cotangents: [g] }) => [
      mul(read(splitPlanes(g), back), inUse),
      undefined,
      undefined,
      undefined,
    ],
  );
  return spread(planes, cast(entries, 'int64'), cast(pixels, 'int64'), used);
}
