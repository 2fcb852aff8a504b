// What a user gets wrong at first is said in one sentence, not by a fault deep inside.
import { describe, expect, it } from 'vitest';
import * as g from '../src/index.ts';
import { nodeRuntime } from '../src/node/index.ts';

const runtime = nodeRuntime({ threads: 1 });
/** The call as plain JavaScript would make it. */
const untyped = g.compile as unknown as (...args: unknown[]) => Promise<g.Program>;
const double = ({ x }: Readonly<Record<string, g.Tensor>>): g.Tensor => g.mul(x, 2);
const x = { x: { shape: [2] } };

describe('compile', () => {
  it.each<[string, readonly unknown[], RegExp]>([
    [
      'a shape where a spec belongs',
      [double, { x: [2] }, { runtime }],
      /input 'x': expected a shape such as \[2, 3\] \(a spec is/,
    ],
    [
      'an unknown element type',
      [double, { x: { shape: [2], dtype: 'float' } }, { runtime }],
      /no element type 'float'/,
    ],
    ['no options', [double, x], /expected a runtime/],
    ['no runtime', [double, x, {}], /expected a runtime/],
    ['a function that returns nothing', [() => undefined, x, { runtime }], /to return a tensor/],
    [
      'an async function',
      [(given: typeof x) => Promise.resolve(given), x, { runtime }],
      /received an async one/,
    ],
  ])('refuses %s', async (_, args, message) => {
    await expect(untyped(...args)).rejects.toThrow(message);
  });

  it('refuses a run without inputs', async () => {
    const program = await g.compile(double, x, { runtime });
    const nothing = undefined as unknown as Record<string, Float32Array>;
    await expect(program.run(nothing)).rejects.toThrow(/expected arrays by name, received undefined/);
    await program.dispose();
  });
});

describe('random', () => {
  it('refuses a number where a key belongs, and an extent where a shape does', () => {
    const { uniform, key } = g.random;
    expect(() => uniform(1 as unknown as g.random.RandomKey, [3])).toThrow(
      /expected a key \(random\.key\(seed\)\)/,
    );
    expect(() => uniform(key(1), 3 as unknown as number[])).toThrow(/expected a shape such as \[2, 3\]/);
  });
});
