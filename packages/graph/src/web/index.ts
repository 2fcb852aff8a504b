// onnxruntime-web as a runtime, for pages and workers. Its two builds are loaded with the first session that needs
// them: whoever runs on wasm never loads the one for WebGPU, nor the other way round.
import type * as OnnxRuntime from 'onnxruntime-web/wasm';
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
  type RuntimeTensor,
} from '../runtime.ts';
import { rewriteForWebgpu } from '../webgpu-rewrites.ts';
import { placeOnWebgpu } from './webgpu-tensor.ts';

/** Where onnxruntime-web finds its WebAssembly: a folder's URL (ending in `/`), or the URL of each file. */
export type WasmPaths = string | { readonly wasm?: string | URL; readonly mjs?: string | URL };

/** Where a browser can run programs. */
export type WebDevice = 'wasm' | 'webgpu';

/** Options of `webRuntime`. */
export interface WebRuntimeOptions {
  /** Where to run (default `wasm`). A device that is not there is an error, never a fallback. */
  readonly device?: WebDevice | undefined;
  /**
   * Where the `.wasm` and `.mjs` of onnxruntime-web are served: `ort-wasm-simd-threaded` for wasm,
   * `ort-wasm-simd-threaded.asyncify` for webgpu. By default beside the script that holds onnxruntime-web, which after
   * bundling is rarely true: copy the two files and name their place.
   */
  readonly wasmPaths?: WasmPaths | undefined;
  /**
   * Threads (default: the cores, at most 4). More than one needs a cross-origin isolated page (COOP and COEP headers);
   * without isolation there is one.
   */
  readonly threads?: number | undefined;
  /**
   * On `webgpu`: let ONNX Runtime run single operations that the device has no kernel for on the CPU (default false:
   * such a program is refused).
   */
  readonly allowCpuNodes?: boolean | undefined;
  /** Share the session of programs that are equal (default true). */
  readonly cache?: boolean | undefined;
}

/** Defaults of `webRuntime`. */
export const WEB_RUNTIME_DEFAULTS: {
  readonly device: WebDevice;
  readonly allowCpuNodes: boolean;
  readonly cache: boolean;
} = { device: 'wasm', allowCpuNodes: false, cache: true };

/** Threads that a page can have: one unless it is cross-origin isolated. */
export function availableThreads(wanted?: number): number {
  const scope = globalThis as {
    readonly crossOriginIsolated?: boolean;
    readonly navigator?: { readonly hardwareConcurrency?: number };
  };
  if (scope.crossOriginIsolated !== true) return 1;
  return wanted ?? Math.min(scope.navigator?.hardwareConcurrency ?? 1, 4);
}

/** Runs programs on onnxruntime-web. The settings of the WebAssembly module are those of the first session. */
export function webRuntime(options: WebRuntimeOptions = {}): Runtime {
  const device = options.device ?? WEB_RUNTIME_DEFAULTS.device;
  const allowCpuNodes = options.allowCpuNodes ?? WEB_RUNTIME_DEFAULTS.allowCpuNodes;
  if (!Object.hasOwn(QUEUES, device)) {
    throw new TypeError(`webRuntime: expected 'wasm' or 'webgpu' as device, received '${device}'`);
  }
  const inTurn = QUEUES[device];
  return {
    name: `onnxruntime-web ${device}`,
    adapt: device === 'webgpu' ? rewriteForWebgpu : undefined,
    serialScatter: device === 'wasm' ? SERIAL_SCATTER : undefined,
    place:
      device === 'webgpu'
        ? async (content) => {
            await expectAdapter();
            return placeOnWebgpu(await loadOnnxRuntime(device, options.wasmPaths), content);
          }
        : undefined,
    cache: (options.cache ?? WEB_RUNTIME_DEFAULTS.cache) ? createProgramCache() : undefined,
    async createSession(model, { threads }) {
      if (device === 'webgpu') await expectAdapter();
      const ort = await loadOnnxRuntime(device, options.wasmPaths);
      ort.env.wasm.numThreads = availableThreads(threads ?? options.threads);
      const strict = device === 'webgpu' && !allowCpuNodes;
      const session = await inTurn(() =>
        ort.InferenceSession.create(model, {
          executionProviders: [device],
          graphOptimizationLevel: 'all',
          executionMode: 'sequential',
          enableCpuMemArena: false,
          logSeverityLevel: 4,
          ...(strict ? { extra: { session: { disable_cpu_ep_fallback: '1' } } } : {}),
        }),
      ).catch((error: unknown) => {
        const reason = runtimeMessage(error);
        const message = isCpuFallback(reason)
          ? cpuFallbackMessage('webRuntime', device)
          : `webRuntime: ONNX Runtime refused the program: ${reason}`;
        throw new RuntimeRefusedError(message, { cause: error });
      });
      return wrap(ort, session, inTurn);
    },
  };
}

