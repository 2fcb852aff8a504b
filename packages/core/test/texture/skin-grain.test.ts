import { describe, expect, it } from 'vitest';
import type { MorphableModel } from '../../src/model/index.ts';
import { skinGrain } from '../../src/texture/skin-grain.ts';
import { uvChart } from '../../src/texture/uv-chart.ts';

/** A flat square that fills its chart, `width` x `height` mm: unequal sides squeeze the chart. */
function sheet(width: number, height: number) {
  return {
    vertexCount: 4,
    mean: Float32Array.of(0, 0, 0, width, 0, 0, 0, height, 0, width, height, 0),
    triangles: Uint32Array.of(0, 1, 2, 2, 1, 3),
    uvs: Float32Array.of(0, 0, 1, 0, 0, 1, 1, 1),
    uvTriangles: Uint32Array.of(0, 1, 2, 2, 1, 3),
    parts: [{ name: 'skin', triangleStart: 0, triangleCount: 2, vertexStart: 0, vertexCount: 4 }],
  } satisfies Partial<MorphableModel>;
}

const SIZE = 256;

function variance(grain: Float32Array): number {
  return grain.reduce((sum, x) => sum + x * x, 0) / grain.length;
}

/** Correlation of texels `along` apart. */
function correlation(grain: Float32Array, along: number): number {
  let sum = 0;
  for (let i = 0; i + along < grain.length; i++) sum += grain[i] * grain[i + along];
  return sum / grain.length / variance(grain);
}

describe('skinGrain', () => {
  it('has mean 0, variance 1 and the same every time', () => {
    const model = sheet(90, 90);
    const grain = skinGrain(uvChart(model, SIZE), model);
    expect(Math.abs(grain.reduce((sum, x) => sum + x, 0) / grain.length)).toBeLessThan(0.05);
    expect(variance(grain)).toBeGreaterThan(0.7);
    expect(variance(grain)).toBeLessThan(1.3);
    const again = sheet(90, 90);
    expect(
      Buffer.compare(Buffer.from(skinGrain(uvChart(again, SIZE), again).buffer), Buffer.from(grain.buffer)),
    ).toBe(0);
  });

  it('is as fine across as along in millimetres where the chart is squeezed', () => {
    // Texels of 0.1 mm by 0.3 mm: three across span as much skin as one along.
    const model = sheet(0.1 * SIZE, 0.3 * SIZE);
    const grain = skinGrain(uvChart(model, SIZE), model);
    expect(Math.abs(correlation(grain, 3) - correlation(grain, SIZE))).toBeLessThan(0.08);
    expect(correlation(grain, 3)).toBeGreaterThan(0.3);
  });

  it('fades out where a texel is too long for any grain', () => {
    const model = sheet(30, 3 * SIZE);
    expect(variance(skinGrain(uvChart(model, SIZE), model))).toBe(0);
  });
});
