import { syntheticModel } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import { fitLandmarks, type LandmarkNuisance } from '../../src/fitting/index.ts';
import { learnedNuisance } from '../../src/fitting/landmark-nuisance.ts';
import { landmarksOf, normals, randomTruth } from './synthetic-photo.ts';

const IMAGE = { widthPx: 1200, heightPx: 1400 };

describe('learnedNuisance', () => {
  it('decodes to modes of a few millimetres at most, each of some size', () => {
    const { count, landmarkCount, modes } = learnedNuisance();
    expect(landmarkCount).toBe(468);
    expect(modes.length).toBe(count * 936);
    for (let m = 0; m < count; m++) {
      const mode = modes.subarray(m * 936, (m + 1) * 936);
      const top = mode.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(top).toBeGreaterThan(0.02);
      expect(top).toBeLessThan(15);
    }
    expect(learnedNuisance()).toBe(learnedNuisance());
  });
});

describe('fitLandmarks with nuisance modes', () => {
  const model = syntheticModel();
  // One displacement no expression of the model explains: a smooth wave over the face.
  const modes = new Float32Array(936);
  const base = landmarksOf(model, randomTruth(model, 1, 700, [0, 0, 0], {}, 0));
  for (let i = 0; i < 468; i++) {
    const y = base.landmarks.points[i * 3 + 1];
    modes[i * 2] = 2.5 * Math.sin(y / 60);
    modes[i * 2 + 1] = 2.5 * Math.cos(y / 45);
  }
  const nuisance: LandmarkNuisance = { name: 'wave', count: 1, landmarkCount: 468, modes };

  it('keeps a known pattern of errors out of p_s', () => {
    const truth = randomTruth(model, 12, 700, [0, 0, 0], {}, 0.8);
    const photo = landmarksOf(model, truth, { noisePx: 1 });
    const pxPerMm = truth.camera.focalPx / 700;
    for (let i = 0; i < 468; i++) {
      photo.landmarks.points[i * 3] += 1.5 * pxPerMm * modes[i * 2];
      photo.landmarks.points[i * 3 + 1] -= 1.5 * pxPerMm * modes[i * 2 + 1];
    }
    const error = (used: LandmarkNuisance | 'none'): number => {
      const options = { nuisance: used, redundancy: 1, focalPx: truth.camera.focalPx };
      const { identity } = fitLandmarks(model, photo, IMAGE, options).parameters;
      return Math.hypot(...identity.map((value, k) => value - truth.identity[k]));
    };
    expect(error(nuisance)).toBeLessThan(0.5 * error('none'));
  });

  it('holds p_s where it is given, and fits the rest', () => {
    const truth = randomTruth(model, 9, 700, [0, 0.2, 0], { jawOpen: 0.6 }, 0.8);
    const photo = landmarksOf(model, truth, { noisePx: 1 });
    const fit = fitLandmarks(model, photo, IMAGE, { identity: truth.identity });
    expect(fit.parameters.identity).toEqual(truth.identity);
    const jaw = model.expression.names.indexOf('jawOpen');
    expect(Math.abs(fit.parameters.expression[jaw] - 0.6)).toBeLessThan(0.05);
  });

  it('draws independent numbers for the noise of these tests', () => {
    const normal = normals(3);
    const values = Array.from({ length: 4000 }, () => normal());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.06);
    expect(Math.abs(variance - 1)).toBeLessThan(0.1);
  });
});
