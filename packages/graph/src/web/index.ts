// onnxruntime-web as a runtime, for pages and workers.
import * as ort from 'onnxruntime-web/wasm';
import type { DType, TypedArray } from '../dtype.ts';
import { RuntimeUnavailableError, type Runtime, type RuntimeTensor } from '../runtime.ts';

/** Where onnxruntime-web finds its WebAssembly: a folder's URL (ending in `/`), or the URL of each file. */
export type WasmPaths = string | { readonly wasm?: string | URL; readonly mjs?: string | URL };

/** Options of `webRuntime`. */
export interface WebRuntimeOptions {
  /** Where to run (default `wasm`). `webgpu` is not wired up yet and is refused, never replaced. */
  readonly device?: 'wasm' | 'webgpu' | undefined;
  /**
   * Where `ort-wasm-simd-threaded.wasm` and `.mjs` of onnxruntime-web are served. By default beside the script that
   * holds onnxruntime-web, which after bundling is rarely true: copy the two files and name their place.
   */
  readonly wasmPaths?: WasmPaths | undefined;
  /**
   * Threads (default: the cores, at most 4). More than one needs a cross-origin isolated page (COOP and COEP headers);
   * without isolation there is one.
   */
  readonly threads?: number | undefined;
}

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
  const device = options.device ?? 'wasm';
  return {
    name: `onnxruntime-web ${device}`,
    async createSession(model, { threads }) {
      if (device !== 'wasm') {
        throw new RuntimeUnavailableError(`webRuntime: device '${device}' is not supported yet (use 'wasm')`);
      }
      ort.env.wasm.numThreads = availableThreads(threads ?? options.threads);
      if (options.wasmPaths !== undefined) ort.env.wasm.wasmPaths = { ...filePaths(options.wasmPaths) };
      const session = await ort.InferenceSession.create(model, {
        executionProviders: ['wasm'],
        graphOptimizationLevel: 'all',
        executionMode: 'sequential',
        enableCpuMemArena: false,
        logSeverityLevel: 3,
      });
      return {
        async run(inputs) {
          const feeds: Record<string, ort.Tensor> = {};
          for (const [name, { data, shape, dtype }] of Object.entries(inputs)) {
            feeds[name] = new ort.Tensor(dtype, data as Float32Array, shape);
          }
          const results = await session.run(feeds);
          const outputs: Record<string, RuntimeTensor> = {};
          for (const [name, value] of Object.entries(results)) {
            outputs[name] = {
              data: value.data as TypedArray,
              shape: value.dims,
              dtype: value.type as DType,
            };
          }
          return outputs;
        },
        release: () => session.release(),
      };
    },
  };
}

const WASM_FILE = 'ort-wasm-simd-threaded';

/** The bundled glue would start its threads from the application's own script; a glue file of its own does not. */
function filePaths(paths: WasmPaths): { readonly wasm?: string | URL; readonly mjs?: string | URL } {
  if (typeof paths !== 'string') return paths;
  return { wasm: `${paths}${WASM_FILE}.wasm`, mjs: `${paths}${WASM_FILE}.mjs` };
}
