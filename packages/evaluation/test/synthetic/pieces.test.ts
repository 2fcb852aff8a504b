import { evaluateModel } from '@likeness/core/model';
import { transformPoints } from '@likeness/core/geometry';
import { loadHeadModel } from '@likeness/node';
import { createRandom } from '@likeness/training/shape';
import { beforeAll, describe, expect, it } from 'vitest';
import type { MorphableModel } from '@likeness/core/model';
import type { Likeness } from '@likeness/node';
import { temporaryFolder } from '../datasets/temporary-folder.ts';
import { faceMetric } from '../../src/synthetic/face-metric.ts';
import {
  albedoErrorPercent,
  distanceErrorPercent,
  rotationErrorDegrees,
} from '../../src/synthetic/measure-fit.ts';
import { createOracle } from '../../src/synthetic/oracle.ts';
import { headRandom, sampleSetup } from '../../src/synthetic/sample-setup.ts';
import { openScanTruth } from '../../src/synthetic/scan-truth.ts';
import { shapeErrors } from '../../src/synthetic/shape-errors.ts';
import { openTruthSource } from '../../src/synthetic/truth-source.ts';

let model: MorphableModel;
beforeAll(async () => {
  model = await loadHeadModel('likeness-head');
});

const turned = (positions: Float32Array, scale: number): Float32Array =>
  transformPoints(positions, {
    scale,
    rotation: Float64Array.of(0, -1, 0, 1, 0, 0, 0, 0, 1),
    translation: Float64Array.of(10, 20, -30),
  });

describe('the oracle', () => {
  it('finds a head of the model exactly, in any pose, and with the similarity in any size', () => {
    const random = createRandom(5);
    const truth = Float32Array.from({ length: model.identity.count }, () => random.normal());
    const head = evaluateModel(model, truth, []);
    const metric = faceMetric(model);
    const oracle = createOracle(model, metric.weights);
    for (const [alignment, scale] of [
      ['rigid', 1],
      ['similarity', 1.3],
    ] as const) {
      const fit = oracle.fit(turned(head, scale), alignment);
      const { errors } = shapeErrors(fit.positions, turned(head, scale), metric, alignment);
      expect(errors.face).toBeLessThan(2e-3);
    }
  });
});

describe('errors in correspondence', () => {
  it('are zero for the truth moved, and count size only where it should', () => {
    const metric = faceMetric(model);
    expect(shapeErrors(turned(model.mean, 1), model.mean, metric, 'rigid').errors.face).toBeLessThan(1e-3);
    expect(shapeErrors(turned(model.mean, 1.1), model.mean, metric, 'similarity').errors.face).toBeLessThan(
      1e-3,
    );
    const { face } = shapeErrors(turned(model.mean, 1.1), model.mean, metric, 'rigid').errors;
    // 10 % of the distance of the face's vertices from their centre.
    expect(face).toBeGreaterThan(4);
    expect(face).toBeLessThan(9);
  });

  it('measure rotations, distances and albedo', () => {
    expect(rotationErrorDegrees([0, 0.3, 0], [0, 0.3, 0])).toBeCloseTo(0, 4);
    expect(rotationErrorDegrees([0, 0.3, 0], [0, 0.3 + Math.PI / 36, 0])).toBeCloseTo(5, 4);
    const camera = {
      widthPx: 1,
      heightPx: 1,
      focalPx: 1,
      principalPointPx: [0, 0],
      rotation: [0, 0, 0],
      translationMm: [0, 0, -800],
    } as const;
    expect(distanceErrorPercent({ ...camera, translationMm: [0, 0, -400] }, 1.5, camera)).toBeCloseTo(25, 9);
    const data = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => 60 + (i % 97));
    const picture = { width: 64, height: 64, channels: 3, data } as const;
    const darker = {
      ...picture,
      data: data.map((x) => Math.round(255 * ((x / 255) ** 2.2 / 2) ** (1 / 2.2))),
    };
    expect(albedoErrorPercent(model, picture, picture)).toBeLessThan(1e-3);
    expect(albedoErrorPercent(model, darker, picture)).toBeLessThan(3);
  });
});

describe('synthetic setups', () => {
  it('depend on seed and index alone and stay within their ranges', () => {
    const draw = (seed: number, index: number): string =>
      JSON.stringify(sampleSetup(model, headRandom(seed, index), index));
    expect(draw(3, 7)).toBe(draw(3, 7));
    expect(draw(3, 7)).not.toBe(draw(4, 7));
    const setups = Array.from({ length: 300 }, (_, i) => sampleSetup(model, headRandom(1, i), i));
    const distances = setups.map(({ noseDistanceMm }) => noseDistanceMm);
    expect(Math.min(...distances)).toBeGreaterThanOrEqual(150);
    expect(Math.max(...distances)).toBeLessThanOrEqual(3000);
    // Log-uniform: as many nearer than the geometric mean as farther.
    expect(distances.filter((mm) => mm < 670).length / 300).toBeCloseTo(0.5, 1);
    for (const { faceShare, widthPx, heightPx, jpegQuality } of setups) {
      expect(faceShare * Math.min(widthPx, heightPx)).toBeGreaterThanOrEqual(79.9);
      expect(faceShare).toBeLessThanOrEqual(0.68);
      expect(jpegQuality).toBeGreaterThanOrEqual(45);
    }
    const tones = setups.map(({ skin }) => skin.skin[1]);
    expect(Math.max(...tones) / Math.min(...tones)).toBeGreaterThan(6);
    expect(new Set(setups.map(({ occluder }) => occluder)).size).toBe(4);
  });

  it('never share a random stream with training', () => {
    // Training's seeds have 32 bits; these have more.
    const training = new Set(Array.from({ length: 50 }, (_, seed) => createRandom(seed).uniform()));
    for (let i = 0; i < 50; i++) expect(training.has(headRandom(i, i).uniform())).toBe(false);
  });
});

describe('the source of heads', () => {
  it('says so where it falls back to the model itself', async () => {
    const source = await openTruthSource(model, undefined);
    expect(source.kind).toBe('in-model');
    expect(source.label).toMatch(/easier/);
    expect(source.sample(createRandom(1))).toHaveLength(model.mean.length);
  });
});

describe('a scan of the user', () => {
  const folder = temporaryFolder();

  it('is refused in one sentence where it is no head of any unit', async () => {
    const metric = faceMetric(model);
    const oracle = createOracle(model, metric.weights);
    const likeness = { model } as Likeness;
    const cube = folder.write('cube.obj', 'v 0 0 0\nv 9000 0 0\nv 0 9000 0\nf 1 2 3\n');
    await expect(openScanTruth(cube, likeness, metric, oracle)).rejects.toThrow(
      /measures 1\.27e\+4 from corner to corner, which is no head in mm, cm or m/,
    );
    await expect(openScanTruth('none.glb', likeness, metric, oracle)).rejects.toThrow(/cannot be opened/);
  });
});
