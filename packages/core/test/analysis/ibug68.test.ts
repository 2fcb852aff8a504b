import { IBUG68_TO_MESH, ibug68FromMesh } from '@likeness/core/analysis';
import { describe, expect, it } from 'vitest';

describe('iBUG points', () => {
  it('name 68 different mesh points', () => {
    expect(IBUG68_TO_MESH).toHaveLength(68);
    expect(new Set(IBUG68_TO_MESH).size).toBe(68);
    expect(Math.max(...IBUG68_TO_MESH)).toBeLessThan(468);
  });

  it('take x and y of their mesh point', () => {
    const points = Float32Array.from({ length: 478 * 3 }, (_, i) => i);
    const out = ibug68FromMesh(points);
    expect(out).toHaveLength(136);
    expect([out[16], out[17]]).toEqual([152 * 3, 152 * 3 + 1]);
  });
});
