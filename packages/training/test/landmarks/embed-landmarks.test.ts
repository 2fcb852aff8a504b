import { describe, expect, it } from 'vitest';
import { project } from '@likeness/core/camera';
import { evaluateModel, landmarkPositions, vertexEmbedding } from '@likeness/core/model';
import type { LandmarkEmbedding, MorphableModel } from '@likeness/core/model';
import { syntheticModel } from '@likeness/testing';
import {
  embedLandmarks,
  MEDIAPIPE_COUNT,
  MEDIAPIPE_INNER_LIPS,
  MEDIAPIPE_MIRROR,
  MEDIAPIPE_OVAL,
  sampleScene,
} from '../../src/landmarks/index.ts';
import { robustMean } from '../../src/landmarks/surface-average.ts';
import { createRandom } from '../../src/shape/random.ts';

describe('the mesh convention', () => {
  it('has a mirror table that is its own inverse, keeps the oval and the inner lips', () => {
    expect(MEDIAPIPE_MIRROR).toHaveLength(MEDIAPIPE_COUNT);
    for (const [i, j] of MEDIAPIPE_MIRROR.entries()) expect(MEDIAPIPE_MIRROR[j]).toBe(i);
    for (const set of [MEDIAPIPE_OVAL, MEDIAPIPE_INNER_LIPS])
      expect(new Set(set.map((i) => MEDIAPIPE_MIRROR[i]))).toEqual(new Set(set));
    // Eye corners, mouth corners, tip of the nose.
    expect([33, 133, 61, 1].map((i) => MEDIAPIPE_MIRROR[i])).toEqual([263, 362, 291, 1]);
  });
});

describe('robustMean', () => {
  it('finds the centre of a cloud among gross outliers', () => {
    const random = createRandom(2);
    const samples = Array.from({ length: 120 }, (_, i) => ({
      point: (i % 5 === 0 ? [60, -40, 30] : [3, 4, 5]).map((x) => x + random.normal()) as [
        number,
        number,
        number,
      ],
      weight: 1,
    }));
    const mean = robustMean(samples)!;
    expect(Math.hypot(mean.point[0] - 3, mean.point[1] - 4, mean.point[2] - 5)).toBeLessThan(0.6);
    expect(robustMean([])).toBeUndefined();
  });
});

describe('embedLandmarks', () => {
  const SCENES = 24;
  const SEED = 4;
  /** Nine places on the front of the synthetic head, in mirrored pairs and one on the midline. */
  const { model, truth, mirror } = knownModel();

  /** A landmarker that cannot err: it draws the same scenes and projects the true places. */
  function perfectLocate(): () => Promise<Float32Array> {
    const random = createRandom(SEED);
    const jawOpen = model.expression.names.indexOf('jawOpen');
    let i = 0;
    return () => {
      const scene = sampleScene(model, random, {});
      if (i++ % 2 === 1 && jawOpen >= 0) scene.expression[jawOpen] = random.between(0.2, 0.6);
      const positions = evaluateModel(model, scene.identity, scene.expression);
      const projected = project(scene.camera, landmarkPositions(model, truth, positions));
      return Promise.resolve(
        Float32Array.from({ length: truth.count * 2 }, (_, k) => projected[Math.floor(k / 2) * 3 + (k % 2)]),
      );
    };
  }

  it('recovers known places from renders', async () => {
    const result = await embedLandmarks(model, perfectLocate(), {
      name: 'known',
      count: truth.count,
      mirror,
      scenes: SCENES,
      seed: SEED,
    });
    expect(result.found).toBe(SCENES);
    const expected = landmarkPositions(model, truth, model.mean);
    const found = landmarkPositions(model, result.embedding, model.mean);
    for (let n = 0; n < truth.count; n++) {
      const gap = Math.hypot(...[0, 1, 2].map((c) => found[n * 3 + c] - expected[n * 3 + c]));
      expect(gap, `landmark ${n}`).toBeLessThan(1.5);
      expect(result.embedding.deviationMm[n]).toBeLessThan(3);
    }
  });

  it('says so when the landmarker finds no faces', async () => {
    await expect(
      embedLandmarks(model, () => Promise.resolve(undefined), {
        name: 'none',
        count: truth.count,
        mirror,
        scenes: 4,
      }),
    ).rejects.toThrow(/only 0 of 4 renders/);
  });

  it('refuses a landmarker with another number of points', async () => {
    await expect(
      embedLandmarks(model, () => Promise.resolve(new Float32Array(10)), {
        name: 'few',
        count: truth.count,
        mirror,
        scenes: 2,
      }),
    ).rejects.toThrow(/expected 9 landmarks/);
  });
});

function knownModel(): { model: MorphableModel; truth: LandmarkEmbedding; mirror: number[] } {
  const base = syntheticModel();
  const skin = base.parts[0];
  const nearest = (x: number, y: number): number => {
    let best = 0;
    let distance = Infinity;
    for (let v = skin.vertexStart; v < skin.vertexStart + skin.vertexCount; v++) {
      if (base.mean[v * 3 + 2] < 20) continue;
      const d = (base.mean[v * 3] - x) ** 2 + (base.mean[v * 3 + 1] - y) ** 2;
      if (d < distance) {
        distance = d;
        best = v;
      }
    }
    return best;
  };
  const half = [
    [25, 50],
    [35, 5],
    [20, -30],
    [30, -55],
  ];
  const vertices = [
    ...half.map(([x, y]) => nearest(x, y)),
    ...half.map(([x, y]) => nearest(-x, y)),
    nearest(0, -45),
  ];
  // Rough marks, for the paint only.
  const ibug = Array.from({ length: 68 }, (_, i) => nearest(40 * Math.sin(i), 40 * Math.cos(i * 1.3)));
  return {
    model: {
      ...base,
      landmarks: { ...base.landmarks, ibug68: vertexEmbedding('ibug68', base.triangles, ibug) },
    },
    truth: vertexEmbedding('known', base.triangles, vertices),
    mirror: [4, 5, 6, 7, 0, 1, 2, 3, 8],
  };
}
