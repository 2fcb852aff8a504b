import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  ARKIT_NAMES,
  evaluateModel,
  landmarkPositions,
  readHeadModel,
  readSafetensors,
} from '@likeness/core/model';
import { findModel, LIKENESS_HEAD, MODELS } from '@likeness/models';
import type { ModelManifest } from '@likeness/models';

const bytes = readFileSync(LIKENESS_HEAD.file);
const manifest = JSON.parse(readFileSync(LIKENESS_HEAD.manifest, 'utf8')) as ModelManifest;
const model = readHeadModel(bytes);

describe('the list of models', () => {
  it('finds models by name', () => {
    expect(findModel('likeness-head')).toBe(LIKENESS_HEAD);
    expect(findModel('nobody')).toBeUndefined();
    expect(MODELS).toContain(LIKENESS_HEAD);
  });
});

describe('likeness-head', () => {
  it('is the file its manifest describes, at most 12 MB', () => {
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(manifest.sha256);
    expect(bytes.length).toBe(manifest.bytes);
    expect(bytes.length).toBeLessThanOrEqual(12e6);
    expect(manifest.licence).toBe('MIT');
    expect(manifest.sources.length).toBeGreaterThan(0);
    for (const source of manifest.sources)
      expect([source.licence, source.url, source.use].every(Boolean)).toBe(true);
    expect(manifest.command).toMatch(/^likeness train shape /);
    expect(readSafetensors(bytes).metadata['command']).toBe(manifest.command);
  });

  it('has the size and the modes it promises', () => {
    expect([model.name, model.licence]).toEqual(['likeness-head', 'MIT']);
    const skin = model.parts.find(({ name }) => name === 'skin')!;
    expect(skin.vertexCount).toBeGreaterThanOrEqual(9000);
    expect(skin.vertexCount).toBeLessThanOrEqual(12000);
    expect(model.parts.map(({ name }) => name)).toEqual([
      'skin',
      'eyeball_left',
      'eyeball_right',
      'mouth_interior',
    ]);
    expect(model.identity.count).toBe(100);
    expect(model.expression.count).toBe(53);
    expect(model.identity.standardDeviationsMm).toHaveLength(100);
    expect(Object.keys(model.loops).sort()).toEqual(['eyelid_left', 'eyelid_right', 'lips_inner', 'neck']);
    const own = model.expression.names.filter((name) => !ARKIT_NAMES.includes(name));
    expect(own).toEqual(['browInnerUpLeft', 'browInnerUpRight', 'cheekPuffLeft', 'cheekPuffRight']);
  });

  it('is a head in millimetres, its origin inside', () => {
    const low = [Infinity, Infinity, Infinity];
    const high = [-Infinity, -Infinity, -Infinity];
    for (const [i, x] of model.mean.entries()) {
      low[i % 3] = Math.min(low[i % 3], x);
      high[i % 3] = Math.max(high[i % 3], x);
    }
    // Head and neck of an adult: breadth, height, depth.
    expect(high[0] - low[0]).toBeGreaterThan(150);
    expect(high[0] - low[0]).toBeLessThan(260);
    expect(high[1]).toBeGreaterThan(90);
    expect(high[1]).toBeLessThan(130);
    expect(high[2]).toBeGreaterThan(90);
    expect(low[2]).toBeLessThan(-80);
    expect(high[0]).toBeCloseTo(-low[0], 4);
  });

  it('is mirror-symmetric in its mean and, mode by mode, in its identity', () => {
    const mirror = model.mirror!;
    let worstMean = 0;
    for (const [v, m] of mirror.entries())
      for (let c = 0; c < 3; c++)
        worstMean = Math.max(
          worstMean,
          Math.abs(model.mean[v * 3 + c] - (c === 0 ? -1 : 1) * model.mean[m * 3 + c]),
        );
    expect(worstMean).toBeLessThan(1e-4);
    const size = model.vertexCount * 3;
    const figures = manifest.figures as { maxQuantisationErrorMm: { identity: number } };
    for (let k = 0; k < model.identity.count; k++) {
      const off = { symmetric: 0, antisymmetric: 0 };
      for (const [v, m] of mirror.entries())
        for (let c = 0; c < 3; c++) {
          const own = model.identity.deltas[k * size + v * 3 + c];
          const image = (c === 0 ? -1 : 1) * model.identity.deltas[k * size + m * 3 + c];
          off.symmetric = Math.max(off.symmetric, Math.abs(own - image));
          off.antisymmetric = Math.max(off.antisymmetric, Math.abs(own + image));
        }
      expect(Math.min(off.symmetric, off.antisymmetric)).toBeLessThanOrEqual(
        2.1 * figures.maxQuantisationErrorMm.identity + 1e-5,
      );
    }
  });

  it('moves what its expressions name, on the side they name', () => {
    const dense = model.landmarks['mediapipe468'];
    const neutral = landmarkPositions(model, dense, model.mean);
    const moved = (name: string, landmark: number): number[] => {
      const weights = new Float32Array(model.expression.count);
      weights[model.expression.names.indexOf(name)] = 1;
      const marks = landmarkPositions(model, dense, evaluateModel(model, [], weights));
      return [0, 1, 2].map((c) => marks[landmark * 3 + c] - neutral[landmark * 3 + c]);
    };
    const [upperLidRight, upperLidLeft, chin, mouthCornerLeft] = [159, 386, 152, 291];
    expect(moved('eyeBlinkLeft', upperLidLeft)[1]).toBeLessThan(-4);
    expect(Math.abs(moved('eyeBlinkLeft', upperLidRight)[1])).toBeLessThan(0.5);
    expect(moved('eyeBlinkRight', upperLidRight)[1]).toBeLessThan(-4);
    expect(moved('jawOpen', chin)[1]).toBeLessThan(-8);
    expect(moved('mouthSmileLeft', mouthCornerLeft)[1]).toBeGreaterThan(1);
  });

  it('turns the eyes with the gaze shapes', () => {
    const ball = model.parts.find(({ name }) => name === 'eyeball_left')!;
    let pupil = ball.vertexStart;
    for (let v = pupil; v < ball.vertexStart + ball.vertexCount; v++)
      if (model.mean[v * 3 + 2] > model.mean[pupil * 3 + 2]) pupil = v;
    const size = model.vertexCount * 3;
    const k = model.expression.names.indexOf('eyeLookOutLeft');
    expect(model.expression.deltas[k * size + pupil * 3]).toBeGreaterThan(4); // towards the subject's left
  });

  it('has landmarks on the skin, symmetric, where the convention has them', () => {
    const skin = model.parts[0];
    for (const [name, count] of [
      ['mediapipe468', 468],
      ['ibug68', 68],
    ] as const) {
      const embedding = model.landmarks[name];
      expect(embedding.count).toBe(count);
      expect(Math.max(...embedding.triangle)).toBeLessThan(skin.triangleStart + skin.triangleCount);
      expect(Math.min(...embedding.deviationMm)).toBeGreaterThan(0);
    }
    const marks = landmarkPositions(model, model.landmarks['mediapipe468'], model.mean);
    const at = (i: number): number[] => [...marks.subarray(i * 3, i * 3 + 3)];
    for (const [right, left] of [
      [33, 263],
      [133, 362],
      [61, 291],
      [234, 454],
      [70, 300],
    ]) {
      const [x, y, z] = at(right);
      expect(Math.hypot(x + at(left)[0], y - at(left)[1], z - at(left)[2])).toBeLessThan(0.5);
      expect(x).toBeLessThan(0);
    }
    // Down the middle: forehead, bridge, tip, upper lip, lower lip, chin.
    const line = [10, 168, 4, 0, 17, 152].map(at);
    for (const [i, point] of line.entries()) {
      expect(Math.abs(point[0])).toBeLessThan(0.5);
      expect(point[1]).toBeLessThan(i === 0 ? Infinity : line[i - 1][1]);
    }
    const foremost = line.toSorted((a, b) => b[2] - a[2])[0];
    expect(foremost).toBe(line[2]);
    expect(at(263)[0] - at(33)[0]).toBeGreaterThan(75);
    expect(at(263)[0] - at(33)[0]).toBeLessThan(105);
  });
});
