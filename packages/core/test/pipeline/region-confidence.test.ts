import { describe, expect, it } from 'vitest';
import { vertexNormals } from '@likeness/core/geometry';
import { FACE_REGIONS, regionConfidence } from '@likeness/core/pipeline';
import type { RegionConfidence } from '@likeness/core/pipeline';
import { skinTexels, uvChart, type SkinObservation } from '@likeness/core/texture';
import { syntheticModel } from '@likeness/testing';

const model = syntheticModel();
const chart = uvChart(model, 64);
const normals = vertexNormals(model.mean, model.triangles);
const skin = skinTexels(chart, model);

/** What a photo would show whose trust in a place of the mean head is `trust(x, y)` where it faces the camera. */
function confidenceOf(trust: (x: number, y: number) => number, eyeDistancePx = 200): RegionConfidence {
  const confidence = new Float32Array(skin.length);
  for (let i = 0; i < skin.length; i++) {
    if (!skin[i]) continue;
    const v = model.triangles[chart.triangleIds[i] * 3];
    if (normals[v * 3 + 2] > 0.28) confidence[i] = trust(model.mean[v * 3], model.mean[v * 3 + 1]);
  }
  // The measure reads no more of an observation than this.
  const seen = { chart, eyeDistancePx, unwrapped: { confidence } } as unknown as SkinObservation;
  return regionConfidence(model, seen);
}

// The synthetic head has no ears and no neck, and its lips are one line.
const FACE = FACE_REGIONS.filter((region) => !['ears', 'neck', 'mouth'].includes(region));

describe('regionConfidence', () => {
  it('is 1 all over the face of a sharp, bare, frontal photo and 0 where nothing is seen', () => {
    const full = confidenceOf(() => 1);
    expect(FACE.filter((region) => full[region] < 1)).toEqual([]);
    const none = confidenceOf(() => 0);
    expect(Object.keys(none)).toEqual([...FACE_REGIONS]);
    for (const region of FACE_REGIONS) expect(none[region]).toBe(0);
    // Filters of the mask leave rounding errors below zero.
    for (const value of Object.values(confidenceOf(() => -1e-9))) expect(value).toBeGreaterThanOrEqual(0);
  });

  it("tells the sides apart: left is the subject's left, +x", () => {
    const left = confidenceOf((x) => (x > 0 ? 1 : 0));
    expect(left.cheekLeft).toBe(1);
    expect(left.cheekRight).toBe(0);
    for (const region of ['forehead', 'jaw'] as const) {
      expect(left[region]).toBeGreaterThan(0.3);
      expect(left[region]).toBeLessThan(0.8);
    }
  });

  it('tells top and bottom apart', () => {
    const mouth = -45;
    const top = confidenceOf((_, y) => (y > mouth + 35 ? 1 : 0));
    expect(top.forehead).toBe(1);
    expect(top.jaw).toBe(0);
    const bottom = confidenceOf((_, y) => (y < mouth + 5 ? 1 : 0));
    expect(bottom.jaw).toBe(1);
    expect(bottom.forehead).toBe(0);
    expect(bottom.eyes).toBe(0);
  });

  it('falls with trust and with the size of the face', () => {
    const half = confidenceOf(() => 0.45);
    expect(half.nose).toBeGreaterThan(0.4);
    expect(half.nose).toBeLessThan(0.7);
    const sizes = [200, 80, 50, 20, 8].map((px) => confidenceOf(() => 1, px).nose);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(sizes[0]).toBe(1);
    expect(sizes[3]).toBeLessThan(0.1);
    expect(sizes[4]).toBe(0);
  });
});
