import { describe, expect, it } from 'vitest';
import { expressedPositions, writeObj } from '@likeness/core/export';
import { fixtureHead } from './head-fixture.ts';

function rows(obj: string, keyword: string): number[][] {
  return obj
    .split('\n')
    .filter((line) => line.startsWith(`${keyword} `))
    .map((line) => line.split(' ').slice(1).map(Number));
}

describe('writeObj', () => {
  it('writes vertices in metres, texture from the bottom, groups and a material library', () => {
    const head = fixtureHead();
    const { obj, mtl } = writeObj(head, { expression: false });
    const vertices = rows(obj, 'v');
    expect(vertices).toHaveLength(head.mesh.positions.length / 3);
    expect(vertices[0]).toEqual([0, 0.11, 0]);
    const uvs = rows(obj, 'vt');
    expect(uvs[0]).toEqual([0, 1]);
    expect(rows(obj, 'vn')).toHaveLength(vertices.length);
    expect(obj).toContain('mtllib head.mtl');
    expect(obj).toContain('g eyeball_left\nusemtl eye');
    expect(mtl).toMatch(/newmtl skin[^]*map_Kd albedo\.png/);
    expect(mtl.indexOf('map_Kd')).toBeLessThan(mtl.indexOf('newmtl eye'));
    const faces = obj.split('\n').filter((line) => line.startsWith('f '));
    expect(faces).toHaveLength(head.mesh.triangles.length / 3);
    for (const face of faces)
      for (const corner of face.slice(2).split(' ')) {
        const [v, vt, vn] = corner.split('/').map(Number);
        expect(v).toBeLessThanOrEqual(vertices.length);
        expect(vt).toBeLessThanOrEqual(uvs.length);
        expect(vn).toBe(v);
      }
  });

  it("bakes the photo's expression by default", () => {
    const head = fixtureHead();
    const vertices = rows(writeObj(head).obj, 'v');
    const expected = expressedPositions(head);
    const lowest = vertices.reduce((min, v) => Math.min(min, v[1]), 0);
    expect(lowest).toBeCloseTo((-100 - 0.25 * 10) * 1.1e-3, 6);
    expect(vertices[50][0]).toBeCloseTo(expected[150] * 1.1e-3, 6);
  });

  it('leaves eyeballs out on request', () => {
    const { obj, mtl } = writeObj(fixtureHead(), { eyes: false });
    expect(obj).not.toContain('eyeball');
    expect(mtl).not.toContain('newmtl eye');
  });
});
