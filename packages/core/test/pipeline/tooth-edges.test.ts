import { describe, expect, it } from 'vitest';
import { vertexNormals } from '@likeness/core/geometry';
import { evaluateModel } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';
import { withMouthPocket } from '@likeness/core/pipeline';
import { syntheticModel } from '@likeness/testing';

/** The synthetic head with a bag: per side of the midline a front of teeth 8 mm high and a palate 40 mm deep behind its lower edge. */
function headWithBag(palateTurns: boolean): MorphableModel {
  const model = syntheticModel();
  const first = model.vertexCount;
  const columns = [-10, 0, 10];
  const added = columns.flatMap((x) => [
    [x, -40, 80],
    [x, -48, 80],
    palateTurns ? [x, -46, 40] : [x, -88, 80],
  ]);
  const triangles: number[] = [];
  for (let k = 0; k + 1 < columns.length; k++)
    for (const row of [0, 1]) {
      const [a, b] = [first + 3 * k + row, first + 3 * (k + 1) + row];
      triangles.push(a, a + 1, b + 1, a, b + 1, b);
    }
  const grown = (old: Float32Array, width: number, rows: readonly number[][]): Float32Array =>
    Float32Array.from([...old, ...rows.flatMap((row) => row.slice(0, width))]);
  const moved = added.map((_, i) => [0, -0.1 * i, 0]);
  const basis = ({ deltas, ...rest }: MorphableModel['identity']): MorphableModel['identity'] => {
    const size = 3 * model.vertexCount;
    const rows = Array.from({ length: rest.count }, (_, k) => [
      ...grown(deltas.subarray(k * size, (k + 1) * size), 3, moved),
    ]);
    return { ...rest, deltas: Float32Array.from(rows.flat()) };
  };
  const { mirror: _, ...rest } = model;
  return {
    ...rest,
    vertexCount: first + added.length,
    mean: grown(model.mean, 3, added),
    triangles: Uint32Array.from([...model.triangles, ...triangles]),
    uvTriangles: Uint32Array.from([...model.uvTriangles, ...triangles.map(() => 0)]),
    identity: basis(model.identity),
    expression: basis(model.expression),
    parts: [
      ...model.parts,
      {
        name: 'mouth_interior',
        triangleStart: model.triangles.length / 3,
        triangleCount: triangles.length / 3,
        vertexStart: first,
        vertexCount: added.length,
      },
    ],
    regions: Object.fromEntries(
      Object.entries(model.regions).map(([name, weights]) => [
        name,
        grown(
          weights,
          1,
          added.map(() => [0.25]),
        ),
      ]),
    ),
  };
}

describe('withToothEdges', () => {
  it('shades teeth down to their edge as they are turned, not as the palate behind them', () => {
    const model = headWithBag(true);
    const edge = model.parts.at(-1)!.vertexStart + 1;
    // Before: the palate is five times as large and looks down.
    expect(vertexNormals(model.mean, model.triangles)[3 * edge + 2]).toBeLessThan(0.4);
    const sharp = withMouthPocket(model);
    const normals = vertexNormals(sharp.mean, sharp.triangles);
    const bag = sharp.parts.at(-1)!;
    const [from, middle] = [3 * bag.triangleStart, 3 * bag.triangleStart + 6];
    for (const corner of [0, 1, 2, 3, 4, 5])
      expect(normals[3 * sharp.triangles[from + corner] + 2]).toBeCloseTo(1, 3);
    for (const corner of [0, 1, 2, 3, 4, 5])
      expect(normals[3 * sharp.triangles[middle + corner] + 1]).toBeLessThan(-0.9);
  });

  it('keeps the surface in every identity and expression, and what was numbered before', () => {
    const model = headWithBag(true);
    const sharp = withMouthPocket(model);
    const count = sharp.vertexCount - model.vertexCount;
    expect(count).toBe(3);
    expect(sharp.parts.at(-1)).toEqual({
      ...model.parts.at(-1),
      vertexCount: model.parts.at(-1)!.vertexCount + count,
    });
    const identity = Float32Array.from({ length: model.identity.count }, (_, k) => Math.sin(k + 1));
    const expression = new Float32Array(model.expression.count).fill(0.5);
    const before = evaluateModel(model, identity, expression);
    const after = evaluateModel(sharp, identity, expression);
    for (let i = 0; i < model.triangles.length; i++)
      for (let c = 0; c < 3; c++)
        expect(after[3 * sharp.triangles[i] + c]).toBeCloseTo(before[3 * model.triangles[i] + c], 5);
    for (const weights of Object.values(sharp.regions)) {
      expect(weights).toHaveLength(sharp.vertexCount);
      expect(weights.at(-1)).toBe(0.25);
    }
  });

  it('leaves a bag without sharp edges, and one that is not the last part, as they are', () => {
    const smooth = headWithBag(false);
    expect(withMouthPocket(smooth)).toBe(smooth);
    const model = headWithBag(true);
    const [head, bag] = [model.parts[0], model.parts.at(-1)!];
    const swapped = {
      ...model,
      parts: [
        { ...bag, name: head.name },
        { ...head, name: bag.name },
      ],
    };
    expect(withMouthPocket(swapped)).toBe(swapped);
  });
});
