// Networks exported by PyTorch: outputs and input gradients are those that PyTorch recorded (fixtures/make-onnx.py).
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  compile,
  constant,
  exportOnnx,
  grad,
  importOnnx,
  mul,
  sum,
  type ImportOnnxOptions,
} from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';

interface Golden {
  readonly shape: readonly number[];
  readonly outputShape: readonly number[];
  readonly output: readonly number[];
  readonly gradient: readonly number[];
}

const file = (name: string): string => fileURLToPath(new URL(`../fixtures/onnx/${name}`, import.meta.url));
const readNetwork = (name: string): Uint8Array => new Uint8Array(readFileSync(file(`${name}.onnx`)));
const readGolden = (name: string): Golden => JSON.parse(readFileSync(file(`${name}.json`), 'utf8')) as Golden;

/** sin(frequency i + phase): the numbers that the Python side made its recording with. */
function wave(count: number, frequency: number, phase = 0): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * frequency + phase));
}

/** Largest difference as a share of the largest expected number. */
function relativeError(received: Float32Array, expected: readonly number[]): number {
  expect(received).toHaveLength(expected.length);
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - received[i]) / scale), 0);
}

const runtime = nodeRuntime({ threads: 1 });

/** Symbolic extents of the recordings that are not the batch. */
const DIMENSIONS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  residual: { batch: 2 },
  mobile: {},
  arcface: { batch: 2 },
  attention: { batch: 2, length: 7 },
  'attention-opset11': { batch: 2, length: 7 },
  unet: { height: 12, width: 16 },
  plumbing: { height: 8, width: 6 },
};

describe.each(Object.entries(DIMENSIONS))('%s', (name, dimensions) => {
  const golden = readGolden(name);
  const options: ImportOnnxOptions = { dimensions };
  const x = wave(golden.gradient.length, 0.37);

  it('computes what PyTorch computed, and so does the model written out and read again', async () => {
    const model = importOnnx(readNetwork(name), options);
    expect(model.inputs).toEqual([{ name: 'x', shape: golden.shape, dtype: 'float32' }]);
    expect(model.outputNames).toEqual(['y']);
    for (const source of [model, importOnnx(exportOnnx(model, {}))]) {
      const program = await compile(source, {}, { runtime });
      expect(program.outputs[0].shape).toEqual(golden.outputShape);
      const { y } = await program.run({ x });
      expect(relativeError(y, golden.output)).toBeLessThan(2e-5);
      await program.dispose();
    }
  });

  it('has the gradient that PyTorch has', async () => {
    const model = importOnnx(readNetwork(name), options);
    const weights = wave(golden.output.length, 0.11, 0.5);
    const loss = grad((inputs) => sum(mul(model.apply(inputs)['y'], constant(weights, golden.outputShape))));
    const program = await compile(loss, model.inputs, { runtime });
    const { x: gradient } = await program.run({ x });
    expect(relativeError(gradient, golden.gradient)).toBeLessThan(1e-4);
    await program.dispose();
  });
});
