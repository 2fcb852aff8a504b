// Normal numbers, whole and truncated.
import { checkShape, sizeOf, type Shape } from '../shape.ts';
import { below } from './integers.ts';
import { words, type RandomKey } from './key.ts';
import { normalOfWord } from './normal-quantile.ts';

/** Options of `normal`. */
export interface NormalOptions {
  readonly mean?: number | undefined;
  readonly deviation?: number | undefined;
}

/** Defaults of `normal`. */
export const NORMAL_DEFAULTS: { readonly mean: number; readonly deviation: number } = {
  mean: 0,
  deviation: 1,
};

/** Parameters that make sense. */
export function checkedNormal(options: NormalOptions): { readonly mean: number; readonly deviation: number } {
  const { mean = NORMAL_DEFAULTS.mean, deviation = NORMAL_DEFAULTS.deviation } = options;
  if (!Number.isFinite(mean) || !(deviation >= 0) || deviation === Infinity) {
    throw new RangeError(
      `random.normal: expected a finite mean and deviation >= 0, received ${mean} and ${deviation}`,
    );
  }
  return { mean, deviation };
}

/** Normal float32, row-major: quantiles of 2^32 equally likely probabilities, |z| < 6.34 standard deviations. */
export function normal(key: RandomKey, shape: Shape, options: NormalOptions = {}): Float32Array<ArrayBuffer> {
  const { mean, deviation } = checkedNormal(options);
  checkShape(shape, 'random.normal');
  const drawn = words(key, sizeOf(shape));
  const out = new Float32Array(drawn.length);
  for (let i = 0; i < out.length; i++) out[i] = mean + deviation * normalOfWord(drawn[i]);
  return out;
}

/** Bounds of `truncatedNormal`, in standard deviations; both may be reached. */
export interface TruncationOptions {
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

/** Defaults of `truncatedNormal`. */
export const TRUNCATION_DEFAULTS: { readonly low: number; readonly high: number } = { low: -2, high: 2 };

/**
 * Standard normal float32 within [low, high], row-major: the quantile of a probability drawn uniformly between those of
 * the bounds, so nothing is rejected and far tails cost no more.
 */
export function truncatedNormal(
  key: RandomKey,
  shape: Shape,
  options: TruncationOptions = {},
): Float32Array<ArrayBuffer> {
  const { low = TRUNCATION_DEFAULTS.low, high = TRUNCATION_DEFAULTS.high } = options;
  // Words with a quantile inside form an interval, because the quantile rises with the word.
  const first = firstWord((z) => z >= low);
  const past = firstWord((z) => z > high);
  if (!(first < past)) {
    throw new RangeError(
      `random.truncatedNormal: expected bounds with a normal number between them (within +-6.3), received ${low} and ${high}`,
    );
  }
  checkShape(shape, 'random.truncatedNormal');
  const drawn = words(key, sizeOf(shape));
  const out = new Float32Array(drawn.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = normalOfWord(first + below(past - first, key, i, drawn[i]));
  }
  return out;
}

/** The first word whose number, as a float32, passes; 2^32 if none does. */
function firstWord(passes: (z: number) => boolean): number {
  let from = 0;
  let to = 2 ** 32;
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (passes(Math.fround(normalOfWord(middle)))) to = middle;
    else from = middle + 1;
  }
  return from;
}
