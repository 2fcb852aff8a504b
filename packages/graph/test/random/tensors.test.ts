// Random numbers inside a program: the same bits as outside.
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { webRuntime } from '../../src/web/index.ts';

const { random } = g;
const runtime = nodeRuntime({ threads: 1 });

async function run(
  fn: g.TensorFunction,
  feeds: Readonly<Record<string, g.TypedArray>> = {},
  specs: Readonly<Record<string, g.TensorSpec>> = {},
): Promise<Record<string, g.TypedArray>> {
  const program = await g.compile<g.TypedArray>(fn, specs, { runtime });
  const result = await program.run(feeds);
  await program.dispose();
  return result;
}

const keys = [random.key(0), random.key(2 ** 53 - 1), random.foldIn(random.key(7), 9)];
const asNumbers = (array: g.TypedArray): number[] => Array.from(array as BigInt64Array, Number);

describe('random tensors', () => {
  it.each(keys)('have the bits of random arrays: key %j', async (key) => {
    const found = await run(() => {
      const k = random.keyTensor(key);
      return {
        words: random.wordsTensor(k, 10_003),
        uniform: random.uniformTensor(k, [100, 101]),
        shifted: random.uniformTensor(k, [10_000], { min: -0.3, max: 1.7 }),
        near: random.uniformTensor(k, [100], { min: 1, max: 1 + 2 ** -23 }),
        normal: random.normalTensor(k, [20_000]),
        moved: random.normalTensor(k, [20_000], { mean: -2, deviation: 0.3 }),
      };
    });
    expect(asNumbers(found['words'])).toEqual(Array.from(random.words(key, 10_003)));
    expect(found['uniform']).toEqual(random.uniform(key, [10_100]));
    expect(found['shifted']).toEqual(random.uniform(key, [10_000], { min: -0.3, max: 1.7 }));
    expect(found['near']).toEqual(new Float32Array(100).fill(1));
    expect(found['normal']).toEqual(random.normal(key, [20_000]));
    expect(found['moved']).toEqual(random.normal(key, [20_000], { mean: -2, deviation: 0.3 }));
  });

  it('have them on WebAssembly too', async () => {
    const program = await g.compile(
      ({ step }) => {
        const k = random.foldInTensor(random.keyTensor(keys[0]), step);
        return { uniform: random.uniformTensor(k, [1001]), normal: random.normalTensor(k, [5000]) };
      },
      { step: { shape: [], dtype: 'int32' } },
      { runtime: webRuntime(), threads: 1 },
    );
    const found = await program.run({ step: Int32Array.of(3) });
    await program.dispose();
    const key = random.foldIn(keys[0], 3);
    expect(found['uniform']).toEqual(random.uniform(key, [1001]));
    expect(found['normal']).toEqual(random.normal(key, [5000]));
  });

  it('take keys as inputs and fold in what is computed', async () => {
    const fold: g.TensorFunction = ({ key, step }) => {
      const folded = random.foldInTensor(key, step);
      return { folded, words: random.wordsTensor(folded, 5) };
    };
    for (const step of [0, 1, 2 ** 31, 2 ** 40 + 5]) {
      const key = keys[2];
      const found = await run(
        fold,
        { key: BigInt64Array.of(BigInt(key.low), BigInt(key.high)), step: BigInt64Array.of(BigInt(step)) },
        { key: { shape: [2], dtype: 'int64' }, step: { shape: [], dtype: 'int64' } },
      );
      const expected = random.foldIn(key, step);
      expect(asNumbers(found['folded'])).toEqual([expected.low, expected.high]);
      expect(asNumbers(found['words'])).toEqual(Array.from(random.words(expected, 5)));
    }
  });

  it('drop out: the right share, another one every step, with the gradient of what is left', async () => {
    const size = 20_000;
    const found = await run(
      ({ x, step }) => {
        const key = random.foldInTensor(random.keyTensor(random.key(3)), step);
        const y = random.dropout(x, 0.25, key);
        return { y, slope: g.gradients(g.sum(g.mul(y, y)), [x])[0] };
      },
      { x: new Float32Array(size).fill(3), step: Int32Array.of(4) },
      { x: { shape: [size] }, step: { shape: [], dtype: 'int32' } },
    );
    const y = found['y'] as Float32Array;
    expect(new Set(y)).toEqual(new Set([0, 4]));
    const dropped = y.filter((value) => value === 0).length;
    expect(Math.abs(dropped - 0.25 * size)).toBeLessThan(4 * Math.sqrt(0.25 * 0.75 * size));
    const slope = found['slope'] as Float32Array;
    expect(slope.every((value, i) => Math.abs(value - (8 / 3) * y[i]) < 1e-5)).toBe(true);
    expect(random.dropout(g.constant([1]), 0, random.keyTensor(keys[0])).node.operation).toBe('constant');
    expect(() => random.dropout(g.constant([1]), 1, random.keyTensor(keys[0]))).toThrow('rate in [0, 1)');
    expect(() => random.wordsTensor(g.constant([1, 2]), 3)).toThrow('expected a key int64[2]');
    expect(() => random.foldInTensor(random.keyTensor(keys[0]), g.constant([1, 2]))).toThrow(
      'integer scalar',
    );
  });

  it('give a training step new noise every step, and the same in another run', async () => {
    const losses = async (): Promise<number[]> => {
      const trainer = await g.createTrainer({
        loss: ({ w }, _, __, step) => {
          const noise = random.normalTensor(random.foldInTensor(random.keyTensor(keys[0]), step), [4]);
          return g.sum(g.mul(w, noise));
        },
        optimiser: g.sgd({ learningRate: 0 }),
        parameters: { w: { shape: [4], dtype: 'float32', data: Float32Array.of(1, 0, 0, 0) } },
        batch: {},
        runtime,
      });
      const found: number[] = [];
      for (let i = 0; i < 4; i++) found.push((await trainer.train({})).loss);
      await trainer.dispose();
      return found;
    };
    const once = await losses();
    expect(once).toEqual([0, 1, 2, 3].map((step) => random.normal(random.foldIn(keys[0], step), [4])[0]));
    expect(await losses()).toEqual(once);
  });
});
