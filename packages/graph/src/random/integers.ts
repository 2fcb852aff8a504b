// Whole numbers without modulo bias, and permutations.
import { checkShape, sizeOf, type Shape } from '../shape.ts';
import { wordAt, words, type RandomKey } from './key.ts';
import { multiplyHigh } from './philox.ts';

/**
 * A uniform whole number in [0, range) from word `word` at `index` of a key's sequence, range in [1, 2^32]: Lemire,
 * "Fast random integer generation in an interval" (2019). The few words that would make some numbers likelier are
 * replaced by the word at the same index of the next sequence, so that every element stands by itself.
 */
export function below(range: number, key: RandomKey, index: number, word: number): number {
  if (range === 2 ** 32) return word;
  const threshold = 2 ** 32 % range;
  for (let attempt = 1; Math.imul(word, range) >>> 0 < threshold; attempt++) {
    word = wordAt(key, index, attempt);
  }
  return multiplyHigh(word, range);
}

/** Bounds of `integers`. */
export interface IntegerOptions {
  /** Smallest value (default 0). */
  readonly min?: number | undefined;
  /** Bound above, never reached. */
  readonly max: number;
}

/** Uniform whole numbers in [min, max), row-major; bounds within int32. */
export function integers(
  key: RandomKey,
  shape: Shape,
  { min = 0, max }: IntegerOptions,
): Int32Array<ArrayBuffer> {
  if (!Number.isInteger(min) || !Number.isInteger(max) || !(min < max) || min < -(2 ** 31) || max > 2 ** 31) {
    throw new RangeError(
      `random.integers: expected whole bounds min < max within int32, received ${min} and ${max}`,
    );
  }
  checkShape(shape, 'random.integers');
  const drawn = words(key, sizeOf(shape));
  const out = new Int32Array(drawn.length);
  for (let i = 0; i < out.length; i++) out[i] = min + below(max - min, key, i, drawn[i]);
  return out;
}

/** A uniformly random order of 0 .. count - 1 (Fisher-Yates). */
export function permutation(key: RandomKey, count: number): Int32Array<ArrayBuffer> {
  if (!Number.isInteger(count) || count < 0 || count > 2 ** 31) {
    throw new RangeError(`random.permutation: expected a count in [0, 2^31], received ${count}`);
  }
  const drawn = words(key, count);
  const out = Int32Array.from({ length: count }, (_, index) => index);
  for (let i = count - 1; i > 0; i--) {
    const j = below(i + 1, key, i, drawn[i]);
    const moved = out[i];
    out[i] = out[j];
    out[j] = moved;
  }
  return out;
}
