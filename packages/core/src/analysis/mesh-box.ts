/** Sizes of a mesh in the image: its box, and the distance of the eyes that errors are measured in. */

/** Axis-aligned box, pixels. */
export interface PixelBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Root of the area of the points' box, pixels. */
export function meshSize(points: Float32Array): number {
  const { width, height } = meshBox(points);
  return Math.sqrt(width * height);
}

/** Axis-aligned box of the 468 points, pixels. */
export function meshBox(points: Float32Array): PixelBox {
  let left = Infinity;
  let right = -Infinity;
  let top = Infinity;
  let bottom = -Infinity;
  for (let i = 0; i < 468; i++) {
    left = Math.min(left, points[i * 3]);
    right = Math.max(right, points[i * 3]);
    top = Math.min(top, points[i * 3 + 1]);
    bottom = Math.max(bottom, points[i * 3 + 1]);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** Distance of the outer eye corners in pixels. */
export function eyeDistance(points: Float32Array): number {
  return Math.hypot(points[33 * 3] - points[263 * 3], points[33 * 3 + 1] - points[263 * 3 + 1]);
}
