import { describe, expect, it } from 'vitest';
import { NO_PART, uvChart, type ChartModel } from '../../src/texture/uv-chart.ts';

/** Two triangles left and two right of u = 0.5, mirror images of each other. */
const model: ChartModel = {
  vertexCount: 6,
  triangles: Uint32Array.of(0, 1, 2, 2, 1, 3, 1, 4, 3, 3, 4, 5),
  uvs: Float32Array.of(0.125, 0.25, 0.5, 0.25, 0.125, 0.75, 0.5, 0.75, 0.875, 0.25, 0.875, 0.75),
  uvTriangles: Uint32Array.of(0, 1, 2, 2, 1, 3, 1, 4, 3, 3, 4, 5),
  parts: [
    { name: 'skin', triangleStart: 0, triangleCount: 2, vertexStart: 0, vertexCount: 4 },
    { name: 'other', triangleStart: 2, triangleCount: 2, vertexStart: 1, vertexCount: 5 },
  ],
  mirror: Uint32Array.of(4, 1, 5, 3, 0, 2),
};

describe('uvChart', () => {
  const chart = uvChart(model, 64);

  it('finds part and triangle of each texel, and none in the gaps', () => {
    expect(chart.part[32 * 64 + 12]).toBe(0);
    expect(chart.part[32 * 64 + 50]).toBe(1);
    expect(chart.part[4 * 64 + 12]).toBe(NO_PART);
    expect(chart.triangleIds[4 * 64 + 12]).toBe(-1);
  });

  it('mirrors texels exactly about u = 0.5, also where the quads are cut along the other diagonal', () => {
    let checked = 0;
    const mirror = chart.mirror as Int32Array;
    for (let i = 0; i < 64 * 64; i++) {
      const j = mirror[i];
      if (j < 0) continue;
      if (j === Math.floor(i / 64) * 64 + 63 - (i % 64) && mirror[j] === i) checked++;
    }
    expect(checked).toBe(48 * 32);
  });

  it('pads the gaps with the nearest texel', () => {
    expect(chart.padding[(16 - 5) * 64 + 20]).toBe(16 * 64 + 20);
    expect(chart.padding[32 * 64 + 20]).toBe(-1);
    expect(chart.padding[0]).toBe(-1);
  });

  it('is made once per model and size', () => {
    expect(uvChart(model, 64)).toBe(chart);
    expect(uvChart(model, 32)).not.toBe(chart);
  });
});
