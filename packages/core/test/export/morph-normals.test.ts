import { assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vertexNormals } from '@likeness/core/geometry';
import { morphNormals } from '../../src/export/morph-normals.ts';
import { fixtureHead } from './head-fixture.ts';

describe('morphNormals', () => {
  it('agrees with the normals of the whole moved mesh on random displacements', () => {
    const { mesh } = fixtureHead();
    const { positions, triangles } = mesh;
    const used = new Set(triangles);
    assert(
      property(integer({ min: 0, max: 2 ** 31 }), integer({ min: 1, max: 300 }), (seed, stride) => {
        // Every stride-th vertex moves by up to 3 mm.
        const deltas = new Float32Array(positions.length);
        for (let v = 0; v < positions.length / 3; v += stride)
          for (let c = 0; c < 3; c++) deltas[3 * v + c] = 3 * Math.sin(seed + 7.3 * v + 2.1 * c);
        const { base, changes } = morphNormals(positions, triangles, deltas, 1, 0);
        const expectedBase = vertexNormals(positions, triangles);
        const expected = vertexNormals(
          positions.map((x, i) => x + deltas[i]),
          triangles,
        );
        let worst = 0;
        for (const v of used)
          for (let i = 3 * v; i < 3 * v + 3; i++) {
            worst = Math.max(worst, Math.abs(base[i] - expectedBase[i]));
            worst = Math.max(worst, Math.abs(base[i] + changes[0][i] - expected[i]));
          }
        expect(worst).toBeLessThan(2e-5);
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  it('gives +z to vertices without triangles and no change where nothing moves', () => {
    const positions = Float32Array.from([0, 0, 0, 1, 0, 0, 0, 1, 0, 9, 9, 9]);
    const { base, changes } = morphNormals(
      positions,
      Uint32Array.from([0, 2, 1]),
      new Float32Array(2 * 12),
      2,
      0.02,
    );
    expect(Array.from(base)).toEqual([0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, 1].map((x) => x + 0));
    expect(changes.every((change) => change.every((x) => x === 0))).toBe(true);
  });
});
