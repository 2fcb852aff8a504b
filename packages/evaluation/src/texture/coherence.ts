/**
 * Is what a generator draws a face? The landmarker looks at a picture of the mean head with the texture on it, as it would look
 * at a photograph: the detector must find one face, the mesh network must be sure of it, and its landmarks must lie where the
 * head's are.
 */
import type { BlazeFaceDetector, FaceMeshLandmarker } from '@likeness/core/analysis';
import type { Photo, SquareRegion } from '@likeness/core/image';

export interface CoherenceOptions {
  /** The mesh network's confidence from which it counts as sure (default 0.9, the analysis' own). */
  readonly minConfidence?: number;
  /** Mean distance of the landmarks from their places that still counts, as a share of the outer-eye distance (default 0.12). */
  readonly maxError?: number;
}

export const COHERENCE_DEFAULTS: Required<CoherenceOptions> = { minConfidence: 0.9, maxError: 0.12 };

export interface CoherenceResult {
  readonly coherent: boolean;
  /** Mean landmark error as a share of the outer-eye distance; absent where the detector found nothing. */
  readonly error?: number;
  readonly confidence?: number;
}

/** Outer eye corners in mesh order. */
const EYES = [33, 263] as const;

/** @param truth [468, 3] where the head's landmarks lie in the picture */
export async function judgeCoherence(
  detector: Pick<BlazeFaceDetector, 'detectIn'>,
  landmarker: Pick<FaceMeshLandmarker, 'look'>,
  photo: Photo,
  truth: Float32Array,
  options: CoherenceOptions = {},
): Promise<CoherenceResult> {
  const { minConfidence, maxError } = { ...COHERENCE_DEFAULTS, ...options };
  const side = Math.max(photo.width, photo.height);
  const frame: SquareRegion = { centreX: photo.width / 2, centreY: photo.height / 2, side, rotation: 0 };
  const faces = await detector.detectIn(photo, [frame]);
  if (faces.length === 0) return { coherent: false };
  const { centreX, centreY, width, height } = faces[0];
  const box = { x: centreX - width / 2, y: centreY - height / 2, width, height };
  // As the analysis does: one look from the detection, one from its own landmarks.
  const first = await landmarker.look(photo, squareAround(box, 1.5), false);
  const { points, confidence } = await landmarker.look(
    photo,
    squareAround(boundsOf(first.points), 1.4),
    false,
  );
  const eyes = distance(truth, truth, EYES[0], EYES[1]);
  let sum = 0;
  for (let i = 0; i < 468; i++) sum += distance(points, truth, i, i);
  const error = sum / (468 * eyes);
  return { coherent: confidence >= minConfidence && error <= maxError, error, confidence };
}

function distance(a: Float32Array, b: Float32Array, i: number, j: number): number {
  return Math.hypot(a[i * 3] - b[j * 3], a[i * 3 + 1] - b[j * 3 + 1]);
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The head stands upright, so the square does too. */
function squareAround({ x, y, width, height }: Box, scale: number): SquareRegion {
  return {
    centreX: x + width / 2,
    centreY: y + height / 2,
    side: Math.max(width, height) * scale,
    rotation: 0,
  };
}

function boundsOf(points: Float32Array): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < 468; i++) {
    left = Math.min(left, points[i * 3]);
    right = Math.max(right, points[i * 3]);
    top = Math.min(top, points[i * 3 + 1]);
    bottom = Math.max(bottom, points[i * 3 + 1]);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}
