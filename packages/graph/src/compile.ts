// Traced functions and imported models become programs that run.
import { isArrayOf, type DType, type TypedArray } from './dtype.ts';
import type { ImportedModel } from './imported-model.ts';
import { lower } from './lower.ts';
import { encodeOnnx } from './onnx/encode.ts';
import type { Runtime, RuntimeSession, RuntimeTensor } from './runtime.ts';
import { formatShape, ShapeError, sizeOf } from './shape.ts';
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
  /** Runs once. Inputs are row-major arrays of the declared shapes; calls may overlap, the runtime queues them. */
  run(inputs: Readonly<Record<string, TypedArray>>): Promise<Record<string, Output>>;
  /** Frees the runtime's memory; the program cannot run afterwards. Calling it twice is fine. */
  dispose(): Promise<void>;
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
  return encodeOnnx(lower(traceProgram(source, inputSpecs, outputs)));
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
  const graph = traceProgram(source, inputSpecs, options.outputs);
  const model = lower(graph, { blockedLayout: options.runtime.blockedLayout });
  const session = await options.runtime.createSession(encodeOnnx(model), { threads: options.threads });
  const { inputs } = model;
  // ONNX knows one name space, so the encoded name of an output may differ from the traced one.
  const outputs = Object.keys(graph.outputs).map((name, index) => withName(name, model.outputs[index]));
  const encodedNames = model.outputs.map(({ name }) => name);
  let live: RuntimeSession | undefined = session;
  return {
    inputs,
    outputs,
    runtime: options.runtime.name,
    async run(values) {
      if (!live) throw new TypeError('Program.run: the program was disposed');
      const results = await live.run(checkInputs(inputs, values));
      return Object.fromEntries(
        outputs.map(({ name }, index) => [name, results[encodedNames[index]].data as Output]),
      );
    },
    async dispose() {
      const closing = live;
      live = undefined;
      await closing?.release();
    },
  };
}

function withName(name: string, { shape, dtype }: PortInfo): PortInfo {
  return { name, shape, dtype };
}

function checkInputs(
  ports: readonly PortInfo[],
  values: Readonly<Record<string, TypedArray>>,
): Record<string, RuntimeTensor> {
  const feeds: Record<string, RuntimeTensor> = {};
  for (const { name, shape, dtype } of ports) {
    const data = values[name];
    if (!isArrayOf(dtype, data)) {
      const wrong = data as object | undefined;
      const received = wrong === undefined ? 'nothing' : wrong.constructor.name;
      throw new TypeError(
        `Program.run: expected ${dtype}${formatShape(shape)} as '${name}', received ${received}`,
      );
    }
    if (data.length !== sizeOf(shape)) {
      throw new ShapeError(
        `Program.run: expected ${sizeOf(shape)} values for '${name}' ${formatShape(shape)}, received ${data.length}`,
      );
    }
    feeds[name] = { data, shape, dtype };
  }
  for (const name of Object.keys(values)) {
    if (!Object.hasOwn(feeds, name)) {
      throw new TypeError(
        `Program.run: expected inputs ${ports.map((port) => `'${port.name}'`).join(', ')}, received '${name}'`,
      );
    }
  }
  return feeds;
}
