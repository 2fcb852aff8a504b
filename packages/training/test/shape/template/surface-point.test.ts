import { describe, expect, it } from 'vitest';
import { buildHalfSurface } from '../../../src/shape/template/half-surface.ts';
import { closestOnTriangle, walkToClosest } from '../../../src/shape/template/surface-point.ts';
import { readSharedSource } from './shared-source.ts';

const shared = readSharedSource();

describe.skipIf(shared === null)('walkToClosest on the half surface', () => {
  it('finds the closest point as a search over all triangles does, for points near the cheek', () => {
    if (shared === null) return;
    const surface = buildHalfSurface(shared.source);
    const count = surface.triangles.length / 3;
    let state = 3;
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let i = 0; i < 30; i++) {
      // A cheek point, lifted, sought from a triangle some way off.
      const [x, y, z] = [30 + 25 * random(), -20 + 25 * random(), 85 + 15 * random()];
      let [best, nearest] = [-1, Infinity];
      for (let t = 0; t < count; t++) {
        const p = closestOnTriangle(surface, t, x, y, z);
        const distance = Math.hypot(p.x - x, p.y - y, p.z - z);
        if (distance < nearest) [best, nearest] = [t, distance];
      }
      const corner = surface.triangles[3 * best];
      const start = surface.around[surface.aroundStart[corner]];
      const found = walkToClosest(surface, start, x, y, z);
      expect(Math.hypot(found.x - x, found.y - y, found.z - z)).toBeCloseTo(nearest, 9);
      expect(found.u + found.v + found.w).toBeCloseTo(1, 9);
    }
  });

  it('is trimmed at the neck and bounded by the named curves', () => {
    if (shared === null) return;
    const surface = buildHalfSurface(shared.source);
    const names = surface.curves.filter(({ isBoundary }) => isBoundary).map(({ name }) => name);
    expect(names.toSorted()).toEqual([
      'eyelid_lower',
      'eyelid_upper',
      'lips',
      'midline_back',
      'midline_front',
      'neck',
    ]);
    for (let v = 0; v < surface.vertexCount; v++) {
      expect(surface.positions[3 * v]).toBeGreaterThanOrEqual(0);
      expect(surface.positions[3 * v + 1] + 0.12 * surface.positions[3 * v + 2]).toBeGreaterThan(-106 - 1e-6);
    }
  });
});
