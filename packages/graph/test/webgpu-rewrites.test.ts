// What replaces operations that WebGPU lacks computes the same: run on the CPU, which has both. (That the programs then
// run on WebGPU is shown in test/web/gradients.test.ts.)
import { describe, expect, it } from 'vitest';
import * as g from '../src/index.ts';
import { lower } from '../src/lower.ts';
import { nodeRuntime } from '../src/node/index.ts';
import { rewriteForWebgpu } from '../src/webgpu-rewrites.ts';

const runtime = nodeRuntime({ threads: 1 });
const rewriting: g.Runtime = { ...runtime, adapt: rewriteForWebgpu };

const CASES: Readonly<Record<string, readonly [g.TensorFunction, readonly number[]]>> = {
  Sign: [({ x }) => g.sign(x), [2, 4, 3, 3]],
  Softsign: [({ x }) => g.softsign(x), [2, 4, 3, 3]],
  Selu: [({ x }) => g.selu(x), [2, 4, 3, 3]],
  LogSoftmax: [({ x }) => g.logSoftmax(x, 1), [2, 4, 3, 3]],
  Round: [({ x }) => g.round(g.mul(x, 0.5)), [2, 4, 3, 3]],
  Mod: [({ x }) => g.fmod(x, g.constant(0.7)), [2, 4, 3, 3]],
  ConvTranspose: [
    ({ x }) =>
      g.convTranspose2d(
        x,
        g.constant(
          Float32Array.from({ length: 36 }, (_, i) => Math.sin(i)),
          [4, 1, 3, 3],
        ),
        { groups: 2, strides: [2, 2] },
      ),
    [2, 4, 3, 3],
  ],
};

describe('rewriteForWebgpu', () => {
  it.each(Object.entries(CASES))('%s', async (opType, [fn, shape]) => {
    const inputs = { x: { shape } };
    const opTypes = (model: ReturnType<typeof lower>): string[] => [
      ...new Set(model.nodes.map((node) => node.opType)),
    ];
    const model = lower(g.trace(fn, inputs));
    expect(opTypes(model)).toContain(opType);
    const rewritten = rewriteForWebgpu(model);
    expect(opTypes(rewritten).filter((name) => name === opType && name !== 'ConvTranspose')).toEqual([]);
    for (const node of rewritten.nodes) expect(node.attributes['group'] ?? { i: 1 }).toEqual({ i: 1 });

    const size = shape.reduce((a, b) => a * b, 1);
    const x = Float32Array.from({ length: size }, (_, i) =>
      i % 5 === 0 ? (i % 11) - 5 : 3 * Math.sin(i * i),
    );
    const [a, b] = [
      await g.compile(fn, inputs, { runtime }),
      await g.compile(fn, inputs, { runtime: rewriting }),
    ];
    const [{ output: expected }, { output }] = [await a.run({ x }), await b.run({ x })];
    output.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
    await a.dispose();
    await b.dispose();
  });

  const table = Float32Array.from({ length: 12 }, (_, i) => i * i);
  const lookUp: g.TensorFunction = ({ x }) => {
    const rows = g.cast(g.floor(g.abs(x)), 'int64');
    const shifted = g.reshape(g.add(g.mul(rows, 2), 1), [6]);
    const read = g.gather(g.constant(table), shifted);
    // Gather and ScatterElements take int32; GatherND does not.
    const added = g.scatterAdd(g.zeros([12]), shifted, read);
    return g.add(added, g.sum(g.gatherND(g.constant(table), g.reshape(shifted, [6, 1]))));
  };

  it('computes indices in int32', async () => {
    const inputs = { x: { shape: [2, 3] } };
    const rewritten = rewriteForWebgpu(lower(g.trace(lookUp, inputs)));
    const casts = rewritten.nodes
      .filter(({ opType }) => opType === 'Cast')
      .map(({ attributes }) => attributes);
    expect(casts).toEqual([{ to: { i: 6 } }, { to: { i: 7 } }]);
    const x = Float32Array.of(0, 1.5, -2, 3, 4.9, 5);
    const outputs = [];
    for (const one of [runtime, rewriting]) {
      const program = await g.compile(lookUp, inputs, { runtime: one });
      outputs.push((await program.run({ x })).output);
      await program.dispose();
    }
    expect(outputs[1]).toEqual(outputs[0]);
    // 1, 9, 25, 49, 81 and 121 are read; their sum is added to each.
    expect(outputs[0]).toContain(121 + (1 + 9 + 25 + 49 + 81 + 121));
  });

  it('leaves int64 values that a program returns, converts or gets from outside', () => {
    const kept: Readonly<Record<string, g.TensorFunction>> = {
      returned: ({ x }) => g.add(g.cast(x, 'int64'), 1),
      converted: ({ x }) => g.cast(g.mul(g.cast(x, 'int64'), 3), 'float32'),
      given: ({ x, i }) => g.gather(x, g.add(i, 1)),
      large: ({ x }) =>
        g.gather(x, g.add(g.cast(x, 'int64'), g.constant(BigInt64Array.of(2n ** 40n), [1], 'int64'))),
    };
    for (const fn of Object.values(kept)) {
      const model = lower(g.trace(fn, { x: { shape: [2] }, i: { shape: [2], dtype: 'int64' } }));
      expect(rewriteForWebgpu(model)).toBe(model);
    }
  });

  it('leaves alone what WebGPU has, and types that it computes otherwise', () => {
    const half = lower(g.trace(({ x }) => g.sign(x), { x: { shape: [2], dtype: 'float16' } }));
    expect(rewriteForWebgpu(half).nodes).toEqual(half.nodes);
    const plain = lower(g.trace(({ x }) => g.exp(x), { x: { shape: [2] } }));
    expect(rewriteForWebgpu(plain)).toBe(plain);
  });
});
