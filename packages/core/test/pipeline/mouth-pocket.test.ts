import { describe, expect, it } from 'vitest';
import { evaluateModel } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';
import { freeSpot, MOUTH_PART, withMouthPocket } from '@likeness/core/pipeline';
import { syntheticModel } from '@likeness/testing';

/** The synthetic head with room in its chart and a ring of skin vertices about the mouth as inner lips. */
function headWithLips(reversed = false): MorphableModel {
  const model = syntheticModel();
  const centre = [0, -45];
  const near = Array.from({ length: model.parts[0].vertexCount }, (_, v) => v)
    .filter((v) => model.mean[3 * v + 2] > 0)
    .map((v) => ({ v, x: model.mean[3 * v] - centre[0], y: model.mean[3 * v + 1] - centre[1] }))
    .filter(({ x, y }) => Math.hypot(x, y) > 12 && Math.hypot(x, y) < 34)
    .sort((a, b) => Math.atan2(a.y, a.x) - Math.atan2(b.y, b.x))
    .map(({ v }) => v);
  const loop = Uint32Array.from(reversed ? near.toReversed() : near);
  return { ...model, uvs: model.uvs.map((x) => 0.8 * x), loops: { ...model.loops, lips_inner: loop } };
}

describe('withMouthPocket', () => {
  it('adds one part behind the lips that faces out of the mouth, whichever way the loop runs', () => {
    for (const reversed of [false, true]) {
      const model = headWithLips(reversed);
      const grown = withMouthPocket(model);
      const part = grown.parts.at(-1)!;
      expect(part.name).toBe(MOUTH_PART);
      expect(part.vertexStart).toBe(model.vertexCount);
      expect(grown.mean).toHaveLength(3 * grown.vertexCount);
      expect(grown.triangles).toHaveLength(grown.uvTriangles.length);
      expect(Math.max(...grown.triangles)).toBe(grown.vertexCount - 1);
      expect(Math.max(...grown.uvTriangles)).toBe(grown.uvs.length / 2 - 1);
      // The floor of the pocket, around its last vertex, looks towards +z.
      const floor = grown.triangles.slice(-3);
      const [a, b, c] = Array.from(floor, (v) => grown.mean.subarray(3 * v, 3 * v + 3));
      expect((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])).toBeGreaterThan(0);
      const apex = grown.mean.subarray(-3);
      const lips = model.loops['lips_inner'];
      const depth = lips.reduce((sum, v) => sum + model.mean[3 * v + 2], 0) / lips.length - apex[2];
      expect(depth).toBeCloseTo(12, 3);
    }
  });

  it('hangs on the lips in every expression and identity', () => {
    const model = headWithLips();
    const grown = withMouthPocket(model);
    const lips = model.loops['lips_inner'];
    const identity = Float32Array.from({ length: model.identity.count }, (_, k) => Math.sin(k));
    const expression = new Float32Array(model.expression.count).fill(0.5);
    const before = evaluateModel(model, identity, expression);
    const after = evaluateModel(grown, identity, expression);
    for (let i = 0; i < before.length; i++) expect(after[i]).toBeCloseTo(before[i], 3);
    for (const [i, v] of lips.entries())
      for (let axis = 0; axis < 3; axis++)
        expect(after[3 * (model.vertexCount + i) + axis]).toBeCloseTo(before[3 * v + axis], 3);
  });

  it('uses only a free place of the chart', () => {
    const model = headWithLips();
    const grown = withMouthPocket(model);
    const spot = freeSpot(model.uvs, model.uvTriangles)!;
    const added = grown.uvs.slice(model.uvs.length);
    for (let i = 0; i < added.length; i += 2)
      expect(Math.hypot(added[i] - spot.u, added[i + 1] - spot.v)).toBeLessThanOrEqual(spot.radius);
    for (let i = 0; i < model.uvs.length; i += 2)
      expect(Math.hypot(model.uvs[i] - spot.u, model.uvs[i + 1] - spot.v)).toBeGreaterThanOrEqual(
        spot.radius - 1e-6,
      );
  });

  it('leaves heads alone that have a mouth, no lips, or a full chart', () => {
    const model = headWithLips();
    const { lips_inner: _, ...loops } = model.loops;
    const teeth = { ...model.parts[0], name: 'teeth' };
    const full = {
      ...model,
      uvs: Float32Array.from([0, 0, 1, 0, 0, 1, 1, 1]),
      uvTriangles: Uint32Array.from([0, 1, 2, 1, 3, 2]),
    };
    for (const untouched of [{ ...model, loops }, { ...model, parts: [...model.parts, teeth] }, full])
      expect(withMouthPocket(untouched)).toBe(untouched);
  });
});
