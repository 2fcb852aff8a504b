/**
 * The part of the chart that the GAN generates. In likeness-head's chart photographs show something in one box around the
 * face; the rest is smooth and follows from the face (`continue-map.ts`), so the networks spend nothing on it: a third of
 * the texels of the whole map.
 */

/** A window of a square map whose sides are `base` times a power of two. */
export interface FaceWindow {
  /** Texels per side of the whole map. */
  readonly mapSize: number;
  readonly x: number;
  readonly y: number;
  /** Height and width of the coarsest level; level l is 2^l times as large. */
  readonly base: readonly [number, number];
  /** The level whose texels are the map's. */
  readonly topLevel: number;
}

/** Of likeness-head's chart at 512: 256 x 320 texels around the face, symmetric about the chart's axis. */
export const FACE_WINDOW: FaceWindow = { mapSize: 512, x: 128, y: 16, base: [5, 4], topLevel: 6 };

/** Height and width of a level. */
export function levelSize({ base }: FaceWindow, level: number): [number, number] {
  return [base[0] << level, base[1] << level];
}

/** The window of a map at every level, coarsest first: means of blocks. @param map [3, S, S] sRGB8; @returns [3, h, w] in -1..1 */
export function windowPyramid(map: Uint8Array, window: FaceWindow): Float32Array[] {
  const [height, width] = levelSize(window, window.topLevel);
  const size = window.mapSize;
  if (map.length !== 3 * size * size)
    throw new RangeError(
      `windowPyramid: expected a map of ${size} x ${size}, received ${map.length} values.`,
    );
  const top = new Float32Array(3 * height * width);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        top[(c * height + y) * width + x] = map[(c * size + y + window.y) * size + x + window.x] / 127.5 - 1;
  const levels: Float32Array[] = [top];
  for (let level = window.topLevel; level > 0; level--) {
    const [h, w] = levelSize(window, level);
    levels.unshift(halveImage(levels[0], h, w));
  }
  return levels;
}

/** [3, h, w] -> [3, h / 2, w / 2]: means of blocks. */
export function halveImage(image: Float32Array, height: number, width: number): Float32Array {
  const [h, w] = [height / 2, width / 2];
  const out = new Float32Array(3 * h * w);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) {
        const at = (c * height + 2 * y) * width + 2 * x;
        out[(c * h + y) * w + x] =
          (image[at] + image[at + 1] + image[at + width] + image[at + width + 1]) / 4;
      }
  return out;
}