type InTurn = <T>(task: () => Promise<T>) => Promise<T>;

/** One call after the other. */
function createQueue(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(task: () => Promise<T>) => {
    const next = last.then(task);
    last = next.catch(() => undefined);
    return next;
  };
}

/**
 * The WebAssembly module is one for the whole page, whichever runtime object calls it, and on WebGPU it is suspended
 * while the device works: entered again it reads memory out of bounds. So this queue is the page's too.
 */
const QUEUES: Readonly<Record<WebDevice, InTurn>> = { wasm: createQueue(), webgpu: createQueue() };

/** Arrays go through the module's own memory, so they are copied in and out whoever made them; device tensors stay. */
function wrap(
  ort: typeof OnnxRuntime,
  session: OnnxRuntime.InferenceSession,
  inTurn: InTurn,
): RuntimeSession {
  return {
    async run(inputs, given = {}) {
      const feeds = toOrt(ort.Tensor, inputs);
      const placed = Object.fromEntries(Object.entries(given).filter(([, tensor]) => !('data' in tensor)));
      const fetches = toFetches(ort.Tensor, session.outputNames, placed);
      const results = await inTurn(() => session.run(feeds, fetches)).catch((error: unknown) => {
        throw new RuntimeRefusedError(`Program.run: ${runtimeMessage(error)}`, { cause: error });
      });
      const outputs: Record<string, RuntimeTensor> = fromOrt(results, placed);
      for (const [name, tensor] of Object.entries(given)) {
        if (!('data' in tensor)) continue;
        (tensor.data as Float32Array).set(outputs[name].data as Float32Array);
        outputs[name] = tensor;
      }
      return outputs;
    },
    release: () => inTurn(() => session.release()),
  };
}

async function expectAdapter(): Promise<void> {
  const { navigator, isSecureContext } = globalThis as {
    readonly navigator?: { readonly gpu?: { requestAdapter(): Promise<unknown> } };
    readonly isSecureContext?: boolean;
  };
  const missing = (why: string): RuntimeUnavailableError =>
    new RuntimeUnavailableError(`webRuntime: device 'webgpu' cannot be used here: ${why}`);
  if (!navigator?.gpu) {
    throw missing(
      isSecureContext === false
        ? 'WebGPU needs a secure page (https or localhost)'
        : 'the browser has no WebGPU',
    );
  }
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null || adapter === undefined) throw missing('the browser offers no graphics adapter');
}

async function loadOnnxRuntime(
  device: WebDevice,
  wasmPaths: WasmPaths | undefined,
): Promise<typeof OnnxRuntime> {
  const ort = await (device === 'webgpu' ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm'));
  ort.env.logLevel = 'fatal';
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = { ...filePaths(device, wasmPaths) };
  return ort;
}

const WASM_FILES: Readonly<Record<WebDevice, string>> = {
  wasm: 'ort-wasm-simd-threaded',
  webgpu: 'ort-wasm-simd-threaded.asyncify',
};

/** The bundled glue would start its threads from the application's own script; a glue file of its own does not. */
function filePaths(
  device: WebDevice,
  paths: WasmPaths,
): { readonly wasm?: string | URL; readonly mjs?: string | URL } {
  if (typeof paths !== 'string') return paths;
  return { wasm: `${paths}${WASM_FILES[device]}.wasm`, mjs: `${paths}${WASM_FILES[device]}.mjs` };
}
