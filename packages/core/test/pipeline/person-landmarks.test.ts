import { describe, expect, it } from 'vitest';
import type { FaceAnalysis } from '@likeness/core/analysis';
import { evaluateModel } from '@likeness/core/model';
import { syntheticModel } from '@likeness/testing';
import { fitPersonLandmarks, weightOf } from '../../src/pipeline/person-landmarks.ts';
import type { PhotoInput } from '../../src/pipeline/photo-input.ts';
import { landmarksOf, randomTruth } from '../fitting/synthetic-photo.ts';

const model = syntheticModel();

/** A photo of one person in a pose of its own; only its size is looked at. */
function photoOf(yaw: number, distance: number, seed: number): PhotoInput {
  const truth = randomTruth(model, 3, distance, [0.05, yaw, 0], { jawOpen: 0.3 }, 0.8);
  return {
    photo: { width: 1200, height: 1400, channels: 3, data: new Uint8Array(0) },
    face: {
      ...landmarksOf(model, truth, { noisePx: 6, seed }),
      detection: { box: { x: 0, y: 0, width: 1, height: 1 }, score: 1, rollRadians: 0 },
      pose: { rollDegrees: 0, yawDegrees: (yaw * 180) / Math.PI, pitchDegrees: 0 },
      embedding: new Float32Array(2),
    } satisfies FaceAnalysis,
  };
}

const truth = randomTruth(model, 3, 700, [0, 0, 0], {}, 0.8);
const photos = [photoOf(0, 700, 1), photoOf(0.4, 500, 2), photoOf(-0.3, 900, 3), photoOf(0.1, 600, 4)];

/** Root mean square of the neutral head's error over the vertices, mm. */
function shapeError(identity: Float32Array): number {
  const none = new Float32Array(model.expression.count);
  const [found, wanted] = [identity, truth.identity].map((p) => evaluateModel(model, p, none));
  return Math.sqrt(found.reduce((sum, x, i) => sum + (x - wanted[i]) ** 2, 0) / (found.length / 3));
}

describe('fitPersonLandmarks', () => {
  it('shares one p_s, which is nearer to the truth than most of the single ones', () => {
    const fits = fitPersonLandmarks(model, photos, undefined);
    for (const { parameters } of fits) expect(parameters.identity).toEqual(fits[0].parameters.identity);
    const shared = shapeError(fits[0].parameters.identity);
    const single = photos.map((photo) =>
      shapeError(fitPersonLandmarks(model, [photo], undefined)[0].parameters.identity),
    );
    const mean = single.reduce((sum, error) => sum + error, 0) / single.length;
    expect(shared).toBeLessThan(mean);
    expect(shared).toBeLessThan(single.toSorted((a, b) => a - b)[2]);
    // Pose and camera are each photo's own.
    expect(fits[1].parameters.camera.rotation[1]).toBeCloseTo(0.4, 1);
    expect(fits[2].parameters.camera.rotation[1]).toBeCloseTo(-0.3, 1);
  });

  it('weighs frontal, large faces more', () => {
    const [frontal, turned] = photos.map(weightOf);
    expect(frontal).toBeGreaterThan(turned);
    const { face } = photos[0];
    const points = face.landmarks.points.map((x) => x / 20);
    const small = { ...photos[0], face: { ...face, landmarks: { ...face.landmarks, points } } };
    expect(weightOf(small)).toBeLessThan(0.5 * frontal);
  });
});
