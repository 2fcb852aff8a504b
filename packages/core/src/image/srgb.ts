/**
 * sRGB <-> linear RGB (IEC 61966-2-1). Textures and photos are stored in sRGB, shading and blending are done in linear
 * light; every pixel passes here, so the 8-bit direction is a table.
 */

/** One sRGB-encoded value 0..1 to linear 0..1. */
export function srgbToLinear(encoded: number): number {
  return encoded <= 0.04045 ? encoded / 12.92 : ((encoded + 0.055) / 1.055) ** 2.4;
}

/** One linear value 0..1 to sRGB-encoded 0..1. */
export function linearToSrgb(linear: number): number {
  return linear <= 0.0031308 ? linear * 12.92 : 1.055 * linear ** (1 / 2.4) - 0.055;
}

/** [256] linear value 0..1 of each 8-bit sRGB value. */
export const SRGB8_TO_LINEAR: Float32Array = Float32Array.from({ length: 256 }, (_, i) =>
  srgbToLinear(i / 255),
);

/** Bins of the inverse table: fine enough that the darkest bin still lies within one 8-bit step of the curve's steep start. */
const BINS = 8192;
const LINEAR_TO_SRGB8: Uint8ClampedArray = Uint8ClampedArray.from(
  { length: BINS + 1 },
  (_, i) => 255 * linearToSrgb(i / BINS),
);

/** One linear value to the nearest 8-bit sRGB value (at most one step off in the darkest bins); clamps outside 0..1, NaN becomes 0. */
export function linearToSrgb8(linear: number): number {
  return linear > 0 ? LINEAR_TO_SRGB8[linear >= 1 ? BINS : Math.round(linear * BINS)] : 0;
}
