import { describe, expect, it } from 'vitest';
import {
  borderTriangles,
  composeSimilarities,
  cropSphere,
  invertSimilarity,
  subMesh,
  transformPoints,
  uniqueEdges,
  weldVertices,
} from '@likeness/core/geometry';
import type { Similarity } from '@likeness/core/geometry';
import { rotationAbout, toyFace } from './toy-face.ts';

/** 3 x 2 quads in the plane, vertex r * 4 + c at (c, r, 0). */
const grid = {
  positions: Float64Array.from({ length: 36 }, (_, i) =>
    i % 3 === 0 ? (i / 3) % 4 : i % 3 === 1 ? Math.floor(i / 12) : 0,
  ),
  triangles: Uint32Array.from([0, 1, 2, 4, 5, 6].flatMap((a) => [a, a + 1, a + 5, a, a + 5, a + 4])),
};

it('subMesh keeps the vertices asked for and the triangles between them', () => {
  const { positions, triangles, vertices } = subMesh(grid, (v) => v % 4 !== 3);
  expect([...vertices]).toEqual([0, 1, 2, 4, 5, 6, 8, 9, 10]);
  expect(triangles.length / 3).toBe(8);
  for (const t of triangles)
    expect(Array.from(positions.subarray(t * 3, t * 3 + 3))).toEqual(
      Array.from(grid.positions.subarray(vertices[t] * 3, vertices[t] * 3 + 3)),
    );
});

it('cropSphere includes its border', () => {
  expect([...cropSphere(grid, [0, 0, 0], 1).vertices]).toEqual([0, 1, 4]);
});

describe('weldVertices', () => {
  it('joins a mesh whose triangles share no vertex', () => {
    const { triangles } = grid;
    const split = {
      positions: Float64Array.from(
        [...triangles].flatMap((v) => Array.from(grid.positions.subarray(v * 3, v * 3 + 3))),
      ),
      triangles: triangles.map((_, i) => i),
    };
    const welded = weldVertices(split);
    expect(welded.positions.length / 3).toBe(12);
    expect(uniqueEdges(welded.triangles).length).toBe(uniqueEdges(triangles).length);
    for (let i = 0; i < triangles.length; i++) {
      const w = welded.weldedOf[i];
      expect(Array.from(welded.positions.subarray(w * 3, w * 3 + 3))).toEqual(
        Array.from(split.positions.subarray(i * 3, i * 3 + 3)),
      );
    }
  });

  it('drops triangles that lose a corner', () => {
    const flat = {
      positions: Float64Array.of(0, 0, 0, 1, 0, 0, 1, 0, 0),
      triangles: Uint32Array.of(0, 1, 2),
    };
    expect(weldVertices(flat).triangles.length).toBe(0);
  });

  it('leaves a mesh without doubles as it is', () => {
    const face = toyFace(8, 9);
    const welded = weldVertices(face);
    expect(welded.positions).toEqual(face.positions);
    expect(welded.triangles).toEqual(face.triangles);
  });
});

it('uniqueEdges lists every edge once, in order', () => {
  const edges = uniqueEdges(grid.triangles);
  // V - E + F = 1 for a disc.
  expect(edges.length / 2).toBe(12 + 12 - 1);
  for (let e = 0; e < edges.length; e += 2) expect(edges[e]).toBeLessThan(edges[e + 1]);
  for (let e = 2; e < edges.length; e += 2)
    expect(edges[e] * 100 + edges[e + 1]).toBeGreaterThan(edges[e - 2] * 100 + edges[e - 1]);
});

it('borderTriangles marks what touches the border, and nothing on a closed surface', () => {
  const face = toyFace(6, 6);
  const border = borderTriangles(face.triangles);
  // All but the 4 x 4 inner quads.
  expect(border.reduce((a, b) => a + b, 0)).toBe(2 * (36 - 16));
  const tetrahedron = Uint32Array.of(0, 2, 1, 0, 1, 3, 1, 2, 3, 2, 0, 3);
  expect([...borderTriangles(tetrahedron)]).toEqual([0, 0, 0, 0]);
});

it('similarities compose and invert', () => {
  const a: Similarity = {
    scale: 1.3,
    rotation: rotationAbout([1, 2, 3], 40),
    translation: Float64Array.of(1, -2, 3),
  };
  const b: Similarity = {
    scale: 0.4,
    rotation: rotationAbout([-1, 0, 2], 100),
    translation: Float64Array.of(30, 0, -7),
  };
  const both = transformPoints(grid.positions, composeSimilarities(a, b));
  const oneByOne = transformPoints(transformPoints(grid.positions, a), b);
  const back = transformPoints(both, invertSimilarity(composeSimilarities(a, b)));
  for (let i = 0; i < both.length; i++) {
    expect(both[i]).toBeCloseTo(oneByOne[i], 10);
    expect(back[i]).toBeCloseTo(grid.positions[i], 10);
  }
});
