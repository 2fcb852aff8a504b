/** log linear RGB to 8-bit sRGB by a table: the exponentials of two million logs took longer than all lookups together. */
import { linearToSrgb8 } from '../image/index.ts';

/** Darkest log in the table; e^-9 is far below sRGB's first step. */
const RANGE = 9;
/** Steps per unit: finer than an 8-bit step of the brightest value. */
const STEPS = 2048;
const TABLE: Uint8Array = Uint8Array.from({ length: RANGE * STEPS + 1 }, (_, i) =>
  linearToSrgb8(Math.exp(i / STEPS - RANGE)),
);

/** sRGB8 of e^log, clamped to 0..255. */
export function logToSrgb8(log: number): number {
  const bin = (log + RANGE) * STEPS;
  return TABLE[bin <= 0 ? 0 : bin >= RANGE * STEPS ? RANGE * STEPS : Math.round(bin)];
}
