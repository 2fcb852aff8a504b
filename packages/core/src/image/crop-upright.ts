/**
 * The crop whose rows stay rows, which is most of them: where a column's samples lie is found once, not once a row. The same
 * sums in the same order as the general loop, so the same bytes, in half the time.
 */
import type { Image } from './image.ts';

export interface CropAxis {
  /** Image pixels per crop pixel, and where the crop starts in the image. */
  readonly scale: number;
  readonly start: number;
  /** From image pixels to the level's. */
  readonly factor: number;
  /** Samples a crop pixel. */
  readonly samples: number;
  /** Pixels of the level, and where the image ends in it. */
  readonly length: number;
  readonly limit: number;
  /** Whether positions beyond the image read its border. */
  readonly edge: boolean;
}

/** Where samples lie along one axis of the level. */
export interface AxisSamples {
  /** Pixel before the sample, -1 where it lies beyond the image. */
  readonly first: Int32Array;
  /** 1 where there is a pixel behind it, else 0. */
  readonly step: Int32Array;
  /** Share 0..1 of that one. */
  readonly share: Float64Array;
}

export function axisSamples(
  { scale, start, factor, samples, length, limit, edge }: CropAxis,
  size: number,
): AxisSamples {
  const count = size * samples;
  const first = new Int32Array(count);
  const step = new Int32Array(count);
  const share = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    const position = (scale * (Math.floor(k / samples) + ((k % samples) + 0.5) / samples) + start) * factor;
    const inside = Math.min(Math.max(position - 0.5, 0), length - 1);
    const pixel = inside | 0;
    first[k] = edge || (position >= 0 && position <= limit) ? pixel : -1;
    step[k] = pixel + 1 < length ? 1 : 0;
    share[k] = inside - pixel;
  }
  return { first, step, share };
}

/** @returns `out`, [height, width, 3] */
export function cropUpright(
  { width, channels, data }: Image,
  columns: AxisSamples,
  rows: AxisSamples,
  samples: number,
  { low, gain, outside }: { readonly low: number; readonly gain: number; readonly outside: number },
  out: Float32Array,
): Float32Array {
  const green = channels >= 3 ? 1 : 0;
  const blue = green * 2;
  const { first, step, share } = columns;
  for (let row = 0, o = 0; row < rows.first.length; row += samples) {
    for (let column = 0; column < first.length; column += samples, o += 3) {
      let sum0 = 0;
      let sum1 = 0;
      let sum2 = 0;
      for (let j = row; j < row + samples; j++) {
        const y = rows.first[j];
        const fy = rows.share[j];
        const down = rows.step[j] * width * channels;
        for (let i = column; i < column + samples; i++) {
          const x = first[i];
          if (x < 0 || y < 0) {
            sum0 += outside;
            sum1 += outside;
            sum2 += outside;
            continue;
          }
          const p00 = (y * width + x) * channels;
          const p10 = p00 + step[i] * channels;
          const p01 = p00 + down;
          const p11 = p10 + down;
          const fx = share[i];
          const w11 = fx * fy;
          const w10 = fx - w11;
          const w01 = fy - w11;
          const w00 = 1 - fx - w01;
          sum0 += w00 * data[p00] + w10 * data[p10] + w01 * data[p01] + w11 * data[p11];
          sum1 +=
            w00 * data[p00 + green] +
            w10 * data[p10 + green] +
            w01 * data[p01 + green] +
            w11 * data[p11 + green];
          sum2 +=
            w00 * data[p00 + blue] + w10 * data[p10 + blue] + w01 * data[p01 + blue] + w11 * data[p11 + blue];
        }
      }
      out[o] = low + gain * sum0;
      out[o + 1] = low + gain * sum1;
      out[o + 2] = low + gain * sum2;
    }
  }
  return out;
}
