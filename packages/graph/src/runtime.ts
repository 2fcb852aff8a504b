// What the package asks of an inference runtime. Runtimes are injected: this module imports none.
import type { DeviceTensor } from './device-tensor.ts';
import type { DType, TypedArray } from './dtype.ts';
import type { OnnxModel } from './onnx/model.ts';
import type { ProgramCache } from './program-cache.ts';
import type { Shape } from './shape.ts';

/** A concrete tensor on its way in or out of a session. */
export interface RuntimeTensor {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Options that every runtime understands. */
export interface SessionOptions {
  /** Threads inside one operation; the runtime's choice when undefined. */
  readonly threads?: number | undefined;
}

/** A loaded program. */
export interface RuntimeSession {
  /**
   * Runs once. An output given in `outputs` is written into its array, which is then the one returned; such an array
   * overlaps no input. An output given as a device tensor is not among the results.
   */
  run(
    inputs: Readonly<Record<string, RuntimeTensor | DeviceTensor>>,
    outputs?: Readonly<Record<string, RuntimeTensor | DeviceTensor>>,
  ): Promise<Readonly<Record<string, RuntimeTensor>>>;
  release(): Promise<void>;
}

/**
 * `Runtime.serialScatter` of ONNX Runtime on a processor. Its thread pool shares work out from 210,000 estimated cycles
 * (the cost model of Eigen, which it takes over: 100,000 to start, 100,000 a thread, rounded at 0.1), and ScatterND counts one an element.
 */
export const SERIAL_SCATTER = 196_608;

/** Loads ONNX models. */
export interface Runtime {
  /** Name and device, as it appears in reports: `onnxruntime-node cpu`. */
  readonly name: string;
  /**
   * Channels of one block (16 or 8) where convolutions have a channel-blocked layout that programs may use by themselves
   * (ONNX Runtime's NCHWc operators on x64); 0 or absent where they have none.
   */
  readonly channelBlock?: (() => Promise<number>) | undefined;
  /**
   * Elements that one ScatterND may add while the runtime keeps it on one thread, where it has such a limit: its kernel
   * shares more than that out among threads without a lock, and additions are lost. None: additions go through ScatterElements.
   */
  readonly serialScatter?: number | undefined;
  /** Rewrites programs for what the runtime lacks; they are taken as they are by default. */
  readonly adapt?: ((model: OnnxModel) => OnnxModel) | undefined;
  /** Copies values into the device's memory, where that is not the processor's (see `placeTensor`). */
  readonly place?: ((content: RuntimeTensor) => Promise<DeviceTensor>) | undefined;
  /** Where `compile` looks for a session of the same program before it asks for a new one; none by default. */
  readonly cache?: ProgramCache | undefined;
  createSession(model: Uint8Array, options: SessionOptions): Promise<RuntimeSession>;
}

/** The runtime or the device that was asked for is not there. */
export class RuntimeUnavailableError extends Error {
  override readonly name: string = 'RuntimeUnavailableError';
}

/** The runtime refused a program, or gave up while running it. `cause` is the runtime's own error. */
export class RuntimeRefusedError extends Error {
  override readonly name: string = 'RuntimeRefusedError';
}

/**
 * What went wrong, in ONNX Runtime's words but as one sentence: its messages carry source paths, signatures, stack
 * traces and line breaks.
 */
export function runtimeMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [first] = text
    .replace(/^(?:Error: )+/u, '')
    .split(/\n(?:Stacktrace:|\s+at )/u)
    .map((part) => part.trim());
  const sentence = first
    .replaceAll(/(?:[A-Za-z]:)?[\w./\\-]+\.(?:cc|h|cpp):\d+ /gu, '')
    .replaceAll(/\s+/gu, ' ')
    .replace(/^\S.*\) (?:const )?(?:\[with [^\]]*\] )?(\S.* was false\. )/u, '$1')
    .replace(/^.* was false\. /u, '')
    .trim();
  return sentence === '' ? 'no reason given' : sentence;
}

/** True if ONNX Runtime refused a program because some of its operations have no kernel on the device. */
export function isCpuFallback(reason: string): boolean {
  return /assigned to the default CPU EP|Provider type for .* is not set/u.test(reason);
}

/** The sentence for that case. */
export function cpuFallbackMessage(runtime: string, device: string): string {
  return `${runtime}: ONNX Runtime has no ${device} kernel for some operation of this program (float64 never has one), and it would run on the CPU: pass allowCpuNodes: true if that is wanted`;
}
