import { describe, expect, it } from 'vitest';
import { decodeFloat16, decodeWeights } from '../../src/tfjs/weights.ts';

describe('decodeFloat16', () => {
  it.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x0400, 2 ** -14],
    [0x0001, 2 ** -24],
    [0x3555, 0.333251953125],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, Number.NaN],
  ])('%i is %d', (bits, value) => {
    expect(decodeFloat16(bits)).toBe(value);
  });
});

describe('decodeWeights', () => {
  it('reads every storage form in the order of the manifest', () => {
    const bytes = new DataView(new ArrayBuffer(4 + 4 + 2 + 2 + 2 + 1));
    bytes.setFloat32(0, 1.5, true);
    bytes.setInt32(4, -7, true);
    bytes.setUint16(8, 0x3c00, true);
    bytes.setUint8(10, 0);
    bytes.setUint8(11, 255);
    bytes.setUint16(12, 500, true);
    bytes.setUint8(14, 1);
    const manifest = [
      {
        weights: [
          { name: 'a', shape: [], dtype: 'float32' },
          { name: 'b', shape: [1], dtype: 'int32' },
          {
            name: 'c',
            shape: [1, 1],
            dtype: 'float32',
            quantization: { dtype: 'float16', original_dtype: 'float32' },
          },
        ],
      },
      {
        weights: [
          {
            name: 'd',
            shape: [2],
            dtype: 'float32',
            quantization: { dtype: 'uint8', scale: 2 / 255, min: -1 },
          },
          { name: 'e', shape: [1], dtype: 'float32', quantization: { dtype: 'uint16', scale: 0.5, min: 1 } },
          { name: 'f', shape: [1], dtype: 'bool' },
        ],
      },
    ];
    const weights = decodeWeights(manifest, bytes.buffer);
    expect([...weights.values()].map(({ data }) => Array.from(data as Float32Array))).toEqual([
      [1.5],
      [-7],
      [1],
      [-1, 1],
      [251],
      [1],
    ]);
    expect(weights.get('f')?.dtype).toBe('bool');
  });

  it('names the weight that does not fit', () => {
    const manifest = [{ weights: [{ name: 'w', shape: [3], dtype: 'float32' }] }];
    expect(() => decodeWeights(manifest, new ArrayBuffer(8))).toThrow(
      "weight 'w' ends at byte 12, but there are 8",
    );
    expect(() => decodeWeights(manifest, new ArrayBuffer(16))).toThrow(
      'expected 12 bytes of weights, received 16',
    );
    const text = [{ weights: [{ name: 'w', shape: [1], dtype: 'string' }] }];
    expect(() => decodeWeights(text, new ArrayBuffer(8))).toThrow("weight 'w' has type string");
    expect(() => decodeWeights('x', new ArrayBuffer(8))).toThrow(
      'expected a list as weightsManifest, received string',
    );
  });
});
