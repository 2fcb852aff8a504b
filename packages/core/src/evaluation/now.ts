/**
 * The NoW protocol (Sanyal et al. 2019, "Learning to Regress 3D Face Shape and Expression from an Image without 3D
 * Supervision"; evaluation as its authors coded it in now_evaluation, both variants).
 *
 * 1. The scan is cropped to a ball about the face: radius 1.4 (outer eye distance + nose length) / 2 about the nose's bottom, moved
 *    0.3 of the way to the bridge (the middle of the inner eye corners).
 * 2. The prediction is aligned by 7 landmarks with scale; in the metrical variant the prediction's own scale is kept.
 * 3. Alignment is refined by minimising the sum of squared distances of the cropped scan's vertices from the prediction's surface over
 *    rotation, translation and, unless metrical, scale.
 * 4. The errors are those distances: scan vertex to surface.
 *
 * Departure: the metrical variant's authors pair the kept scale with the translation found for the free one; here the translation
 * belongs to the kept scale. Both end at the same minimum unless the origin is far from the head.
 */
import { alignPoints, alignSurfaceToPoints, createSurfaceTree, cropSphere } from '../geometry/index.ts';
import { vertexErrors } from './error-statistics.ts';
import type { NowPrediction, NowResult, NowScan, Points } from './types.ts';

export interface NowOptions {
  readonly metrical?: boolean;
}

export const NOW_DEFAULTS: { readonly metrical: boolean } = { metrical: false };

/** NoW's 7 landmarks among the 68 of iBUG: eye corners from the right eye's outer one, nose bottom, mouth corners. */
export const NOW_FROM_IBUG68: readonly number[] = [36, 39, 42, 45, 33, 48, 54];

/** @throws RangeError when there are not 7 landmarks each, or nothing of the scan lies in the crop */
export function evaluateNow(scan: NowScan, prediction: NowPrediction, options: NowOptions = {}): NowResult {
  const metrical = options.metrical ?? NOW_DEFAULTS.metrical;
  for (const [what, landmarks] of [
    ['scan', scan.landmarks],
    ['prediction', prediction.landmarks],
  ] as const)
    if (landmarks.length !== 21)
      throw new RangeError(
        `evaluateNow: the ${what} needs 7 landmarks [7, 3], received ${landmarks.length} numbers.`,
      );
  const { centre, radiusMm } = nowCrop(scan.landmarks);
  const face = cropSphere(scan.mesh, centre, radiusMm);
  if (face.vertices.length < 3)
    throw new RangeError(
      `evaluateNow: only ${face.vertices.length} vertices of the scan lie within ${radiusMm.toFixed(1)} mm of its landmarks: are both in one frame and in mm?`,
    );
  const scale = metrical ? 'rigid' : 'similarity';
  const initial = alignPoints(prediction.landmarks, scan.landmarks, { scale });
  const tree = createSurfaceTree(prediction.mesh.positions, prediction.mesh.triangles);
  const { similarity, distances } = alignSurfaceToPoints(tree, face.positions, { scale, initial });
  return {
    ...vertexErrors(face.vertices, distances),
    metrical,
    similarity,
    cropCentre: centre,
    cropRadiusMm: radiusMm,
  };
}

/** @param landmarks [7, 3] of the scan, mm */
export function nowCrop(landmarks: Points): {
  readonly centre: readonly [number, number, number];
  readonly radiusMm: number;
} {
  const at = (i: number, c: number): number => landmarks[i * 3 + c];
  const bridge = (c: number): number => (at(1, c) + at(2, c)) / 2;
  const centre = (c: number): number => at(4, c) + 0.3 * (bridge(c) - at(4, c));
  const eyes = Math.hypot(at(0, 0) - at(3, 0), at(0, 1) - at(3, 1), at(0, 2) - at(3, 2));
  const nose = Math.hypot(bridge(0) - at(4, 0), bridge(1) - at(4, 1), bridge(2) - at(4, 2));
  return { centre: [centre(0), centre(1), centre(2)], radiusMm: (1.4 * (eyes + nose)) / 2 };
}
