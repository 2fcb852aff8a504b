import { compile } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { describe, expect, it } from 'vitest';
import { project, rotationMatrix, type PinholeCamera } from '../../../src/camera/index.ts';
import {
  cameraOf,
  cameraStart,
  cameraTensors,
  lightOf,
  lightStrength,
  lightTensor,
} from '../../../src/fitting/joint/parameters.ts';

const camera: PinholeCamera = {
  widthPx: 400,
  heightPx: 300,
  focalPx: 620,
  principalPointPx: [201, 149],
  rotation: [0.2, -0.5, 0.1],
  translationMm: [20, -35, -710],
};
const pivot = Float32Array.of(3, -10, 78);
const start = cameraStart(camera, pivot);
const still = {
  rotation: new Float32Array(3),
  translation: new Float32Array(3),
  focal: new Float32Array(1),
};
const size = { widthPx: 400, heightPx: 300 };

describe('camera', () => {
  it('at u = 0 is the start', () => {
    const same = cameraOf(start, pivot, still, size);
    expect(same.focalPx).toBeCloseTo(620, 3);
    for (let i = 0; i < 3; i++) {
      expect(same.rotation[i]).toBeCloseTo(camera.rotation[i], 6);
      expect(same.translationMm[i]).toBeCloseTo(camera.translationMm[i], 3);
    }
  });

  it('turns about the pivot: its place in the photo stays', () => {
    const turned = cameraOf(start, pivot, { ...still, rotation: Float32Array.of(3, -4, 2) }, size);
    const [before, after] = [camera, turned].map((c) => project(c, pivot));
    for (let i = 0; i < 3; i++) expect(after[i]).toBeCloseTo(before[i], 2);
    expect(rotationMatrix(turned.rotation)[0]).not.toBeCloseTo(rotationMatrix(camera.rotation)[0], 3);
  });

  it('changes perspective at constant place and size', () => {
    const near = cameraOf(start, pivot, { ...still, focal: Float32Array.of(-2) }, size);
    const [before, after] = [camera, near].map((c) => project(c, pivot));
    expect(after[0]).toBeCloseTo(before[0], 2);
    expect(after[1]).toBeCloseTo(before[1], 2);
    // Size at the pivot: focal length over distance.
    expect(near.focalPx / after[2]).toBeCloseTo(camera.focalPx / before[2], 5);
    expect(after[2]).toBeLessThan(0.7 * before[2]);
  });

  it('walks towards the camera without moving in the photo', () => {
    const larger = cameraOf(start, pivot, { ...still, translation: Float32Array.of(0, 0, 2) }, size);
    const [before, after] = [camera, larger].map((c) => project(c, pivot));
    expect(after[0]).toBeCloseTo(before[0], 2);
    expect(before[2] / after[2]).toBeCloseTo(Math.exp(0.08), 5);
    expect(larger.focalPx).toBeCloseTo(620, 3);
  });

  it('is the same inside the graph and outside', async () => {
    const units = {
      rotation: Float32Array.of(1, -2, 0.5),
      translation: Float32Array.of(-1, 2, 1.5),
      focal: Float32Array.of(0.7),
    };
    const program = await compile(
      ({ r, t, f, r0, p0, f0, c0 }) => ({
        ...cameraTensors(
          { rotation: r, translation: t, focal: f },
          { rotation: r0, pivot: p0, logFocal: f0, centre: c0 },
          pivot,
        ),
      }),
      {
        r: { shape: [3] },
        t: { shape: [3] },
        f: { shape: [1] },
        r0: { shape: [3] },
        p0: { shape: [3] },
        f0: { shape: [1] },
        c0: { shape: [2] },
      },
      { runtime: nodeRuntime() },
    );
    const inside = await program.run({
      r: units.rotation,
      t: units.translation,
      f: units.focal,
      r0: start.rotation,
      p0: start.pivot,
      f0: start.logFocal,
      c0: start.centre,
    });
    const outside = cameraOf(start, pivot, units, size);
    for (let i = 0; i < 3; i++) {
      expect(inside['rotation'][i]).toBeCloseTo(outside.rotation[i], 5);
      expect(inside['translation'][i]).toBeCloseTo(outside.translationMm[i], 2);
    }
    expect(inside['logFocal'][0]).toBeCloseTo(Math.log(outside.focalPx), 5);
    await program.dispose();
  });
});

it('light is the same inside the graph and outside', async () => {
  const coefficients = Float32Array.from({ length: 27 }, (_, i) => Math.cos(i) * (i % 9 === 0 ? 1 : 0.3));
  const units = Float32Array.from({ length: 27 }, (_, i) => Math.sin(2 * i));
  const program = await compile(
    ({ u, s, a }) => lightTensor(u, s, a),
    { u: { shape: [27] }, s: { shape: [27] }, a: { shape: [1] } },
    { runtime: nodeRuntime() },
  );
  const inside = await program.run({
    u: units,
    s: coefficients,
    a: Float32Array.of(lightStrength(coefficients)),
  });
  const outside = lightOf(units, coefficients);
  for (let i = 0; i < 27; i++) expect(inside['output'][i]).toBeCloseTo(outside[i], 5);
  await program.dispose();
});
