import { expect, it } from 'vitest';
import {
  correspondenceError,
  evaluateFlorence,
  evaluateNow,
  evaluateRealy,
  NOW_FROM_IBUG68,
  realyScanFromMesh,
} from '@likeness/core/evaluation';
import { IDENTITY_SIMILARITY } from '@likeness/core/geometry';
import { seededRandom } from '../geometry/toy-face.ts';
import { KEYPOINT_IDS, LANDMARK_IDS, pointsAt, REGION_VERTICES, toyHead } from './toy-head.ts';

/** Why the synthetic benchmark reports vertex errors first: what closest points make of errors whose truth is known. */
it('every protocol reports less than the true error, and follows it', () => {
  const person = toyHead([1, 1.5, -1, 0.5]);
  const seven = NOW_FROM_IBUG68.map((l) => LANDMARK_IDS[l]);
  const vertices = [...new Set(Object.values(REGION_VERTICES).flat())];
  const { scan } = realyScanFromMesh(person, REGION_VERTICES, pointsAt(person.positions, KEYPOINT_IDS));
  const registration = {
    positions: person.positions,
    landmarks: pointsAt(person.positions, LANDMARK_IDS),
    similarity: IDENTITY_SIMILARITY,
  };
  const random = seededRandom(3);
  const truth: number[] = [];
  const reported: Record<'now' | 'realy' | 'florence', number[]> = { now: [], realy: [], florence: [] };
  for (let k = 0; k < 6; k++) {
    const shape = [4, 4, 4, 3].map((width) => width * (random() - 0.5));
    const prediction = toyHead(shape);
    const { positions } = prediction;
    truth.push(
      correspondenceError(positions, person.positions, { scale: 'similarity', vertices }).statistics.meanMm,
    );
    reported.now.push(
      evaluateNow(
        { mesh: person, landmarks: pointsAt(person.positions, seven) },
        { mesh: prediction, landmarks: pointsAt(positions, seven) },
      ).statistics.meanMm,
    );
    reported.realy.push(
      evaluateRealy(scan, { mesh: prediction, keypoints: pointsAt(positions, KEYPOINT_IDS) }).allMm,
    );
    reported.florence.push(
      evaluateFlorence([registration], positions, { mesh: person, landmarkIds: LANDMARK_IDS }).errorMm,
    );
  }
  for (const errors of Object.values(reported)) {
    for (const [k, error] of errors.entries()) expect(error).toBeLessThan(truth[k]);
    expect(correlation(errors, truth)).toBeGreaterThan(0.6);
  }
});

function correlation(a: readonly number[], b: readonly number[]): number {
  const meanOf = (x: readonly number[]): number => x.reduce((p, q) => p + q, 0) / x.length;
  const [ma, mb] = [meanOf(a), meanOf(b)];
  const product = (x: readonly number[], mx: number, y: readonly number[], my: number): number =>
    x.reduce((sum, value, i) => sum + (value - mx) * (y[i] - my), 0);
  return product(a, ma, b, mb) / Math.sqrt(product(a, ma, a, ma) * product(b, mb, b, mb));
}
