import { describe, expect, it } from 'vitest';
import { boundaryLoops, mirrorMap, smoothWeights, vertexNormals } from '@likeness/core/geometry';

/** An open box: the five faces of a cube, z = 1 missing. */
const positions = Float32Array.from([
  -1, -1, -1, 1, -1, -1, 1, 1, -1, -1, 1, -1, -1, -1, 1, 1, -1, 1, 1, 1, 1, -1, 1, 1,
]);
const triangles = Uint32Array.from([
  0, 2, 1, 0, 3, 2, 0, 1, 5, 0, 5, 4, 1, 2, 6, 1, 6, 5, 2, 3, 7, 2, 7, 6, 3, 0, 4, 3, 4, 7,
]);

describe('vertexNormals', () => {
  it('points outwards with unit length, and is zero where no triangle is', () => {
    const padded = Float32Array.from([...positions, 9, 9, 9]);
    const normals = vertexNormals(padded, triangles);
    for (let v = 0; v < 8; v++) {
      const n = normals.subarray(v * 3, v * 3 + 3);
      expect(Math.hypot(...n)).toBeCloseTo(1, 6);
      expect(n[0] * positions[v * 3] + n[1] * positions[v * 3 + 1]).toBeGreaterThan(0);
    }
    expect([...normals.subarray(24)]).toEqual([0, 0, 0]);
  });
});

describe('boundaryLoops', () => {
  it('finds the one open border of a box, and none of a closed surface', () => {
    const loops = boundaryLoops(triangles);
    expect(loops).toHaveLength(1);
    expect([...loops[0]].toSorted((a, b) => a - b)).toEqual([4, 5, 6, 7]);
    expect(boundaryLoops(Uint32Array.from([...triangles, 4, 5, 6, 4, 6, 7]))).toEqual([]);
  });
});

describe('mirrorMap', () => {
  it('pairs vertices under x -> -x and is its own inverse', () => {
    const mirror = mirrorMap(positions)!;
    expect([...mirror]).toEqual([1, 0, 3, 2, 5, 4, 7, 6]);
  });

  it('answers nothing for a lopsided mesh', () => {
    const lopsided = positions.slice();
    lopsided[0] -= 3;
    expect(mirrorMap(lopsided)).toBeUndefined();
  });
});

describe('smoothWeights', () => {
  it('keeps constants, and spreads a peak without creating more than it had', () => {
    expect([...smoothWeights(new Float32Array(8).fill(0.5), triangles, 4)]).toEqual(Array(8).fill(0.5));
    const peak = new Float32Array(8);
    peak[0] = 1;
    const smooth = smoothWeights(peak, triangles, 2);
    expect(Math.max(...smooth)).toBeLessThan(1);
    expect(smooth[1]).toBeGreaterThan(0);
    expect(peak[1]).toBe(0);
  });
});
