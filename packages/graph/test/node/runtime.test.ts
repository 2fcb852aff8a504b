// onnxruntime-node behind `compile`: every element type in and out, given output arrays, overlapping calls, disposal,
// missing devices, and errors of ONNX Runtime as one sentence.
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { webRuntime } from '../../src/web/index.ts';

const runtime = nodeRuntime({ threads: 1 });
const HALF = Uint16Array.of(0x3c00, 0xc000, 0x0000, 0x7bff); // 1, -2, 0, 65504

describe('arrays in and out', () => {
  const values: Readonly<Record<g.DType, g.TypedArray>> = {
    float32: Float32Array.of(1.5, -0, Infinity, NaN),
    float64: Float64Array.of(1 + 2 ** -40, -0, Infinity, NaN),
    float16: HALF,
    int32: Int32Array.of(-(2 ** 31), 0, 1, 2 ** 31 - 1),
    int64: BigInt64Array.of(-(2n ** 63n), 0n, 1n, 2n ** 63n - 1n),
    bool: Uint8Array.of(0, 1, 1, 0),
  };

  it.each(Object.entries(values) as [g.DType, g.TypedArray][])('%s', async (dtype, data) => {
    for (const shape of [[4], [2, 2], [1, 4, 1]]) {
      const program = await g.compile<g.TypedArray>(
        ({ x }) => ({ whole: g.reshape(x, [4]), part: g.slice(g.reshape(x, [4]), [1], [3]) }),
        { x: { shape, dtype } },
        { runtime },
      );
      const { whole, part } = await program.run({ x: data });
      expect([whole, part]).toEqual([data, data.slice(1, 3)]);
      await program.dispose();
    }
  });

  it('half-precision numbers of engines that have them', async () => {
    const program = await g.compile<Uint16Array>(
      ({ x }) => x,
      { x: { shape: [4], dtype: 'float16' } },
      { runtime },
    );
    const scope = globalThis as { readonly Float16Array?: new (values: number[]) => g.Float16ArrayLike };
    // Node 20 has no Float16Array: there a view that calls itself so stands for it.
    const half =
      scope.Float16Array === undefined
        ? Object.defineProperty(HALF.slice(), Symbol.toStringTag, { value: 'Float16Array' })
        : new scope.Float16Array([1, -2, 0, 65504]);
    const { output } = await program.run({ x: half });
    expect(output).toEqual(HALF);
    expect(output).toBeInstanceOf(Uint16Array);
    await program.dispose();
  });

  it('views into larger buffers', async () => {
    const program = await g.compile(({ x }) => g.add(x, 1), { x: { shape: [2] } }, { runtime });
    const store = Float32Array.of(9, 1, 2, 9, 0, 0, 9);
    const output = store.subarray(4, 6);
    const result = await program.run({ x: store.subarray(1, 3) }, { outputs: { output } });
    expect(result.output).toBe(output);
    expect(store).toEqual(Float32Array.of(9, 1, 2, 9, 2, 3, 9));
    await program.dispose();
  });

  it('scalars and empty tensors', async () => {
    const program = await g.compile(
      ({ x, none }) => ({ twice: g.mul(x, 2), none: g.neg(none), total: g.add(g.sum(none), x) }),
      { x: { shape: [] }, none: { shape: [0, 3] } },
      { runtime },
    );
    const result = await program.run({ x: Float32Array.of(4), none: new Float32Array(0) });
    expect(result).toEqual({
      twice: Float32Array.of(8),
      none: new Float32Array(0),
      total: Float32Array.of(4),
    });
    await program.dispose();
  });

  it('memory shared between threads', async () => {
    const program = await g.compile(({ x }) => g.add(x, 1), { x: { shape: [2] } }, { runtime });
    const x = new Float32Array(new SharedArrayBuffer(8));
    x.set([1, 2]);
    const given = new Float32Array(new SharedArrayBuffer(8));
    expect((await program.run({ x })).output).toEqual(Float32Array.of(2, 3));
    await program.run({ x }, { outputs: { output: given } });
    expect([...given]).toEqual([2, 3]);
    await program.dispose();
  });
});

