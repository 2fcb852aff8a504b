/**
 * Fine detail to choose from. Pores, stubble and creases stand at their place in the chart, and few training steps on a
 * processor teach convolutions what they look like only slowly. So the generator's finest level also chooses, place by
 * place, among the detail of some training maps: what is above the level below, as luminance. Which one, and how much of
 * it, is learned.
 */
import type { FaceWindow } from './face-window.ts';

export interface Exemplars {
  readonly count: number;
  /** [K, h, w] of the finest level, luminance in the images' units (-1..1), without what the coarser level shows. */
  readonly images: Float32Array;
  /** The level whose picture is taken away. */
  readonly below: number;
}

/** Rec. 709 weights of luminance. */
const LUMA = [0.2126, 0.7152, 0.0722] as const;
/** Side of the blocks in which amounts of detail are compared. */
const BLOCK = 16;

/**
 * Chooses maps whose amounts of detail differ most, one after the other (farthest point), from the most ordinary one on.
 * @param pyramids of each map its levels (`windowPyramid`)
 * @throws RangeError for more exemplars than maps
 */
export function chooseExemplars(
  pyramids: readonly (readonly Float32Array[])[],
  window: FaceWindow,
  count: number,
  below: number,
): Exemplars {
  if (count > pyramids.length)
    throw new RangeError(`chooseExemplars: ${count} exemplars of ${pyramids.length} maps.`);
  const [h, w] = [window.base[0] << window.topLevel, window.base[1] << window.topLevel];
  const details = pyramids.map((levels) => detailOf(levels, window, below));
  const amounts = details.map((detail) => amountOf(detail, h, w));
  const mean = amounts[0].map((_, i) => amounts.reduce((sum, amount) => sum + amount[i], 0) / amounts.length);
  let next = indexOfLeast(amounts.map((amount) => distance(amount, mean)));
  const nearest = new Float64Array(amounts.length).fill(Infinity);
  const images = new Float32Array(count * h * w);
  for (let k = 0; k < count; k++) {
    images.set(details[next], k * h * w);
    amounts.forEach((amount, i) => (nearest[i] = Math.min(nearest[i], distance(amount, amounts[next]))));
    next = indexOfLeast(Array.from(nearest, (value) => -value));
  }
  return { count, images, below };
}

/** [h, w] luminance of the finest level less that of a coarser one, enlarged bilinearly. */
function detailOf(levels: readonly Float32Array[], window: FaceWindow, below: number): Float32Array {
  const size = (level: number): readonly [number, number] => [
    window.base[0] << level,
    window.base[1] << level,
  ];
  const [h, w] = size(window.topLevel);
  const [rows, columns] = size(below);
  const fine = luminance(levels[window.topLevel]);
  const coarse = luminance(levels[below]);
  const out = new Float32Array(h * w);
  const at = (i: number, from: number, to: number): readonly [number, number, number] => {
    const position = Math.min(to - 1, Math.max(0, ((i + 0.5) * to) / from - 0.5));
    const low = Math.floor(position);
    return [low, Math.min(to - 1, low + 1), position - low];
  };
  for (let y = 0; y < h; y++) {
    const [top, bottom, down] = at(y, h, rows);
    for (let x = 0; x < w; x++) {
      const [left, right, across] = at(x, w, columns);
      const upper = (1 - across) * coarse[top * columns + left] + across * coarse[top * columns + right];
      const lower =
        (1 - across) * coarse[bottom * columns + left] + across * coarse[bottom * columns + right];
      out[y * w + x] = fine[y * w + x] - (1 - down) * upper - down * lower;
    }
  }
  return out;
}

function luminance(image: Float32Array): Float32Array {
  const plane = image.length / 3;
  return Float32Array.from(
    { length: plane },
    (_, i) => LUMA[0] * image[i] + LUMA[1] * image[plane + i] + LUMA[2] * image[2 * plane + i],
  );
}

/** Mean magnitude in blocks. */
function amountOf(detail: Float32Array, h: number, w: number): Float64Array {
  const columns = Math.ceil(w / BLOCK);
  const out = new Float64Array(Math.ceil(h / BLOCK) * columns);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      out[Math.floor(y / BLOCK) * columns + Math.floor(x / BLOCK)] += Math.abs(detail[y * w + x]);
  return out;
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
};

const indexOfLeast = (values: readonly number[]): number =>
  values.reduce((best, value, i) => (value < values[best] ? i : best), 0);
