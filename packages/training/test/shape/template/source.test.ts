import { describe, expect, it } from 'vitest';
import { readTemplateSource } from '../../../src/shape/template/index.ts';
import { readSharedSource } from './shared-source.ts';

describe('readTemplateSource', () => {
  it('says what is missing in a header that is no ICT-FaceKit', () => {
    expect(() => readTemplateSource(null, new ArrayBuffer(0))).toThrow(TypeError);
    expect(() => readTemplateSource({ vertexCount: 3 }, new ArrayBuffer(0))).toThrow(/vertexCount, arrays/);
    const header = { vertexCount: 1, arrays: [], regions: [], subRegions: [], landmarks68: [] };
    expect(() => readTemplateSource(header, new ArrayBuffer(0))).toThrow(/no array "mean"/);
  });

  const shared = readSharedSource();
  it.skipIf(shared === null)('reads the head in millimetres', () => {
    if (shared === null) return;
    const { source } = shared;
    expect(source.vertexCount).toBe(11_248);
    expect(source.skinQuads).toHaveLength(4 * 11_144);
    const [a, b] = [source.landmarks68[36], source.landmarks68[45]];
    expect(source.mean[3 * b] - source.mean[3 * a]).toBeCloseTo(89.2, 1);
  });
});
