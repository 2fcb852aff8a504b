import { describe, expect, it } from 'vitest';
import { fitLandmarks, landmarkAgreement } from '@likeness/core/fitting';
import { syntheticModel } from '@likeness/testing';
import { landmarksOf, randomTruth } from './synthetic-photo.ts';

const model = syntheticModel();

describe('landmarkAgreement', () => {
  it.each([
    [[0.05, 0.2, 0], 700],
    [[0, -0.8, 0.1], 450],
  ] as const)(
    "says of the landmark fit's parameters what the fit says, rotation %j",
    (rotation, distance) => {
      const truth = randomTruth(model, 3, distance, rotation, { jawOpen: 0.4 }, 0.7);
      const face = landmarksOf(model, truth);
      const fit = fitLandmarks(model, face, { widthPx: 1200, heightPx: 1400 });
      const found = landmarkAgreement(model, face, fit.parameters);
      expect(found.landmarkError.median).toBeCloseTo(fit.landmarkError.median, 5);
      expect(found.landmarkError.rms).toBeCloseTo(fit.landmarkError.rms, 5);
      expect(found.scale.factor).toBeCloseTo(fit.scale.factor, 5);
      // A camera that looks 20 px past the face agrees that much less.
      const { camera } = fit.parameters;
      const [x, y] = camera.principalPointPx;
      const moved = { ...fit.parameters, camera: { ...camera, principalPointPx: [x + 20, y] as const } };
      expect(landmarkAgreement(model, face, moved).landmarkError.median).toBeGreaterThan(0.02);
    },
  );
});
