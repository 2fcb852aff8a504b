import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { ModelFileError, readSafetensors, writeSafetensors } from '@likeness/core/model';
import type { Tensor } from '@likeness/core/model';

const tensor: fc.Arbitrary<Tensor> = fc
  .tuple(
    fc.integer({ min: 0, max: 4 }),
    fc.integer({ min: 0, max: 5 }),
    fc.constantFrom('U8', 'I16', 'U16', 'U32', 'F32'),
  )
  .chain(([rows, columns, type]): fc.Arbitrary<Tensor> => {
    const length = rows * columns;
    const shape = [rows, columns];
    const exactly = { minLength: length, maxLength: length };
    if (type === 'U8') return fc.uint8Array(exactly).map((data) => ({ shape, data }));
    if (type === 'I16') return fc.int16Array(exactly).map((data) => ({ shape, data }));
    if (type === 'U16') return fc.uint16Array(exactly).map((data) => ({ shape, data }));
    if (type === 'U32') return fc.uint32Array(exactly).map((data) => ({ shape, data }));
    return fc.float32Array({ ...exactly, noNaN: true }).map((data) => ({ shape, data }));
  });
const file = fc.dictionary(fc.stringMatching(/^[a-z.]{1,8}$/), tensor, { maxKeys: 6 });

describe('safetensors', () => {
  it('reads back what it wrote, aligned or not', () => {
    fc.assert(
      fc.property(
        file,
        fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
        fc.integer({ min: 0, max: 3 }),
        (tensors, metadata, shift) => {
          fc.pre(!Object.hasOwn(metadata, '__proto__'));
          const bytes = writeSafetensors(new Map(Object.entries(tensors)), metadata);
          const shifted = new Uint8Array(bytes.length + shift).subarray(shift);
          shifted.set(bytes);
          const back = readSafetensors(shifted);
          expect(back.metadata).toEqual(metadata);
          expect([...back.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
          for (const [name, { shape, data }] of Object.entries(tensors)) {
            expect(back.tensors.get(name)!.shape).toEqual(shape);
            expect(back.tensors.get(name)!.data).toEqual(data);
          }
        },
      ),
      { seed: 5 },
    );
  });

  it('writes the layout of the format', () => {
    const bytes = writeSafetensors(new Map([['a', { shape: [2], data: Int16Array.of(1, -2) }]]), { k: 'v' });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    expect(header).toEqual({
      __metadata__: { k: 'v' },
      a: { dtype: 'I16', shape: [2], data_offsets: [0, 4] },
    });
    expect([...bytes.subarray(8 + length)]).toEqual([1, 0, 254, 255]);
  });

  it('refuses every truncation with a ModelFileError', () => {
    const bytes = writeSafetensors(
      new Map([
        ['a', { shape: [3], data: Float32Array.of(1, 2, 3) }],
        ['b', { shape: [2], data: Uint8Array.of(1, 2) }],
      ]),
    );
    for (let length = 0; length < bytes.length; length++)
      expect(() => readSafetensors(bytes.subarray(0, length))).toThrow(ModelFileError);
    expect(() => readSafetensors(Uint8Array.from([...bytes, 0]))).toThrow(/after its last tensor/);
  });

  it('survives random damage: a result or a ModelFileError, never another fault', () => {
    const bytes = writeSafetensors(
      new Map([['weights', { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }]]),
      { a: 'b' },
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 6,
        }),
        (hits) => {
          const damaged = bytes.slice();
          for (const [at, value] of hits) damaged[at] = value;
          expect(faultOf(() => readSafetensors(damaged))).toSatisfy(
            (fault) => fault === undefined || fault instanceof ModelFileError,
          );
        },
      ),
      { seed: 6, numRuns: 2000 },
    );
  });

  it('refuses a shape that contradicts its data', () => {
    expect(() => writeSafetensors(new Map([['a', { shape: [2], data: Uint8Array.of(1) }]]))).toThrow(
      RangeError,
    );
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
