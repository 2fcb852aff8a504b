// Traced functions and imported models become programs that run.
import { blockImage, declaredShape } from './blocked/index.ts';
import { HostTensor, isDeviceTensor, type DeviceTensor } from './device-tensor.ts';
import { isArrayOf, type DType, type TypedArray } from './dtype.ts';
import type { ImportedModel } from './imported-model.ts';
import { lower } from './lower.ts';
import { encodeOnnx } from './onnx/encode.ts';
import type { OnnxModel } from './onnx/model.ts';
import { programKey } from './program-cache.ts';
import type { Runtime, RuntimeSession, RuntimeTensor } from './runtime.ts';
import { formatShape, sameShape, ShapeError, sizeOf } from './shape.ts';
import {
  listSpecs,
  trace,
  type Graph,
  type InputSpecs,
  type TensorFunction,
  type TensorSpec,
} from './trace.ts';

/** Options of `compile`. */
export interface CompileOptions {
  /** Where to run: `nodeRuntime()` or `webRuntime()`. */
  readonly runtime: Runtime;
  /** Threads inside one operation (default: the runtime's, 2 in Node). */
  readonly threads?: number | undefined;
  /**
   * Names of inputs whose arrays stay the same for many runs (what a loss compares with). A runtime that works in another layout gets a
   * copy in it, made once for each array and found again by the array itself: its numbers must not change.
   */
  readonly kept?: readonly string[] | undefined;
  /** Outputs of an imported model to compute, by the name of any of its nodes (default: the model's own outputs). */
  readonly outputs?: readonly string[] | undefined;
}

