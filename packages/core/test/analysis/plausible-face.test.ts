import type { Photo } from '@likeness/core/image';
import { describe, expect, it } from 'vitest';
import { mergeMeshes, sameFace } from '../../src/analysis/merge-meshes.ts';
import { meshBox } from '../../src/analysis/mesh-box.ts';
import { flatShare, isPlausibleFace } from '../../src/analysis/plausible-face.ts';

/** 468 points spread over a face of `size` pixels with eyes, nose, mouth and chin in their places. */
function face(x: number, y: number, size: number): Float32Array {
  const points = new Float32Array(468 * 3);
  for (let i = 0; i < 468; i++) {
    points[i * 3] = x + (((i * 37) % 100) / 100 - 0.5) * size;
    points[i * 3 + 1] = y + (((i * 61) % 100) / 100 - 0.5) * size;
  }
  const put = (i: number, u: number, v: number): void => {
    points[i * 3] = x + u * size;
    points[i * 3 + 1] = y + v * size;
  };
  put(10, 0, -0.5);
  put(33, -0.3, -0.15);
  put(263, 0.3, -0.15);
  put(2, 0, 0.1);
  put(61, -0.2, 0.25);
  put(291, 0.2, 0.25);
  put(152, 0, 0.5);
  return points;
}

function photo(value: (i: number) => number): Photo {
  const data = Uint8Array.from({ length: 200 * 200 * 3 }, (_, i) => value(i));
  return { width: 200, height: 200, channels: 3, data };
}

const noisy = photo((i) => (i * 7919) % 251);
const mesh = { points: face(100, 100, 80), confidence: 1, movement: 0.002 };

describe('plausible face', () => {
  it('accepts a steady, certain mesh on a photo', () => {
    expect(isPlausibleFace(mesh, noisy)).toBe(true);
  });

  it('refuses low confidence, restlessness, and what is not a number', () => {
    expect(isPlausibleFace({ ...mesh, confidence: 0.5 }, noisy)).toBe(false);
    expect(isPlausibleFace({ ...mesh, movement: 0.2 }, noisy)).toBe(false);
    expect(isPlausibleFace({ ...mesh, confidence: Number.NaN }, noisy)).toBe(false);
  });

  it('refuses a mesh largely outside the photo, tiny, or with features out of order', () => {
    expect(isPlausibleFace({ ...mesh, points: face(0, 0, 80) }, noisy)).toBe(false);
    expect(isPlausibleFace({ ...mesh, points: face(100, 100, 8) }, noisy)).toBe(false);
    const mouthOverEyes = face(100, 100, 80);
    mouthOverEyes[61 * 3 + 1] = mouthOverEyes[291 * 3 + 1] = 70;
    expect(isPlausibleFace({ ...mesh, points: mouthOverEyes }, noisy)).toBe(false);
  });

  it('refuses flat colour', () => {
    const drawing = photo(() => 200);
    expect(flatShare(drawing, meshBox(mesh.points))).toBe(1);
    expect(flatShare(noisy, meshBox(mesh.points))).toBe(0);
    expect(isPlausibleFace(mesh, drawing)).toBe(false);
  });
});

describe('meshes of one face', () => {
  it('are told by their centres', () => {
    expect(sameFace(meshBox(face(100, 100, 80)), meshBox(face(110, 95, 70)))).toBe(true);
    expect(sameFace(meshBox(face(100, 100, 80)), meshBox(face(160, 100, 80)))).toBe(false);
  });

  it('are reduced to the most trusted', () => {
    const sure = { points: face(100, 100, 80), confidence: 1, movement: 0.001 };
    const unsure = { points: face(104, 100, 84), confidence: 0.95, movement: 0.02 };
    const other = { points: face(190, 100, 60), confidence: 0.9, movement: 0.01 };
    expect(mergeMeshes([unsure, other, sure])).toEqual([sure, other]);
  });
});
