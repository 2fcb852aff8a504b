// onnxruntime-node as a runtime. The native library is loaded with the first session, not with this module.
import type * as OnnxRuntime from 'onnxruntime-node';
import type { InferenceSession } from 'onnxruntime-node';
import { fromOrt, toFetches, toOrt } from '../ort-tensors.ts';
import { createProgramCache } from '../program-cache.ts';
import {
  cpuFallbackMessage,
  isCpuFallback,
  runtimeMessage,
  RuntimeRefusedError,
  RuntimeUnavailableError,
  SERIAL_SCATTER,
  type Runtime,
  type RuntimeSession,
} from '../runtime.ts';
import { probeChannelBlock } from '../blocked/probe.ts';
import { rewriteForWebgpu } from '../webgpu-rewrites.ts';

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
  /**
   * On `webgpu` and `cuda`: let ONNX Runtime run single operations that the device has no kernel for on the CPU
   * (default false: such a program is refused).
   */
  readonly allowCpuNodes?: boolean | undefined;
  /** Share the session of programs that are equal (default true). */
  readonly cache?: boolean | undefined;
  /**
   * Keep a program's working memory between its runs, until it is disposed (default true). Without, a run can cost twice
   * the time.
   */
  readonly arena?: boolean | undefined;
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
  readonly arena: boolean;
  readonly allowCpuNodes: boolean;
  readonly cache: boolean;
} = {
  device: 'cpu',
  threads: 2,
  spinning: false,
  arena: true,
  allowCpuNodes: false,
  cache: true,
};

/** Runs programs on onnxruntime-node. */
export function nodeRuntime(options: NodeRuntimeOptions = {}): Runtime {
  const device = options.device ?? NODE_RUNTIME_DEFAULTS.device;
  if (!['cpu', 'webgpu', 'cuda'].includes(device)) {
    throw new TypeError(`nodeRuntime: expected 'cpu', 'webgpu' or 'cuda' as device, received '${device}'`);
  }
  return {
    name: `onnxruntime-node ${device}`,
    adapt: device === 'webgpu' ? rewriteForWebgpu : undefined,
    channelBlock: device === 'cpu' && process.arch === 'x64' ? channelBlock : undefined,
    serialScatter: device === 'cpu' ? SERIAL_SCATTER : undefined,
    // A profile or an optimised model is written by a session of its own.
    cache:
      (options.cache ?? NODE_RUNTIME_DEFAULTS.cache) &&
      options.profilePath === undefined &&
      options.optimizedModelPath === undefined
        ? createProgramCache()
        : undefined,
    async createSession(model, { threads }) {
      const ort = await loadOnnxRuntime(device);
      const settings = sessionSettings(device, options, threads);
      const session = await ort.InferenceSession.create(model, settings).catch((error: unknown) => {
        throw creationError(device, error);
      });
      return wrap(ort, session, options.profilePath !== undefined);
    },
  };
}

let probed: Promise<number> | undefined;

/** Asked once a process. */
async function channelBlock(): Promise<number> {
  probed ??= probeChannelBlock(async (model) => {
    const ort = await loadOnnxRuntime('cpu');
    return wrap(ort, await ort.InferenceSession.create(model, sessionSettings('cpu', {}, 1)), false);
  });
  return probed;
}

function sessionSettings(
  device: NodeDevice,
  options: NodeRuntimeOptions,
  threads: number | undefined,
): InferenceSession.SessionOptions {
  const spinning = options.spinning ?? NODE_RUNTIME_DEFAULTS.spinning;
  const strict = device !== 'cpu' && !(options.allowCpuNodes ?? NODE_RUNTIME_DEFAULTS.allowCpuNodes);
  const intraOp = { intra_op: { allow_spinning: spinning ? '1' : '0' } };
  return {
    executionProviders: [device],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads ?? options.threads ?? NODE_RUNTIME_DEFAULTS.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // With the arena a run reuses the memory of the run before. Without it every run maps and returns its memory, and
    // the page faults cost up to half of the run (MobileNetV2 with gradient 40 ms instead of 20, U-Net 310 of 260). It
    // grows as needed; with the memory pattern it would keep a second copy (generator to 512²: 1,049 MB, not 692).
    enableCpuMemArena: options.arena ?? NODE_RUNTIME_DEFAULTS.arena,
    enableMemPattern: false,
    // Fatal only: errors arrive as exceptions.
    logSeverityLevel: 4,
    extra: { session: strict ? { ...intraOp, disable_cpu_ep_fallback: '1' } : intraOp },
    ...(options.optimizedModelPath === undefined
      ? {}
      : { optimizedModelFilePath: options.optimizedModelPath }),
    ...(options.profilePath === undefined
      ? {}
      : { enableProfiling: true, profileFilePrefix: options.profilePath }),
  };
}

/**
 * Inputs are read where they lie, and given outputs written there. ONNX Runtime 1.30 nevertheless copies every output
 * into a new array as well; later versions hand over its memory instead.
 */
function wrap(ort: typeof OnnxRuntime, session: InferenceSession, profiling: boolean): RuntimeSession {
  return {
    async run(inputs, given) {
      const feeds = toOrt(ort.Tensor, inputs);
      const results = await (
        given === undefined
          ? session.run(feeds)
          : session.run(feeds, toFetches(ort.Tensor, session.outputNames, given))
      ).catch((error: unknown) => {
        throw new RuntimeRefusedError(`Program.run: ${runtimeMessage(error)}`, { cause: error });
      });
      return fromOrt(results, given);
    },
    async release() {
      if (profiling) session.endProfiling();
      await session.release();
    },
  };
}

function creationError(device: NodeDevice, error: unknown): Error {
  const reason = runtimeMessage(error);
  if (device === 'cpu') {
    return new RuntimeRefusedError(`nodeRuntime: ONNX Runtime refused the program: ${reason}`, {
      cause: error,
    });
  }
  if (isCpuFallback(reason))
    return new RuntimeRefusedError(cpuFallbackMessage('nodeRuntime', device), { cause: error });
  return new RuntimeUnavailableError(
    `nodeRuntime: device '${device}' cannot be used on this machine: ${reason}`,
    { cause: error },
  );
}

/**
 * The native library, loaded without its telemetry: since 1.29 it writes a device id and an event store below the user's
 * cache folder and reports to its maker unless this variable stands before it starts (Windows builds use the system's
 * event tracing instead, which the variable does not reach). A user's own choice is kept.
 */
async function loadOnnxRuntime(device: NodeDevice): Promise<typeof OnnxRuntime> {
  process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
  const ort = await import('onnxruntime-node');
  // Its errors arrive as exceptions; printed as well, they would stand between the lines of the program that uses this.
  ort.env.logLevel = 'fatal';
  const known = ort.listSupportedBackends().map((backend) => backend.name);
  if (!known.includes(device)) {
    throw new RuntimeUnavailableError(
      `nodeRuntime: device '${device}' is not in this build of onnxruntime-node (it has ${known.join(', ')})`,
    );
  }
  return ort;
}