describe('given output arrays', () => {
  const step = (): Promise<g.Program> =>
    g.compile(
      ({ weight, moment, x }) => {
        const next = g.add(g.mul(moment, 0.5), x);
        return { moment: next, weight: g.sub(weight, next), loss: g.sum(g.mul(weight, weight)) };
      },
      { weight: { shape: [3] }, moment: { shape: [3] }, x: { shape: [3] } },
      { runtime },
    );

  it('carries state round without new memory', async () => {
    const program = await step();
    let now = { weight: Float32Array.of(1, 2, 3), moment: new Float32Array(3) };
    let next = { weight: new Float32Array(3), moment: new Float32Array(3) };
    const plain = { ...now };
    let expected: Record<string, Float32Array> = plain;
    for (let i = 0; i < 5; i++) {
      const x = Float32Array.of(i, 1, -1);
      const given = await program.run({ ...now, x }, { outputs: next });
      expected = await program.run({ weight: expected['weight'], moment: expected['moment'], x });
      expect(given).toEqual(expected);
      expect([given['weight'], given['moment']]).toEqual([next.weight, next.moment]);
      expect(given['weight']).toBe(next.weight);
      [now, next] = [next, now];
    }
    await program.dispose();
  });

  it('refuses arrays that are wrong or not free', async () => {
    const program = await step();
    const weight = new Float32Array(3);
    const inputs = { weight, moment: new Float32Array(3), x: new Float32Array(3) };
    const give = (outputs: Record<string, g.TypedArray>): Promise<unknown> =>
      program.run(inputs, { outputs });
    await expect(give({ weight })).rejects.toThrow(
      "expected memory of its own for output 'weight', received an array that overlaps input 'weight'",
    );
    const both = new Float32Array(5);
    await expect(give({ weight: both.subarray(0, 3), moment: both.subarray(2) })).rejects.toThrow(
      "output 'weight', received an array that overlaps output 'moment'",
    );
    await expect(give({ loss: new Float32Array(2) })).rejects.toThrow(
      "expected 1 values for output 'loss' []",
    );
    await expect(give({ loss: new Float64Array(1) })).rejects.toThrow('received Float64Array');
    await expect(give({ lost: new Float32Array(1) })).rejects.toThrow("received 'lost'");
    await program.dispose();
  });
});

describe('device tensors', () => {
  it('carry state, here in ordinary memory', async () => {
    const program = await g.compile(
      ({ w, x }) => ({ w: g.sub(w, g.mul(x, 0.5)), loss: g.sum(w) }),
      { w: { shape: [2] }, x: { shape: [2] } },
      { runtime },
    );
    const start = Float32Array.of(3, 4);
    let [now, next] = [
      await g.placeTensor(runtime, { shape: [2], data: start }),
      await g.placeTensor(runtime, { shape: [2] }),
    ];
    for (let i = 0; i < 3; i++) {
      const result = await program.run({ w: now, x: Float32Array.of(1, 2) }, { outputs: { w: next } });
      expect(result).toEqual({ loss: Float32Array.of(7 - 1.5 * i) });
      [now, next] = [next, now];
    }
    expect(await now.read()).toEqual(Float32Array.of(1.5, 1));
    expect(start).toEqual(Float32Array.of(3, 4));
    const x = Float32Array.of(1, 2);
    await expect(program.run({ w: now, x }, { outputs: { w: now } })).rejects.toThrow("overlaps input 'w'");
    const column = await g.placeTensor(runtime, { shape: [2, 1] });
    await expect(program.run({ w: column, x })).rejects.toThrow(
      "expected float32[2] as input 'w', received a device tensor float32[2,1]",
    );
    now.dispose();
    await expect(program.run({ w: now, x })).rejects.toThrow('the tensor was disposed');
    await expect(g.placeTensor(runtime, { shape: [3], data: start })).rejects.toThrow(
      'placeTensor: expected 3 values for [3], received 2',
    );
    await program.dispose();
  });
});

