// Declared inputs of ONNX files: open extents by the symbols that importOnnx takes, initialised inputs left out.
import { describe, expect, it } from 'vitest';
import { importOnnx, readOnnxInputs } from '../../src/index.ts';
import { buildModel } from '../fixtures/onnx-builder.ts';

describe('readOnnxInputs', () => {
  it('names open extents as importOnnx does', () => {
    const bytes = buildModel({
      inputs: [{ name: 'x', shape: ['batch', 3, '', -1] }],
      nodes: [{ op: 'Relu', name: 'act', inputs: ['x'], outputs: ['y'] }],
      outputs: [{ name: 'y', shape: ['batch', 3, '', -1] }],
    });
    const [{ name, shape }] = readOnnxInputs(bytes);
    expect(name).toBe('x');
    expect(shape).toEqual(['batch', 3, 'x:2', 'x:3']);
    expect(() => importOnnx(bytes)).toThrow(/'x:2'/);
    expect(importOnnx(bytes, { dimensions: { 'x:2': 8, 'x:3': 9 } }).inputs[0].shape).toEqual([1, 3, 8, 9]);
  });

  it('refuses what is no file', () => {
    const untyped = readOnnxInputs as (bytes: unknown) => unknown;
    expect(() => untyped(new ArrayBuffer(4))).toThrow(/Uint8Array/);
    expect(() => readOnnxInputs(new TextEncoder().encode('<html>'))).toThrow(/not a whole ONNX model/);
  });
});
