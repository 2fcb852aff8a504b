/**
 * The part of the photo around the head, in linear light and at a working resolution: mask and light are found here, so
 * their cost does not depend on the photo's size.
 */
import { cropAffine, pyramidOf, srgbToLinear, type Photo } from '../image/index.ts';

export interface PhotoWindow {
  readonly width: number;
  readonly height: number;
  /** Photo pixel at the window's top left corner. */
  readonly x: number;
  readonly y: number;
  /** Window pixels per photo pixel. */
  readonly scale: number;
  /** [H, W, 3] linear RGB 0..1. */
  readonly linear: Float32Array;
}

/** sRGB 0..1 to linear through a table: 12 bits are finer than the photo's own 8. */
const STEPS = 4096;
const TO_LINEAR: Float32Array = Float32Array.from({ length: STEPS + 1 }, (_, i) => srgbToLinear(i / STEPS));

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Cuts `box` (photo pixels; clipped to the photo) at `scale`; shrinking averages the area. */
export function photoWindow(photo: Photo, box: Box, scale: number): PhotoWindow {
  const left = Math.max(0, Math.floor(box.x));
  const top = Math.max(0, Math.floor(box.y));
  const right = Math.min(photo.width, Math.ceil(box.x + box.width));
  const bottom = Math.min(photo.height, Math.ceil(box.y + box.height));
  if (!(right > left && bottom > top)) {
    throw new RangeError('The head lies outside of the photo: the fit and the photo do not belong together.');
  }
  const width = Math.max(1, Math.round((right - left) * scale));
  const height = Math.max(1, Math.round((bottom - top) * scale));
  const linear = cropAffine(
    pyramidOf(photo),
    { a: 1 / scale, b: 0, c: left, d: 0, e: 1 / scale, f: top },
    width,
    height,
  );
  for (let i = 0; i < linear.length; i++) linear[i] = TO_LINEAR[Math.round(linear[i] * STEPS)];
  return { width, height, x: left, y: top, scale, linear };
}

/** Bilinear value of a window-sized plane at a photo position; the border repeats. */
export function samplePlane(
  plane: Float32Array,
  { width, height, x, y, scale }: PhotoWindow,
  u: number,
  v: number,
): number {
  const px = Math.min(Math.max((u - x) * scale - 0.5, 0), width - 1);
  const py = Math.min(Math.max((v - y) * scale - 0.5, 0), height - 1);
  const x0 = Math.floor(px);
  const y0 = Math.floor(py);
  const fx = px - x0;
  const fy = py - y0;
  const i = y0 * width + x0;
  const right = x0 + 1 < width ? 1 : 0;
  const down = y0 + 1 < height ? width : 0;
  return (
    (1 - fy) * ((1 - fx) * plane[i] + fx * plane[i + right]) +
    fy * ((1 - fx) * plane[i + down] + fx * plane[i + down + right])
  );
}
