import { describe, expect, it } from 'vitest';
import { evaluateModel, landmarkPositions } from '@likeness/core/model';
import type { FitParameters } from '@likeness/core/fitting';
import { project } from '@likeness/core/camera';
import { syntheticModel } from '@likeness/testing';
import { photoResiduals } from '../../src/landmarks/photo-residuals.ts';
import { MEDIAPIPE_MIRROR } from '../../src/landmarks/index.ts';
import { refineEmbedding } from '../../src/landmarks/refine-embedding.ts';
import { createRandom } from '../../src/shape/random.ts';

const model = syntheticModel();
const embedding = model.landmarks['mediapipe468'];

function parameters(seed: number): FitParameters {
  const random = createRandom(seed);
  return {
    identity: Float32Array.from({ length: model.identity.count }, () => random.normal()),
    expression: new Float32Array(model.expression.count),
    camera: {
      widthPx: 1000,
      heightPx: 1000,
      focalPx: 2000,
      principalPointPx: [500, 500],
      rotation: [0.05, -0.08, 0.1],
      translationMm: [5, -3, -900],
    },
  };
}

describe('photoResiduals', () => {
  it('is zero where detection and model agree, and in head millimetres where they do not', () => {
    const p = parameters(1);
    const places = landmarkPositions(model, embedding, evaluateModel(model, p.identity, p.expression));
    const exact = photoResiduals(model, embedding, p, project(p.camera, places));
    expect(Math.max(...exact.map(Math.abs))).toBeLessThan(1e-3);
    // Each landmark 2 mm to the head's left and 1 mm up.
    const moved = places.map((x, i) => x + [2, 1, 0][i % 3]);
    const residuals = photoResiduals(model, embedding, p, project(p.camera, moved));
    for (let n = 0; n < embedding.count; n++) {
      expect(Math.abs(residuals[n * 2] - 2)).toBeLessThan(0.1);
      expect(Math.abs(residuals[n * 2 + 1] - 1)).toBeLessThan(0.1);
    }
  });
});

describe('refineEmbedding', () => {
  const points = landmarkPositions(model, embedding, model.mean);
  const contour = new Set(embedding.contour);
  /** Up by 2 mm for all, with the noise of single photos. */
  const photos = Array.from({ length: 15 }, (_, k) => {
    const random = createRandom(k + 20);
    return Float32Array.from(
      { length: embedding.count * 2 },
      (_unused, i) => 2 * (i % 2) + 0.8 * random.normal(),
    );
  });

  it('moves landmarks by the common residual along the surface, contour points not at all', () => {
    const refined = refineEmbedding(model, embedding, photos, { mirror: MEDIAPIPE_MIRROR });
    const after = landmarkPositions(model, refined.embedding, model.mean);
    const rises: number[] = [];
    const still: number[] = [];
    for (let n = 0; n < embedding.count; n++) {
      const rise = after[n * 3 + 1] - points[n * 3 + 1];
      (contour.has(n) ? still : rises).push(rise);
    }
    expect(new Set(still)).toEqual(new Set([0]));
    const middle = rises.toSorted((a, b) => a - b)[rises.length >> 1];
    expect(Math.abs(middle - 2)).toBeLessThan(0.3);
    expect(refined.meanShiftMm).toBeGreaterThan(1);
  });

  it('believes no single photo and no shift beyond its limit', () => {
    const wild = photos.map((r, k) => (k < 3 ? r.map(() => 80) : r.map(() => 0)));
    const one = refineEmbedding(model, embedding, wild, { mirror: MEDIAPIPE_MIRROR });
    expect(one.maxShiftMm).toBeLessThan(0.5);
    const all = refineEmbedding(
      model,
      embedding,
      photos.map((r) => r.map((_, i) => 50 * (i % 2))),
      {
        mirror: MEDIAPIPE_MIRROR,
        limitMm: 3,
      },
    );
    const after = landmarkPositions(model, all.embedding, model.mean);
    for (let n = 0; n < embedding.count; n++)
      expect(Math.abs(after[n * 3 + 1] - points[n * 3 + 1])).toBeLessThan(3.2);
    expect(() => refineEmbedding(model, embedding, [], { mirror: MEDIAPIPE_MIRROR })).toThrow(RangeError);
  });
});
