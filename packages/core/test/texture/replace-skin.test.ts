// A generated texture replaces skin and nothing else.
import { syntheticModel } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import { replaceSkin, uvChart } from '../../src/texture/index.ts';

describe('replaceSkin', () => {
  const model = syntheticModel();
  const size = 64;
  const flat = (value: number): { width: number; height: number; channels: 3; data: Uint8Array } => ({
    width: size,
    height: size,
    channels: 3,
    data: new Uint8Array(size * size * 3).fill(value),
  });

  it('keeps what is painted of other parts', () => {
    // The second half of the triangles becomes an eyeball.
    const triangles = model.triangles.length / 3;
    const half = Math.floor(triangles / 2);
    const parts = [
      { ...model.parts[0], name: 'skin', triangleStart: 0, triangleCount: half },
      { ...model.parts[0], name: 'eyeball_left', triangleStart: half, triangleCount: triangles - half },
    ];
    const split = { ...model, parts };
    const chart = uvChart(split, size);
    const { data } = replaceSkin(split, flat(10), flat(200));
    const counts = { skin: 0, eye: 0 };
    for (let i = 0; i < size * size; i++) {
      if (chart.triangleIds[i] < 0) continue;
      const skin = chart.part[i] === 0;
      counts[skin ? 'skin' : 'eye']++;
      expect(data[i * 3]).toBe(skin ? 200 : 10);
    }
    expect(Math.min(counts.skin, counts.eye)).toBeGreaterThan(20);
  });

  it('refuses maps of different sizes', () => {
    const small = { ...flat(0), width: 32, height: 32, data: new Uint8Array(32 * 32 * 3) };
    expect(() => replaceSkin(model, flat(0), small)).toThrow(/expected a map of 64 x 64, received 32 x 32/);
  });
});
