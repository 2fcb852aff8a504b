// Runs in the browser: the gradient cases that Node runs, on onnxruntime-web.
import { gradientError } from '@likeness/testing/gradient-check';
import {
  add,
  compile,
  mul,
  neg,
  placeTensor,
  reshape,
  sub,
  sum,
  RuntimeRefusedError,
  RuntimeUnavailableError,
  type DeviceTensor,
  type DType,
  type Float16ArrayLike,
  type TypedArray,
} from '../../src/index.ts';
import { webRuntime, type WebDevice } from '../../src/web/index.ts';
import { GRADIENT_CASES } from '../gradient-cases/index.ts';
import { runtimeDifference } from '../fixtures/compare-runtimes.ts';

/** What the page hands back for one case. */
export interface CaseResult {
  readonly name: string;
  /** Largest relative error, or the sentence with which the runtime refused the program. */
  readonly error?: number;
  readonly refused?: string;
}

const wasmPaths = `${location.origin}/ort/`;
const wasm = webRuntime({ wasmPaths, threads: 1 });
const webgpu = webRuntime({ device: 'webgpu', wasmPaths, threads: 1 });

interface Sample {
  /** Of how many operations one is run. */
  readonly every: number;
  readonly perOperation: number;
}

async function runCases(
  { every, perOperation }: Sample,
  measure: (one: (typeof GRADIENT_CASES)[string][number]) => Promise<number>,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const operations = Object.entries(GRADIENT_CASES).filter((_, index) => index % every === 0);
  for (const [operation, cases] of operations) {
    for (const one of cases.slice(0, perOperation)) {
      const name = `${operation} ${one.what ?? 'plain'}`;
      try {
        results.push({ name, error: await measure(one) });
      } catch (thrown) {
        if (!(thrown instanceof RuntimeRefusedError)) throw thrown;
        results.push({ name, refused: thrown.message });
      }
    }
  }
  return results;
}

/** Every case against central differences, on wasm. */
const gradientsOnWasm = (): Promise<CaseResult[]> =>
  runCases({ every: 1, perOperation: Infinity }, ({ fn, inputs }) =>
    gradientError(fn, inputs, { runtime: wasm }),
  );

/** Some cases on WebGPU, against wasm. */
const gradientsOnWebgpu = (sample: Sample): Promise<CaseResult[]> =>
  runCases(sample, (one) => runtimeDifference(one, webgpu, wasm));

const TYPES: Readonly<Record<DType, TypedArray>> = {
  float32: Float32Array.of(1.5, -0, Infinity, NaN),
  float64: Float64Array.of(1 + 2 ** -40, -0, Infinity, NaN),
  float16: Uint16Array.of(0x3c00, 0xc000, 0, 0x7bff),
  int32: Int32Array.of(-(2 ** 31), 0, 1, 2 ** 31 - 1),
  int64: BigInt64Array.of(-3n, 0n, 1n, 2n ** 31n - 1n),
  bool: Uint8Array.of(0, 1, 1, 0),
};

/** Arrays of every type in and out, given outputs, scalars, empty tensors, calls that overlap, disposal: what is wrong. */
async function checkArrays(device: WebDevice): Promise<string[]> {
  const runtime = device === 'webgpu' ? webgpu : wasm;
  const faults: string[] = [];
  const same = (what: string, a: TypedArray, b: TypedArray): void => {
    const equal =
      a.constructor === b.constructor &&
      a.length === b.length &&
      a.every((value, i) => Object.is(value, b[i]));
    if (!equal)
      faults.push(
        `${what}: expected ${b.constructor.name} ${b.join()}, received ${a.constructor.name} ${a.join()}`,
      );
  };
  // What the software adapter and WebGPU itself have: no float64, and no half precision on this adapter.
  const dtypes = device === 'webgpu' ? (['float32', 'int32'] as const) : (Object.keys(TYPES) as DType[]);
  for (const dtype of dtypes) {
    const program = await compile<TypedArray>(
      ({ x }) => reshape(x, [2, 2]),
      { x: { shape: [4], dtype } },
      { runtime },
    );
    same(dtype, (await program.run({ x: TYPES[dtype] })).output, TYPES[dtype]);
    const output = new (TYPES[dtype].constructor as new (length: number) => TypedArray)(4);
    const given = await program.run({ x: TYPES[dtype] }, { outputs: { output } });
    if (given['output'] !== output) faults.push(`${dtype}: expected the given array back`);
    same(`${dtype}, given array`, output, TYPES[dtype]);
    const { Float16Array: Half } = globalThis as {
      Float16Array?: new (of: ArrayBufferLike) => Float16ArrayLike;
    };
    if (dtype === 'float16' && Half) {
      same('Float16Array', (await program.run({ x: new Half(TYPES.float16.buffer) })).output, TYPES.float16);
    }
    await program.dispose();
  }
  const program = await compile(
    ({ x, none }) => ({ twice: mul(x, 2), none: neg(none) }),
    {
      x: { shape: [] },
      none: { shape: [0, 3] },
    },
    { runtime },
  );
  const running = Array.from({ length: 8 }, (_, i) =>
    program.run({ x: Float32Array.of(i), none: new Float32Array(0) }),
  );
  const other = await compile(
    ({ x }) => mul(x, 3),
    { x: { shape: [1] } },
    { runtime: webRuntime({ device, wasmPaths, threads: 1 }) },
  );
  const besides = other.run({ x: Float32Array.of(5) });
  const closing = program.dispose();
  for (const [i, { twice, none }] of (await Promise.all(running)).entries()) {
    same(`call ${i}`, twice, Float32Array.of(2 * i));
    same(`call ${i}, empty`, none, new Float32Array(0));
  }
  same('a second runtime', (await besides).output, Float32Array.of(15));
  await closing;
  await other.dispose();
  return faults;
}

