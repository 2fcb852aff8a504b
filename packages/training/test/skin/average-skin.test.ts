import { describe, expect, it } from 'vitest';
import { linearToSrgb8, type Image } from '@likeness/core/image';
import { uvChart, type ChartModel } from '@likeness/core/texture';
import { balance, createSkinAverager } from '../../src/skin/index.ts';

const SIZE = 64;
/** A square chart of two quads, mirror images of each other about u = 0.5. */
const model: ChartModel = {
  vertexCount: 6,
  triangles: Uint32Array.of(0, 1, 2, 2, 1, 3, 1, 4, 3, 3, 4, 5),
  uvs: Float32Array.of(0.125, 0.25, 0.5, 0.25, 0.125, 0.75, 0.5, 0.75, 0.875, 0.25, 0.875, 0.75),
  uvTriangles: Uint32Array.of(0, 1, 2, 2, 1, 3, 1, 4, 3, 3, 4, 5),
  parts: [{ name: 'skin', triangleStart: 0, triangleCount: 4, vertexStart: 0, vertexCount: 6 }],
  mirror: Uint32Array.of(4, 1, 5, 3, 0, 2),
};
const chart = uvChart(model, SIZE);

/** An albedo map of one tone, 20% redder where `redder` says so. */
function map(tone: readonly [number, number, number], redder: (texel: number) => boolean) {
  const data = new Uint8Array(SIZE * SIZE * 3);
  for (let i = 0; i < SIZE * SIZE; i++)
    for (let c = 0; c < 3; c++) data[i * 3 + c] = linearToSrgb8(tone[c] * (c === 0 && redder(i) ? 1.2 : 1));
  const albedo: Image = { width: SIZE, height: SIZE, channels: 3, data };
  return {
    albedo,
    seen: { width: SIZE, height: SIZE, channels: 1 as const, data: new Float32Array(SIZE * SIZE).fill(1) },
    skinTone: tone,
  };
}

describe('createSkinAverager', () => {
  it('gives light and dark people the same say and takes their tones out', () => {
    const averager = createSkinAverager(model, { sigma: 0 });
    averager.add(
      map([0.5, 0.33, 0.25], () => false),
      0.5,
    );
    averager.add(
      map([0.07, 0.04, 0.03], () => false),
      0.5,
    );
    const { data } = averager.finish();
    const first = chart.triangleIds.findIndex((id) => id >= 0);
    let worst = 0;
    for (let i = 0; i < SIZE * SIZE; i++)
      for (let c = 0; c < 3; c++)
        if (chart.triangleIds[i] >= 0)
          worst = Math.max(worst, Math.abs(data[i * 3 + c] - data[first * 3 + c]));
    expect(worst).toBeLessThanOrEqual(3);
  });

  it('keeps a common pattern, and spreads a one-sided one over both sides', () => {
    const averager = createSkinAverager(model, { sigma: 0 });
    const left = (i: number): boolean => i % SIZE < SIZE / 2;
    averager.add(map([0.4, 0.25, 0.2], left), 1);
    const { data } = averager.finish();
    const mirror = chart.mirror as Int32Array;
    let pairs = 0;
    let worst = 0;
    for (let i = 0; i < SIZE * SIZE; i++) {
      const j = mirror[i];
      if (j < 0 || mirror[j] !== i) continue;
      pairs++;
      for (let c = 0; c < 3; c++) worst = Math.max(worst, Math.abs(data[i * 3 + c] - data[j * 3 + c]));
    }
    expect(pairs).toBeGreaterThan(200);
    expect(worst).toBeLessThanOrEqual(1);
  });

  it('refuses to average nothing, or maps of different sizes', () => {
    const averager = createSkinAverager(model);
    expect(() => averager.finish()).toThrow(RangeError);
    averager.add(
      map([0.4, 0.25, 0.2], () => false),
      1,
    );
    const other = { ...map([0.4, 0.25, 0.2], () => false) };
    expect(() => averager.add({ ...other, albedo: { ...other.albedo, width: 32 } }, 1)).toThrow(/64 wide/);
  });
});

describe('balance', () => {
  it('gives every group the same total weight', () => {
    const people = balance([
      ...Array.from({ length: 8 }, (_, i) => ({ id: `a${i}`, path: '', group: 'a' })),
      { id: 'b', path: '', group: 'b' },
    ]);
    const total = (group: string): number =>
      people.filter((p) => p.group === group).reduce((sum, p) => sum + p.weight, 0);
    expect(total('a')).toBeCloseTo(0.5, 10);
    expect(total('b')).toBeCloseTo(0.5, 10);
  });
});