/** Name, shape and type of a program's input or output. */
export interface PortInfo {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/**
 * A compiled program. `Output` is the claim of what arrays come out: Float32Array unless outputs are of another type
 * (see `outputs[].dtype`).
 */
export interface Program<Output extends TypedArray = Float32Array> {
  readonly inputs: readonly PortInfo[];
  readonly outputs: readonly PortInfo[];
  readonly runtime: string;
  /**
   * Runs once. Inputs are row-major arrays of the declared shapes, read where they lie: do not change them until the
   * promise is settled. Calls may overlap and are run in turn; in Node each blocks the event loop while it runs.
   */
  run(inputs: Readonly<Record<string, ProgramInput>>, options?: RunOptions): Promise<Record<string, Output>>;
  /** Frees the runtime's memory when running calls are done; later calls are refused. Calling it twice is fine. */
  dispose(): Promise<void>;
}

/** The half-precision array of newer JavaScript engines; Node 20 has none. */
export interface Float16ArrayLike extends ArrayBufferView {
  readonly length: number;
  readonly [Symbol.toStringTag]: 'Float16Array';
}

/** What a program takes: the typed array of the input's element type, or a tensor that is already where it runs. */
export type ProgramInput = TypedArray | Float16ArrayLike | DeviceTensor;

/** Options of `Program.run`. */
export interface RunOptions {
  /**
   * Arrays to write outputs into, by name. They are the ones returned, so that a loop needs no new memory; none may
   * overlap an input or another output. State that goes round (weights, moments) alternates between two sets.
   * An output that is given as a device tensor stays there and is not among the results.
   */
  readonly outputs?: Readonly<Record<string, TypedArray | DeviceTensor>> | undefined;
}

/** Traces a function, or selects outputs of an imported model, with given input shapes. */
export function traceProgram(
  source: TensorFunction | ImportedModel,
  inputSpecs: InputSpecs,
  outputs?: readonly string[],
): Graph {
  if (typeof source === 'function') {
    if (outputs)
      throw new TypeError('compile: expected `outputs` only with an imported model, received a function');
    return trace(source, inputSpecs);
  }
  const given = new Map<string, TensorSpec>(listSpecs(inputSpecs).map((spec) => [spec.name, spec]));
  const specs = source.inputs.map(({ name, shape, dtype = 'float32' }) => ({
    name,
    shape: given.get(name)?.shape ?? shape,
    dtype,
  }));
  for (const name of given.keys()) {
    if (!specs.some((spec) => spec.name === name)) {
      throw new TypeError(
        `compile: expected inputs ${specs.map((spec) => `'${spec.name}'`).join(', ')}, received '${name}'`,
      );
    }
  }
  return trace((inputs) => source.apply(inputs, outputs), specs);
}

/** Bytes of an `.onnx` file that computes `source`; other runtimes load it too. */
export function exportOnnx(
  source: TensorFunction | ImportedModel,
  inputSpecs: InputSpecs,
  outputs?: readonly string[],
): Uint8Array {
  return encodeOnnx(lower(traceProgram(source, inputSpecs, outputs), { rewrite: false }));
}

/**
 * Compiles a function of tensors, or an imported model, for one runtime and fixed input shapes.
 * For an imported model `inputSpecs` may be `{}`: then its own shapes hold, with batch 1.
 */
export async function compile<Output extends TypedArray = Float32Array>(
  source: TensorFunction | ImportedModel,
  inputSpecs: InputSpecs,
  options: CompileOptions,
): Promise<Program<Output>> {
  const { runtime, threads } = (options as CompileOptions | undefined) ?? ({} as CompileOptions);
  if (typeof (runtime as Runtime | undefined)?.createSession !== 'function') {
    throw new TypeError('compile: expected a runtime (nodeRuntime() or webRuntime()), received none');
  }
  const graph = traceProgram(source, inputSpecs, options.outputs);
  const lowered = lower(graph, {
    channelBlock: await runtime.channelBlock?.(),
    serialScatter: runtime.serialScatter,
    kept: options.kept,
  });
  const model = runtime.adapt?.(lowered) ?? lowered;
  const create = (): Promise<RuntimeSession> => runtime.createSession(encodeOnnx(model), { threads });
  const session = runtime.cache
    ? await runtime.cache.acquire(`${threads ?? ''}:${programKey(model)}`, create)
    : await create();
  const blockedInputs = model.blockedInputs ?? new Map<string, never>();
  const inputs = model.inputs.map((port) => ({
    ...port,
    shape: blockedInputs.get(port.name)?.shape ?? port.shape,
  }));
  const inBlocks = keptInBlocks(model);
  // ONNX knows one name space, so the encoded name of an output may differ from the traced one.
  const outputs = Object.keys(graph.outputs).map((name, index) => withName(name, model.outputs[index]));
  const encodedNames = model.outputs.map(({ name }) => name);
  const inputPorts = new Map(inputs.map((port) => [port.name, port]));
  const outputPorts = new Map(outputs.map((port) => [port.name, port]));
  let live: RuntimeSession | undefined = session;
  let running = 0;
  let whenIdle: (() => void) | undefined;
  return {
    inputs,
    outputs,
    runtime: runtime.name,
    async run(values, { outputs: given } = {}) {
      if (!live) throw new TypeError('Program.run: the program was disposed');
      const feeds = checkInputs(inputPorts, values);
      const fetches = given && checkOutputs(outputPorts, encodedNames, given, feeds);
      running++;
      try {
        const results = await live.run(inBlocks(feeds), fetches);
        const named: Record<string, Output> = {};
        outputs.forEach(({ name }, index) => {
          const result = results[encodedNames[index]] as RuntimeTensor | undefined;
          if (result && !isDeviceTensor(given?.[name])) named[name] = result.data as Output;
        });
        return named;
      } finally {
        running--;
        if (running === 0) whenIdle?.();
      }
    },
    async dispose() {
      const closing = live;
      if (!closing) return;
      live = undefined;
      if (running > 0) {
        await new Promise<void>((resolve) => {
          whenIdle = resolve;
        });
      }
      await closing.release();
    },
  };
}

/** Feeds with kept inputs in blocks. */
function keptInBlocks({ blockedInputs }: OnnxModel): (feeds: Feeds) => Feeds {
  if (!blockedInputs) return (feeds) => feeds;
  const known = new WeakMap<TypedArray, Float32Array>();
  return (feeds) => {
    const out = { ...feeds };
    for (const [name, { shape, block }] of blockedInputs) {
      const { data } = feeds[name] as RuntimeTensor & { readonly data: Float32Array };
      let copy = known.get(data);
      if (!copy) {
        copy = blockImage(data, shape, block);
        known.set(data, copy);
      }
      out[name] = { data: copy, shape: declaredShape(shape, block), dtype: 'float32' };
    }
    return out;
  };
}

function withName(name: string, { shape, dtype }: PortInfo): PortInfo {
  return { name, shape, dtype };
}

type Feeds = Record<string, RuntimeTensor | DeviceTensor>;

/** The array as the runtime takes it: half-precision numbers as their bits. */
function checkArray(what: string, { name, shape, dtype }: PortInfo, value: unknown): TypedArray {
  const isHalf =
    dtype === 'float16' &&
    ArrayBuffer.isView(value) &&
    (value as Partial<Float16ArrayLike>)[Symbol.toStringTag] === 'Float16Array';
  const data = isHalf ? new Uint16Array(value.buffer, value.byteOffset, value.byteLength / 2) : value;
  if (!isArrayOf(dtype, data)) {
    throw new TypeError(
      `Program.run: expected ${dtype}${formatShape(shape)} as ${what} '${name}', received ${nameOfType(value)}`,
    );
  }
  const size = sizeOf(shape);
  if (data.length !== size) {
    throw new ShapeError(
      `Program.run: expected ${size} values for ${what} '${name}' ${formatShape(shape)}, received ${data.length}`,
    );
  }
  return data;
}

/** What the runtime gets for a port: an array, checked, or the device tensor itself. */
function checkValue(what: string, port: PortInfo, value: unknown): RuntimeTensor | DeviceTensor {
  const { name, shape, dtype } = port;
  if (!isDeviceTensor(value)) return { data: checkArray(what, port, value), shape, dtype };
  if (value.dtype !== dtype || !sameShape(value.shape, shape)) {
    throw new ShapeError(
      `Program.run: expected ${dtype}${formatShape(shape)} as ${what} '${name}', received a device tensor ${value.dtype}${formatShape(value.shape)}`,
    );
  }
  return value instanceof HostTensor ? { data: value.data, shape, dtype } : value;
}

function nameOfType(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return typeof value === 'object' ? value.constructor.name : typeof value;
}

/** Refuses names that no port has. Training steps have hundreds of ports and are short, so this is a lookup each. */
function checkNames(
  what: string,
  ports: ReadonlyMap<string, PortInfo>,
  values: Readonly<Record<string, unknown>>,
): void {
  for (const name in values) {
    if (!ports.has(name)) {
      const known = [...ports.keys()].map((port) => `'${port}'`).join(', ');
      throw new TypeError(`Program.run: expected ${what}s ${known}, received '${name}'`);
    }
  }
}

function checkInputs(
  ports: ReadonlyMap<string, PortInfo>,
  values: Readonly<Record<string, ProgramInput>>,
): Feeds {
  const feeds: Feeds = {};
  if (typeof (values as unknown) !== 'object' || (values as unknown) === null) {
    throw new TypeError(`Program.run: expected arrays by name, received ${typeof (values as unknown)}`);
  }
  for (const port of ports.values()) {
    feeds[port.name] = checkValue('input', port, values[port.name]);
  }
  checkNames('input', ports, values);
  return feeds;
}

function checkOutputs(
  ports: ReadonlyMap<string, PortInfo>,
  encodedNames: readonly string[],
  values: Readonly<Record<string, TypedArray | DeviceTensor>>,
  feeds: Feeds,
): Feeds {
  checkNames('output', ports, values);
  const fetches: Feeds = {};
  // Memory by what owns it: the buffer of an array, or the device tensor.
  const taken = new Map<object, { readonly what: string; readonly data: TypedArray | undefined }[]>();
  const take = (what: string, tensor: RuntimeTensor | DeviceTensor): void => {
    const data = 'data' in tensor ? tensor.data : undefined;
    const owner = data?.buffer ?? tensor;
    const others = taken.get(owner) ?? [];
    const clash = others.find((other) => !data || !other.data || overlap(data, other.data));
    if (clash && what.startsWith('output')) {
      throw new RangeError(
        `Program.run: expected memory of its own for ${what}, received an array that overlaps ${clash.what}`,
      );
    }
    others.push({ what, data });
    taken.set(owner, others);
  };
  for (const name in feeds) take(`input '${name}'`, feeds[name]);
  let index = 0;
  for (const port of ports.values()) {
    const encodedName = encodedNames[index++];
    if (!Object.hasOwn(values, port.name)) continue;
    const tensor = checkValue('output', port, values[port.name]);
    take(`output '${port.name}'`, tensor);
    fetches[encodedName] = tensor;
  }
  return fetches;
}

/** Whether two views of one buffer share an element. */
function overlap(a: TypedArray, b: TypedArray): boolean {
  return a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}
