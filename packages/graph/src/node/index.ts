// onnxruntime-node as a runtime. The native library is loaded with the first session, not with this module.
import type * as OnnxRuntime from 'onnxruntime-node';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { DType, TypedArray } from '../dtype.ts';
import { RuntimeUnavailableError, type Runtime, type RuntimeTensor } from '../runtime.ts';

/** Execution providers of onnxruntime-node that can be asked for. */
export type NodeDevice = 'cpu' | 'webgpu' | 'cuda';

/** Options of `nodeRuntime`. */
export interface NodeRuntimeOptions {
  /** Where to run (default `cpu`). A device that is not there is an error, never a fallback. */
  readonly device?: NodeDevice | undefined;
  /** Threads inside one operation when `compile` does not say (default 2). */
  readonly threads?: number | undefined;
  /**
   * Let idle threads spin between operations (default false). On an idle machine it saves some microseconds an
   * operation; beside other work it costs several times the run (faceres on two busy cores: 55 ms against 16 ms).
   */
  readonly spinning?: boolean | undefined;
  /** Write the optimised model here, to see what was fused. */
  readonly optimizedModelPath?: string | undefined;
  /** Collect per-operation timings into files that start with this path. */
  readonly profilePath?: string | undefined;
}

/** Defaults of `nodeRuntime`. */
export const NODE_RUNTIME_DEFAULTS: {
  readonly device: NodeDevice;
  readonly threads: number;
  readonly spinning: boolean;
} = {
  device: 'cpu',
  threads: 2,
  spinning: false,
};

/** Runs programs on onnxruntime-node. */
export function nodeRuntime(options: NodeRuntimeOptions = {}): Runtime {
  const device = options.device ?? NODE_RUNTIME_DEFAULTS.device;
  const spinning = options.spinning ?? NODE_RUNTIME_DEFAULTS.spinning;
  return {
    name: `onnxruntime-node ${device}`,
    blockedLayout: device === 'cpu' && process.arch === 'x64',
    async createSession(model, { threads }) {
      const ort = await loadOnnxRuntime();
      const known = ort.listSupportedBackends().map((backend) => backend.name);
      if (!known.includes(device)) {
        throw new RuntimeUnavailableError(
          `nodeRuntime: device '${device}' is not in this build of onnxruntime-node (it has ${known.join(', ')})`,
        );
      }
      const settings: InferenceSession.SessionOptions = {
        executionProviders: [device],
        graphOptimizationLevel: 'all',
        intraOpNumThreads: threads ?? options.threads ?? NODE_RUNTIME_DEFAULTS.threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        // The arena keeps what the largest run needed for good, in chunks of powers of two; plain allocation costs
        // nothing measurable here, because the memory pattern below allocates once a run.
        enableCpuMemArena: false,
        enableMemPattern: true,
        logSeverityLevel: 3,
        extra: { session: { intra_op: { allow_spinning: spinning ? '1' : '0' } } },
        ...(options.optimizedModelPath === undefined
          ? {}
          : { optimizedModelFilePath: options.optimizedModelPath }),
        ...(options.profilePath === undefined
          ? {}
          : { enableProfiling: true, profileFilePrefix: options.profilePath }),
      };
      let session: InferenceSession;
      try {
        session = await ort.InferenceSession.create(model, settings);
      } catch (error) {
        if (device === 'cpu') throw error;
        const reason = error instanceof Error ? error.message : String(error);
        throw new RuntimeUnavailableError(
          `nodeRuntime: device '${device}' cannot be used on this machine: ${reason}`,
          { cause: error },
        );
      }
      return {
        async run(inputs) {
          const feeds: Record<string, OrtTensor> = {};
          for (const [name, { data, shape, dtype }] of Object.entries(inputs)) {
            feeds[name] = new ort.Tensor(dtype, data as Float32Array, shape);
          }
          const results = await session.run(feeds);
          const outputs: Record<string, RuntimeTensor> = {};
          for (const [name, value] of Object.entries(results)) {
            outputs[name] = { data: value.data as TypedArray, shape: value.dims, dtype: value.type as DType };
          }
          return outputs;
        },
        async release() {
          if (options.profilePath !== undefined) session.endProfiling();
          await session.release();
        },
      };
    },
  };
}

/**
 * The native library, loaded without its telemetry: since 1.29 it writes a device id and an event store below the user's
 * cache folder and reports to its maker unless this variable stands before it starts (Windows builds use the system's
 * event tracing instead, which the variable does not reach). A user's own choice is kept.
 */
async function loadOnnxRuntime(): Promise<typeof OnnxRuntime> {
  process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
  const ort = await import('onnxruntime-node');
  // Its errors arrive as exceptions; printed as well, they would stand between the lines of the program that uses this.
  ort.env.logLevel = 'fatal';
  return ort;
}
