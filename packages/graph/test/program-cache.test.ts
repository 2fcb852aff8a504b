// Equal programs share a session; whatever a session depends on tells programs apart.
import { describe, expect, it } from 'vitest';
import * as g from '../src/index.ts';
import { nodeRuntime } from '../src/node/index.ts';
import { hashBytes } from '../src/program-cache.ts';

/** A runtime that counts sessions made and released. */
function counting(): { runtime: g.Runtime; made: () => number; released: () => number } {
  const inner = nodeRuntime({ threads: 1 });
  let made = 0;
  let released = 0;
  const runtime: g.Runtime = {
    ...inner,
    async createSession(model, options) {
      made++;
      const session = await inner.createSession(model, options);
      return {
        ...session,
        async release() {
          released++;
          await session.release();
        },
      };
    },
  };
  return { runtime, made: () => made, released: () => released };
}

const weights = Float32Array.from({ length: 1000 }, (_, i) => i);
const scale: g.TensorFunction = ({ x }) => g.mul(x, g.constant(weights));
const inputs = { x: { shape: [1000] } };
const ones = { x: new Float32Array(1000).fill(1) };

describe('program cache', () => {
  it('shares one session until the last program is disposed', async () => {
    const { runtime, made, released } = counting();
    const [a, b] = await Promise.all([
      g.compile(scale, inputs, { runtime }),
      g.compile(scale, inputs, { runtime }),
    ]);
    const c = await g.compile(scale, inputs, { runtime });
    expect([made(), runtime.cache?.size]).toEqual([1, 1]);
    await a.dispose();
    await a.dispose();
    await expect(a.run(ones)).rejects.toThrow('the program was disposed');
    expect((await b.run(ones)).output).toEqual(weights);
    await b.dispose();
    expect(released()).toBe(0);
    expect((await c.run(ones)).output).toEqual(weights);
    await c.dispose();
    expect([released(), runtime.cache?.size]).toEqual([1, 0]);
    const d = await g.compile(scale, inputs, { runtime });
    expect(made()).toBe(2);
    expect((await d.run(ones)).output).toEqual(weights);
    await d.dispose();
  });

  it('tells apart everything a session depends on', async () => {
    const { runtime, made } = counting();
    const changed = weights.slice();
    const changeable: g.TensorFunction = ({ x }) => g.mul(x, g.constant(changed));
    const programs = [
      await g.compile(scale, inputs, { runtime }),
      await g.compile(scale, inputs, { runtime, threads: 2 }),
      await g.compile(({ x }) => g.add(x, g.constant(weights)), inputs, { runtime }),
      await g.compile(({ x }) => ({ other: scale({ x }) as g.Tensor }), inputs, { runtime }),
      await g.compile(({ y }) => g.mul(y, g.constant(weights)), { y: { shape: [1000] } }, { runtime }),
      await g.compile(scale, { x: { shape: [2, 1000] } }, { runtime }),
    ];
    expect(made()).toBe(programs.length);
    // An array that is changed after it was compiled: the old program keeps its numbers, a new one has the new ones.
    const before = await g.compile(changeable, inputs, { runtime });
    expect(made()).toBe(programs.length);
    changed[999] = -1;
    const after = await g.compile(changeable, inputs, { runtime });
    expect(made()).toBe(programs.length + 1);
    expect((await before.run(ones)).output[999]).toBe(999);
    expect((await after.run(ones)).output[999]).toBe(-1);
    await Promise.all([...programs, before, after].map((program) => program.dispose()));
  });

  it('forgets what failed, and can be left out', async () => {
    const { runtime, made } = counting();
    let fail = true;
    const flaky: g.Runtime = {
      ...runtime,
      createSession: (model, options) =>
        fail ? Promise.reject(new Error('not today')) : runtime.createSession(model, options),
    };
    await expect(g.compile(scale, inputs, { runtime: flaky })).rejects.toThrow('not today');
    fail = false;
    await (await g.compile(scale, inputs, { runtime: flaky })).dispose();
    expect([made(), runtime.cache?.size]).toEqual([1, 0]);
    expect(nodeRuntime({ cache: false }).cache).toBeUndefined();
    const apart = { ...runtime, cache: undefined };
    const both = [
      await g.compile(scale, inputs, { runtime: apart }),
      await g.compile(scale, inputs, { runtime: apart }),
    ];
    expect(made()).toBe(3);
    await Promise.all(both.map((program) => program.dispose()));
  });
});

describe('hashBytes', () => {
  it('depends on every byte, its place and the length, not on alignment', () => {
    const bytes = Uint8Array.from({ length: 71 }, (_, i) => (i * 37) & 255);
    const seen = new Set<string>();
    const see = (value: Uint8Array): void => void seen.add([...hashBytes(value)].join());
    see(bytes);
    for (let i = 0; i < bytes.length; i++) {
      const other = bytes.slice();
      other[i] ^= 1;
      see(other);
    }
    for (let length = 0; length < 40; length++) see(new Uint8Array(length));
    expect(seen.size).toBe(1 + 71 + 40);
    const shifted = new Uint8Array(72);
    shifted.set(bytes, 1);
    expect(hashBytes(shifted.subarray(1))).toEqual(hashBytes(bytes));
  });
});
