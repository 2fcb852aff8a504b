/**
 * Affine crop of an 8-bit image into a float array: what every network's input is made by.
 *
 * A crop that shrinks averages the area under each output pixel: it starts at the pyramid level at most 2 x finer than
 * needed and takes 2 x 2 bilinear samples per pixel there. Plain bilinear sampling at 4 x shrinking reads 4 of 16 pixels;
 * on the London set it moved the mesh network's landmarks by noise of the size of the error that is being measured
 * (docs/decisions, benchmarks/analysis/london-landmarks.ts).
 */
import type { Affine } from './affine.ts';
import type { Pyramid } from './pyramid.ts';

export interface CropOptions {
  /** Value of an 8-bit 0 in the output. */
  readonly low?: number;
  /** Value of an 8-bit 255 in the output. */
  readonly high?: number;
  /** 8-bit value outside the image. */
  readonly outside?: number;
}

export const CROP_DEFAULTS: Required<CropOptions> = { low: 0, high: 1, outside: 0 };

/**
 * Samples `toImage` (crop pixels -> image pixels) on a `width` x `height` grid.
 * @returns [height, width, 3] (grey images are repeated), values in low..high, written to `out` where given.
 */
export function cropAffine(
  pyramid: Pyramid,
  toImage: Affine,
  width: number,
  height: number,
  options: CropOptions = {},
  out: Float32Array = new Float32Array(width * height * 3),
): Float32Array {
  if (out.length !== width * height * 3) {
    throw new RangeError(`The crop's output needs ${width * height * 3} values, got ${out.length}.`);
  }
  const low = options.low ?? CROP_DEFAULTS.low;
  const high = options.high ?? CROP_DEFAULTS.high;
  const outside = options.outside ?? CROP_DEFAULTS.outside;
  const shrink = Math.sqrt(Math.abs(toImage.a * toImage.e - toImage.b * toImage.d));
  const levelIndex = Math.max(0, Math.floor(Math.log2(Math.max(shrink, 1e-6)) + 1e-6));
  const source = pyramid.level(levelIndex);
  const factor = 1 / 2 ** Math.min(levelIndex, pyramid.levels.length - 1);
  // At a scale near 1 or when enlarging, one sample is the whole truth; four are taken where a pixel covers more.
  const samples = shrink * factor > 1.05 ? 2 : 1;
  const gain = (high - low) / 255 / (samples * samples);
  // The edge of the image itself, not of the level, which may lack an odd last row.
  const full = pyramid.levels[0];
  const sampler = {
    source,
    outside,
    right: full.width * factor,
    bottom: full.height * factor,
    sum: new Float64Array(3),
  };
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0; x < width; x++, o += 3) {
      sampler.sum.fill(0);
      for (let s = 0; s < samples * samples; s++) {
        const px = x + ((s % samples) + 0.5) / samples;
        const py = y + (Math.floor(s / samples) + 0.5) / samples;
        addSample(
          sampler,
          (toImage.a * px + toImage.b * py + toImage.c) * factor,
          (toImage.d * px + toImage.e * py + toImage.f) * factor,
        );
      }
      out[o] = low + gain * sampler.sum[0];
      out[o + 1] = low + gain * sampler.sum[1];
      out[o + 2] = low + gain * sampler.sum[2];
    }
  }
  return out;
}

interface Sampler {
  readonly source: {
    readonly width: number;
    readonly height: number;
    readonly channels: number;
    readonly data: Uint8Array;
  };
  readonly outside: number;
  readonly right: number;
  readonly bottom: number;
  readonly sum: Float64Array;
}

/** Adds one bilinear sample at (x, y), pixel centres at +0.5; outside the image it is `outside`, no blending at the edge. */
function addSample(sampler: Sampler, x: number, y: number): void {
  const { source, outside, sum } = sampler;
  const { width, height, channels, data } = source;
  if (!(x >= 0 && y >= 0 && x <= sampler.right && y <= sampler.bottom)) {
    sum[0] += outside;
    sum[1] += outside;
    sum[2] += outside;
    return;
  }
  const u = Math.min(Math.max(x - 0.5, 0), width - 1);
  const v = Math.min(Math.max(y - 0.5, 0), height - 1);
  const x0 = Math.floor(u);
  const y0 = Math.floor(v);
  const fx = u - x0;
  const fy = v - y0;
  const step = x0 + 1 < width ? channels : 0;
  const row = y0 + 1 < height ? width * channels : 0;
  const i = (y0 * width + x0) * channels;
  const w11 = fx * fy;
  const w10 = fx - w11;
  const w01 = fy - w11;
  const w00 = 1 - fx - w01;
  const colour = channels >= 3 ? 1 : 0;
  for (let c = 0; c < 3; c++) {
    const p = i + c * colour;
    sum[c] += w00 * data[p] + w10 * data[p + step] + w01 * data[p + row] + w11 * data[p + step + row];
  }
}
