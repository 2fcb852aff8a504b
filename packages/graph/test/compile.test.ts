// From function to running program: names, types, errors, disposal, export.
import { describe, expect, it } from 'vitest';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import * as g from '../src/index.ts';
import { nodeRuntime } from '../src/node/index.ts';

const runtime = nodeRuntime({ threads: 1 });

describe('trace', () => {
  it('keeps only what outputs need, inputs before readers', () => {
    const graph = g.trace(
      ({ x }) => {
        g.exp(x);
        return g.add(g.mul(x, 2), 1);
      },
      { x: { shape: [2] } },
    );
    expect(graph.nodes.map((node) => node.operation)).toEqual([
      'input',
      'constant',
      'mul',
      'constant',
      'add',
    ]);
    expect(Object.keys(graph.outputs)).toEqual(['output']);
  });

  it('survives ten thousand operations in a row', () => {
    const graph = g.trace(
      ({ x }) => {
        let y = x;
        for (let i = 0; i < 10_000; i++) y = g.neg(y);
        return y;
      },
      { x: { shape: [1] } },
    );
    expect(graph.nodes).toHaveLength(10_001);
  });

  it('refuses bad specs', () => {
    expect(() => g.trace(({ x }) => x, { x: { shape: [-1] } })).toThrow("trace: input 'x': expected whole");
    expect(() => g.trace(() => ({}), {})).toThrow('trace: expected at least one output');
    const twice = [
      { name: 'x', shape: [1] },
      { name: 'x', shape: [1] },
    ];
    expect(() => g.trace(({ x }) => x, twice)).toThrow("received 'x' twice");
  });
});

describe('compile', () => {
  it('runs with several inputs and outputs, of several types', async () => {
    const program = await g.compile<g.TypedArray>(
      ({ x, i }) => ({
        sum: g.add(x, 1),
        index: g.cast(i, 'int64'),
        sign: g.greater(x, 0),
        same: x,
        x: g.neg(x),
      }),
      { x: { shape: [2] }, i: { shape: [2], dtype: 'int32' } },
      { runtime },
    );
    const result = await program.run({ x: Float32Array.of(-1, 1), i: Int32Array.of(3, 4) });
    expect(result).toEqual({
      sum: Float32Array.of(0, 2),
      index: BigInt64Array.of(3n, 4n),
      sign: Uint8Array.of(0, 1),
      same: Float32Array.of(-1, 1),
      x: Float32Array.of(1, -1),
    });
    expect(program.outputs.map(({ name, dtype }) => `${name} ${dtype}`)).toEqual([
      'sum float32',
      'index int64',
      'sign bool',
      'same float32',
      'x float32',
    ]);
    await program.dispose();
  });

  it('runs a program of constants, and one whose outputs share a value', async () => {
    const program = await g.compile(
      () => {
        const two = g.constant(2);
        return { a: two, b: g.add(two, 1), c: two };
      },
      {},
      { runtime },
    );
    expect(await program.run({})).toEqual({
      a: Float32Array.of(2),
      b: Float32Array.of(3),
      c: Float32Array.of(2),
    });
    await program.dispose();
  });

  it('computes in float64 where asked', async () => {
    const program = await g.compile<Float64Array>(
      ({ x }) => g.clip(g.mul(x, x), -1, 4),
      { x: { shape: [2], dtype: 'float64' } },
      { runtime },
    );
    const { output } = await program.run({ x: Float64Array.of(1 + 2 ** -40, 3) });
    expect([...output]).toEqual([(1 + 2 ** -40) ** 2, 4]);
    await program.dispose();
  });

  it('checks what it is given', async () => {
    const program = await g.compile(({ x }) => g.neg(x), { x: { shape: [2, 2] } }, { runtime });
    await expect(program.run({})).rejects.toThrow(
      "Program.run: expected float32[2,2] as input 'x', received nothing",
    );
    await expect(program.run({ x: Float64Array.of(1, 2, 3, 4) })).rejects.toThrow('received Float64Array');
    await expect(program.run({ x: Float32Array.of(1) })).rejects.toThrow(
      "expected 4 values for input 'x' [2,2], received 1",
    );
    await expect(program.run({ x: new Float32Array(4), y: new Float32Array(1) })).rejects.toThrow(
      "received 'y'",
    );
    await program.dispose();
    await program.dispose();
    await expect(program.run({ x: new Float32Array(4) })).rejects.toThrow('the program was disposed');
  });

  it('refuses tensors of another trace', async () => {
    let leaked: g.Tensor | undefined;
    g.trace(({ x }) => (leaked = x), { x: { shape: [1] } });
    const stray = leaked;
    expect(stray).toBeInstanceOf(g.Tensor);
    await expect(
      g.compile(({ y }) => g.add(y, stray as g.Tensor), { y: { shape: [1] } }, { runtime }),
    ).rejects.toThrow('belongs to another trace');
  });

  it('says that a device is missing instead of taking another', async () => {
    const cuda = nodeRuntime({ device: 'cuda' });
    await expect(g.compile(({ x }) => g.neg(x), { x: { shape: [1] } }, { runtime: cuda })).rejects.toThrow(
      /^nodeRuntime: device 'cuda' (is not in this build|cannot be used on this machine)/,
    );
  });
});

describe('exportOnnx', () => {
  it('writes a file that the runtime loads by itself, with the names as they are', async () => {
    const bytes = g.exportOnnx(({ a, b }) => ({ total: g.sum(g.mul(a, b)) }), {
      a: { shape: [3] },
      b: { shape: [3] },
    });
    const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
    expect([session.inputNames, session.outputNames]).toEqual([['a', 'b'], ['total']]);
    const tensor = (...values: number[]): OrtTensor =>
      new OrtTensor('float32', Float32Array.from(values), [3]);
    const { total } = await session.run({ a: tensor(1, 2, 3), b: tensor(4, 5, 6) });
    expect(total.data).toEqual(Float32Array.of(32));
    await session.release();
  });
});

it('says what is wrong with what it is given', async () => {
  const specs = { x: { shape: [1, 1, 4, 4] } };
  const wrong = g.trace(({ x }) => x, specs).outputs['output'];
  const kernel = g.zeros([1, 1, 2, 2]);
  await expect(g.compile(({ x }) => x, specs, {} as g.CompileOptions)).rejects.toThrow(
    'compile: expected a runtime (nodeRuntime() or webRuntime()), received none',
  );
  expect(() => g.trace((() => 3) as unknown as g.TensorFunction, specs)).toThrow(
    'trace: expected the function to return a tensor or a record of tensors',
  );
  expect(() => g.add(wrong, undefined as unknown as number)).toThrow('expected a tensor or a number');
  expect(() => g.conv2d(wrong, kernel, undefined, { strides: [0, 1] })).toThrow(
    'conv2d: expected whole, non-negative extents',
  );
  expect(() => g.resize2d(wrong, { size: [2.5, 4] })).toThrow('resize2d: expected whole, non-negative');
});