describe('overlapping calls', () => {
  it('come out in order, each with its own numbers', async () => {
    const program = await g.compile(({ x }) => g.mul(x, 2), { x: { shape: [1] } }, { runtime });
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, i) => program.run({ x: Float32Array.of(i) })),
    );
    expect(results.map(({ output }) => output[0])).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i));
    await program.dispose();
  });

  it('finish before the memory is freed', async () => {
    const program = await g.compile(({ x }) => g.mul(x, 2), { x: { shape: [1] } }, { runtime });
    const running = [1, 2, 3].map((x) => program.run({ x: Float32Array.of(x) }));
    const closing = program.dispose();
    await expect(program.run({ x: Float32Array.of(4) })).rejects.toThrow('the program was disposed');
    expect((await Promise.all(running)).map(({ output }) => output[0])).toEqual([2, 4, 6]);
    await closing;
  });
});

describe('devices', () => {
  it('are refused by name where there is no such device', () => {
    const device = 'npu' as 'cpu';
    expect(() => nodeRuntime({ device })).toThrow(
      "nodeRuntime: expected 'cpu', 'webgpu' or 'cuda' as device, received 'npu'",
    );
    expect(() => webRuntime({ device: device as string as 'wasm' })).toThrow("received 'npu'");
  });

  it('says which device is missing and runs nowhere else', async () => {
    const program = g.compile(
      ({ x }) => g.neg(x),
      { x: { shape: [1] } },
      { runtime: nodeRuntime({ device: 'cuda' }) },
    );
    // A machine with CUDA has the device: then the program works there.
    const outcome = await program.then(
      (made) => made.run({ x: Float32Array.of(1) }).then(({ output }) => output[0]),
      (error: unknown) => error,
    );
    if (outcome === -1) return;
    expect(outcome).toBeInstanceOf(g.RuntimeUnavailableError);
    expect((outcome as Error).message).toMatch(
      /^nodeRuntime: device 'cuda' (?:is not in this build|cannot be used on this machine).*$/u,
    );
  });

  it('turns what ONNX Runtime says into one sentence', () => {
    const say = (message: string): string => g.runtimeMessage(new Error(message));
    expect(
      say(
        '/build/src/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::Initialize(const Config&)::<lambda()> status == Success was false. Failed to get a WebGPU adapter: No supported adapters\n',
      ),
    ).toBe('Failed to get a WebGPU adapter: No supported adapters');
    expect(say('Non-zero status code returned.\nStacktrace:\n(0x1)\n')).toBe(
      'Non-zero status code returned.',
    );
    expect(say('')).toBe('no reason given');
  });

  it('says in one sentence what the runtime refuses', async () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const refusal = await runtime.createSession(bytes, {}).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(g.RuntimeRefusedError);
    expect((refusal as Error).message).toMatch(/^nodeRuntime: ONNX Runtime refused the program: \S.*$/u);
  });

  it('says what goes wrong while a program runs', async () => {
    const program = await g.compile(
      ({ x, i }) => g.gather(x, i),
      { x: { shape: [2] }, i: { shape: [1], dtype: 'int64' } },
      { runtime },
    );
    const fault = await program
      .run({ x: Float32Array.of(1, 2), i: BigInt64Array.of(7n) })
      .catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(g.RuntimeRefusedError);
    expect((fault as Error).message).toMatch(/^Program\.run: .*Gather.*$/u);
    expect((await program.run({ x: Float32Array.of(1, 2), i: BigInt64Array.of(1n) })).output).toEqual(
      Float32Array.of(2),
    );
    await program.dispose();
  });
});
