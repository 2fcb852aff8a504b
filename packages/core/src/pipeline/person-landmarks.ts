/**
 * Landmark fits of several photos that share one p_s: each photo by itself, the mean of the p_s, then pose, camera and p_e
 * once more with that one held. Errors of single photos (perspective, pose, the detector) average out.
 */
import { fitLandmarks } from '../fitting/index.ts';
import type { FitResult } from '../fitting/index.ts';
import type { MorphableModel } from '../model/index.ts';
import type { PhotoInput } from './photo-input.ts';

/** Yaw in degrees at which a photo's p_s counts for 1 / e of a frontal one's. */
const YAW_SCALE = 35;
/** Outer eye distance in pixels from which on more pixels say no more of the shape. */
const ENOUGH_PX = 80;

/** @param now milliseconds from any start */
export function fitPersonLandmarks(
  model: MorphableModel,
  photos: readonly PhotoInput[],
  now: (() => number) | undefined,
): FitResult[] {
  const fitOne = ({ photo, face, focalPx }: PhotoInput, identity?: Float32Array): FitResult =>
    fitLandmarks(
      model,
      face,
      { widthPx: photo.width, heightPx: photo.height },
      { embedding: landmarkConvention(model), focalPx, identity, now },
    );
  const single = photos.map((photo) => fitOne(photo));
  if (photos.length === 1) return single;
  const weights = photos.map(weightOf);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const identity = new Float32Array(model.identity.count);
  single.forEach(({ parameters }, i) => {
    for (let k = 0; k < identity.length; k++) identity[k] += (weights[i] / total) * parameters.identity[k];
  });
  return photos.map((photo) => fitOne(photo, identity));
}

/** How much a photo's own p_s is worth: less where the head is turned or small. */
export function weightOf({ face }: PhotoInput): number {
  const { points } = face.landmarks;
  const eyes = Math.hypot(points[33 * 3] - points[263 * 3], points[33 * 3 + 1] - points[263 * 3 + 1]);
  return Math.exp(-((face.pose.yawDegrees / YAW_SCALE) ** 2)) * Math.min(1, Math.max(0.05, eyes / ENOUGH_PX));
}

/** The dense points where the model knows where they lie, else the 68. */
function landmarkConvention(model: MorphableModel): string {
  return 'mediapipe468' in model.landmarks ? 'mediapipe468' : 'ibug68';
}
