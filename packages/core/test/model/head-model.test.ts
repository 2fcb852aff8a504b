import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import {
  ModelFileError,
  quantiseModes,
  readHeadModel,
  readSafetensors,
  vertexEmbedding,
  writeHeadModel,
  writeSafetensors,
} from '@likeness/core/model';
import type { MorphableModel, Tensor } from '@likeness/core/model';

/** A pyramid with two identity modes and one expression. */
function pyramid(): MorphableModel {
  const triangles = Uint32Array.from([0, 1, 4, 1, 2, 4, 2, 3, 4, 3, 0, 4]);
  const modes = (count: number, phase: number): Float32Array =>
    Float32Array.from({ length: count * 15 }, (_, i) => Math.sin(i * 1.7 + phase) * 3);
  return {
    name: 'pyramid',
    version: '1',
    licence: 'MIT',
    vertexCount: 5,
    mean: Float32Array.from([-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0, 0, 0, 1]),
    triangles,
    uvs: Float32Array.from([0, 0, 1, 0, 1, 1, 0, 1, 0.5, 0.5]),
    uvTriangles: triangles,
    identity: {
      count: 2,
      names: ['a', 'b'],
      deltas: modes(2, 0),
      standardDeviationsMm: Float32Array.of(2, 1),
    },
    expression: { count: 1, names: ['jawOpen'], deltas: modes(1, 1) },
    parts: [{ name: 'skin', triangleStart: 0, triangleCount: 4, vertexStart: 0, vertexCount: 5 }],
    mirror: Uint32Array.of(1, 0, 3, 2, 4),
    loops: { neck: Uint32Array.of(0, 1, 2, 3) },
    regions: { face: Float32Array.of(0, 0.2, 0.4, 0.6, 1) },
    landmarks: { two: vertexEmbedding('two', triangles, [4, 0], [1]) },
  };
}

describe('head model file', () => {
  const model = pyramid();
  const bytes = writeHeadModel(model, { command: 'test' });

  it('reads back what it wrote, but for the quantisation of modes and weights', () => {
    const back = readHeadModel(bytes);
    const { identity, expression, regions, ...rest } = back;
    const { identity: i, expression: e, regions: r, ...expected } = model;
    expect(rest).toEqual(expected);
    expect(regions['face']).toEqual(r['face'].map((w) => Math.round(w * 255) / 255));
    for (const [basis, original] of [
      [identity, i],
      [expression, e],
    ] as const) {
      expect(basis.names).toEqual(original.names);
      const { maxErrorMm } = quantiseModes(original.deltas, original.count);
      for (const [k, x] of basis.deltas.entries())
        expect(Math.abs(x - original.deltas[k])).toBeLessThanOrEqual(maxErrorMm);
    }
    expect(identity.standardDeviationsMm).toEqual(i.standardDeviationsMm);
    expect(readSafetensors(bytes).metadata['command']).toBe('test');
  });

  it('writes the same bytes again, and the same steps from what it read', () => {
    expect(writeHeadModel(model, { command: 'test' })).toEqual(bytes);
    const again = readSafetensors(writeHeadModel(readHeadModel(bytes)));
    for (const name of ['identity.deltas', 'expression.deltas', 'region.face'])
      expect(again.tensors.get(name)).toEqual(readSafetensors(bytes).tensors.get(name));
  });

  it('refuses every truncation with a ModelFileError', () => {
    for (let length = 0; length < bytes.length; length += 7)
      expect(() => readHeadModel(bytes.subarray(0, length))).toThrow(ModelFileError);
  });

  it('survives random damage: a model or a ModelFileError, never another fault', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 5,
        }),
        (hits) => {
          const damaged = bytes.slice();
          for (const [at, value] of hits) damaged[at] = value;
          expect(faultOf(() => readHeadModel(damaged))).toSatisfy(
            (fault) => fault === undefined || fault instanceof ModelFileError,
          );
        },
      ),
      { seed: 9, numRuns: 1500 },
    );
  });

  const damage = (
    change: (tensors: Map<string, Tensor>, metadata: Record<string, string>) => void,
  ): Uint8Array => {
    const file = readSafetensors(bytes);
    const tensors = new Map(file.tensors);
    const metadata = { ...file.metadata };
    change(tensors, metadata);
    return writeSafetensors(tensors, metadata);
  };

  it.each<[string, RegExp, Parameters<typeof damage>[0]]>([
    [
      'another format',
      /is no head model/,
      (_, m) => {
        m['format'] = 'x';
      },
    ],
    [
      'a missing tensor',
      /no tensor "mean"/,
      (t) => {
        t.delete('mean');
      },
    ],
    [
      'an index past the mesh',
      /"triangles" refers past/,
      (t) => {
        t.set('triangles', { shape: [4, 3], data: new Uint16Array(12).fill(5) });
      },
    ],
    [
      'a wrong shape',
      /shape \[3, 5, 3\]/,
      (t) => {
        t.set('identity.deltas', { shape: [3, 5, 3], data: new Int16Array(45) });
      },
    ],
    [
      'a mean that is not finite',
      /"mean" holds a number that is not finite/,
      (t) => {
        t.set('mean', { shape: [5, 3], data: new Float32Array(15).fill(Number.NaN) });
      },
    ],
    [
      'a mirror that is no involution',
      /not its own inverse/,
      (t) => {
        t.set('mirror', { shape: [5], data: Uint16Array.of(1, 2, 3, 4, 0) });
      },
    ],
    [
      'a part past the mesh',
      /"skin" reaches past/,
      (_, m) => {
        m['parts'] = JSON.stringify([{ ...model.parts[0], triangleCount: 5 }]);
      },
    ],
    [
      'barycentrics that do not sum to 1',
      /sum to/,
      (t) => {
        t.set('landmark.two.barycentric', { shape: [2, 3], data: new Float32Array(6) });
      },
    ],
    [
      'names that are no JSON',
      /no valid JSON/,
      (_, m) => {
        m['identity_names'] = '[';
      },
    ],
  ])('names the fault: %s', (_, message, change) => {
    expect(() => readHeadModel(damage(change))).toThrow(ModelFileError);
    expect(() => readHeadModel(damage(change))).toThrow(message);
  });
});

function faultOf(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}
