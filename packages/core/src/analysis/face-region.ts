/** The turned square a face is cropped by: from a detection for the first look, from landmarks for every later one. */
import type { SquareRegion } from '../image/index.ts';
import type { FaceDetection } from './types.ts';

/** Outer eye corners in mesh order: image left of an upright face, image right. */
const EYE_CORNERS = [33, 263] as const;

/** Square around a detection's box, `scale` times its longer side. */
export function regionOfDetection(detection: FaceDetection, scale: number): SquareRegion {
  const { x, y, width, height } = detection.box;
  return {
    centreX: x + width / 2,
    centreY: y + height / 2,
    side: Math.max(width, height) * scale,
    rotation: detection.rollRadians,
  };
}

/**
 * Square around the 468 mesh points: turned so that the eye corners lie level, centred on the points' box in that frame,
 * `scale` times its longer side.
 * @param points [>= 468, 3] image pixels
 */
export function regionOfLandmarks(points: Float32Array, scale: number): SquareRegion {
  const rotation = landmarkRoll(points);
  const cos = Math.cos(rotation);
  const sin = Math.sin(rotation);
  let left = Infinity;
  let right = -Infinity;
  let top = Infinity;
  let bottom = -Infinity;
  for (let i = 0; i < 468; i++) {
    const x = points[i * 3];
    const y = points[i * 3 + 1];
    const u = cos * x + sin * y;
    const v = -sin * x + cos * y;
    left = Math.min(left, u);
    right = Math.max(right, u);
    top = Math.min(top, v);
    bottom = Math.max(bottom, v);
  }
  const u = (left + right) / 2;
  const v = (top + bottom) / 2;
  return {
    centreX: cos * u - sin * v,
    centreY: sin * u + cos * v,
    side: Math.max(right - left, bottom - top) * scale,
    rotation,
  };
}

/** Roll of the line through the outer eye corners, radians, positive clockwise in the image. */
export function landmarkRoll(points: Float32Array): number {
  const [a, b] = EYE_CORNERS;
  return Math.atan2(points[b * 3 + 1] - points[a * 3 + 1], points[b * 3] - points[a * 3]);
}