/** Momentum descent whose state stays on the device, against the same with arrays: what is wrong. */
async function checkDeviceState(device: WebDevice): Promise<string[]> {
  const runtime = device === 'webgpu' ? webgpu : wasm;
  const program = await compile(
    ({ weight, moment, x }) => {
      const next = add(mul(moment, 0.5), mul(x, weight));
      return { moment: next, weight: sub(weight, mul(next, 0.1)), loss: sum(mul(weight, weight)) };
    },
    { weight: { shape: [5] }, moment: { shape: [5] }, x: { shape: [5] } },
    { runtime },
  );
  const start = Float32Array.of(1, 2, 3, 4, 5);
  const place = async (data?: Float32Array): Promise<DeviceTensor> =>
    placeTensor(runtime, { shape: [5], data });
  let now = { weight: await place(start), moment: await place() };
  let next = { weight: await place(), moment: await place() };
  let arrays: Record<string, Float32Array> = { weight: start, moment: new Float32Array(5) };
  const faults: string[] = [];
  for (let i = 0; i < 4; i++) {
    const x = Float32Array.of(i, 1, -1, 0.5, 2);
    const kept = await program.run({ ...now, x }, { outputs: next });
    if (Object.keys(kept).join() !== 'loss')
      faults.push(`expected only the loss, received ${Object.keys(kept).join()}`);
    arrays = await program.run({ weight: arrays['weight'], moment: arrays['moment'], x });
    if (kept['loss'][0] !== arrays['loss'][0])
      faults.push(`loss ${kept['loss'][0]} instead of ${arrays['loss'][0]}`);
    [now, next] = [next, now];
  }
  for (const name of ['weight', 'moment'] as const) {
    const read = await now[name].read();
    if (read.join() !== arrays[name].join())
      faults.push(`${name} ${read.join()} instead of ${arrays[name].join()}`);
  }
  const refusals: [string, () => Promise<unknown>][] = [
    ['overlaps input', () => program.run({ ...now, x: start }, { outputs: { weight: now.weight } })],
    [
      'was disposed',
      async () => {
        now.moment.dispose();
        return now.moment.read();
      },
    ],
    ['was disposed', () => program.run({ ...now, x: start })],
  ];
  if (device === 'webgpu') {
    const elsewhere = await compile(({ x }) => neg(x), { x: { shape: [5] } }, { runtime: wasm });
    refusals.push(['another runtime', () => elsewhere.run({ x: now.weight })]);
  }
  for (const [expected, attempt] of refusals) {
    const message = await attempt().then(
      () => 'nothing',
      (error: unknown) => String(error),
    );
    if (!message.includes(expected)) faults.push(`expected '${expected}', received ${message}`);
  }
  await program.dispose();
  return faults;
}

/** The adapter's name, or the error of a page that has none. */
async function describeWebgpu(): Promise<{ readonly adapter?: string; readonly missing?: string }> {
  try {
    await (await compile(({ x }) => neg(x), { x: { shape: [1] } }, { runtime: webgpu })).dispose();
  } catch (error) {
    if (!(error instanceof RuntimeUnavailableError)) throw error;
    return { missing: error.message };
  }
  const { gpu } = navigator as unknown as {
    readonly gpu: {
      requestAdapter(): Promise<{ info: { vendor: string; architecture: string } }>;
    };
  };
  const { info } = await gpu.requestAdapter();
  return { adapter: `${info.vendor} ${info.architecture}` };
}

Object.assign(globalThis, {
  gradientsOnWasm,
  gradientsOnWebgpu,
  checkArrays,
  checkDeviceState,
  describeWebgpu,
});
