// What the package asks of an inference runtime. Runtimes are injected: this module imports none.
import type { DType, TypedArray } from './dtype.ts';
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
  run(inputs: Readonly<Record<string, RuntimeTensor>>): Promise<Readonly<Record<string, RuntimeTensor>>>;
  release(): Promise<void>;
}

/** Loads ONNX models. */
export interface Runtime {
  /** Name and device, as it appears in reports: `onnxruntime-node cpu`. */
  readonly name: string;
  /**
   * True if convolutions run in a channel-blocked layout (ONNX Runtime's NCHWc on x64). An operation without a blocked
   * form then costs two reorderings of its tensor, so some lowerings choose convolutions that have one.
   */
  readonly blockedLayout?: boolean;
  createSession(model: Uint8Array, options: SessionOptions): Promise<RuntimeSession>;
}

/** The runtime or the device that was asked for is not there. */
export class RuntimeUnavailableError extends Error {
  override readonly name: string = 'RuntimeUnavailableError';
}
