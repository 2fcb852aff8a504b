/**
 * Where to look for faces: square regions of the photo, each handed to the detector as one 256 px crop.
 *
 * A detector with a 256 px input sees faces from a twentieth of its crop up to all of it. So: the whole frame; the frame with
 * a wide margin for faces that fill it; then tiles, each level about half as large as the one before, until the smallest
 * wanted face is large enough in a tile. Tiles overlap by a quarter: a face cut by one tile's edge lies whole in its neighbour.
 */
import type { SquareRegion } from '../image/index.ts';

export interface SearchOptions {
  /** Smallest face to look for, in pixels from brow to chin; how finely the photo is tiled follows from it. */
  readonly minFacePx?: number;
  /**
   * Faces smaller than this fraction of the largest one found are not looked for: passers-by in the background of a
   * portrait. 0 looks for all of them, at the price of up to `maxTiles` more looks.
   */
  readonly minRelativeSize?: number;
  /** No more tiles than this are searched; on larger photos the smallest faces are then given up. */
  readonly maxTiles?: number;
}

export const SEARCH_DEFAULTS: Required<SearchOptions> = {
  minFacePx: 32,
  minRelativeSize: 0.25,
  maxTiles: 84,
};

/** Face size as a fraction of a tile down to which the detector is reliable (benchmarks/analysis/synthetic-faces.ts). */
const MIN_FACE_FRACTION = 0.06;
const OVERLAP = 0.25;
/** Side of the widened frame relative to the photo's longer side. */
const MARGIN = 1.6;

/** The whole photo, letterboxed, turned by `rotation` (radians, clockwise). */
export function frameView(width: number, height: number, rotation: number = 0): SquareRegion {
  return { centreX: width / 2, centreY: height / 2, side: Math.max(width, height), rotation };
}

/** The whole photo with a wide margin, for faces that fill the frame. */
export function marginView(width: number, height: number, rotation: number = 0): SquareRegion {
  return { ...frameView(width, height, rotation), side: Math.max(width, height) * MARGIN };
}

/** Overlapping tiles, coarse to fine; empty where the whole frame already shows the smallest wanted face. */
export function tileViews(
  width: number,
  height: number,
  minFacePx: number,
  maxTiles: number = SEARCH_DEFAULTS.maxTiles,
  rotation: number = 0,
): SquareRegion[] {
  const views: SquareRegion[] = [];
  const smallest = minFacePx / MIN_FACE_FRACTION;
  let side = Math.max(width, height);
  while (side > smallest * 1.1) {
    side = Math.max(smallest, side * 0.55);
    const columns = centres(width, side);
    const rows = centres(height, side);
    if (views.length + columns.length * rows.length > maxTiles) break;
    for (const centreY of rows)
      for (const centreX of columns) views.push({ centreX, centreY, side, rotation });
  }
  return views;
}

/** Centres of the fewest tiles of one side length that cover 0..length with the wanted overlap. */
function centres(length: number, side: number): number[] {
  if (side >= length) return [length / 2];
  const count = Math.ceil((length - side) / (side * (1 - OVERLAP))) + 1;
  return Array.from({ length: count }, (_, i) => side / 2 + ((length - side) * i) / (count - 1));
}
