// Uniform numbers.
import { checkShape, sizeOf, type Shape } from '../shape.ts';
import { words, type RandomKey } from './key.ts';

/** Options of `uniform`. */
export interface UniformOptions {
  /** Smallest value (default 0). */
  readonly min?: number | undefined;
  /** Bound above, never reached (default 1). */
  readonly max?: number | undefined;
}

/** Defaults of `uniform`. */
export const UNIFORM_DEFAULTS: { readonly min: number; readonly max: number } = { min: 0, max: 1 };

/** Bounds that are in order. */
export function checkedBounds(options: UniformOptions): { readonly min: number; readonly max: number } {
  const { min = UNIFORM_DEFAULTS.min, max = UNIFORM_DEFAULTS.max } = options;
  if (!(min < max && Number.isFinite(max - min))) {
    throw new RangeError(`random.uniform: expected finite bounds min < max, received ${min} and ${max}`);
  }
  return { min, max };
}

/** The largest float32 below `value`. */
export function float32Below(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  if (view.getFloat32(0) < value) return view.getFloat32(0);
  const bits = view.getInt32(0);
  // Zero steps to the smallest negative number, positive numbers count down, negative ones up.
  view.setInt32(0, value === 0 ? -0x7fffffff : bits > 0 ? bits - 1 : bits + 1);
  return view.getFloat32(0);
}

/**
 * Uniform float32 in [min, max), row-major. In [0, 1) the values are the multiples of 2^-24 (the upper 24 bits of
 * each word), all equally likely.
 */
export function uniform(
  key: RandomKey,
  shape: Shape,
  options: UniformOptions = {},
): Float32Array<ArrayBuffer> {
  const { min, max } = checkedBounds(options);
  checkShape(shape, 'random.uniform');
  const drawn = words(key, sizeOf(shape));
  const out = new Float32Array(drawn.length);
  const span = max - min;
  const last = float32Below(max);
  for (let i = 0; i < drawn.length; i++) {
    const value = Math.fround(min + (drawn[i] >>> 8) * 2 ** -24 * span);
    // Rounding to float32 may reach max.
    out[i] = value < max ? value : last;
  }
  return out;
}
