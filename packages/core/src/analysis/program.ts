/** Loads one TF.js network into a runnable program with a fixed input size, and picks its outputs apart. */
import { compile, importTfjs, type Program, type Runtime } from '@likeness/graph';

/** A TF.js graph model as its two files: parsed `model.json` and the weights' bytes. */
export interface NetworkFiles {
  readonly model: unknown;
  readonly weights: ArrayBuffer;
}

/** The four networks of the default analysis. */
export interface AnalysisNetworks {
  readonly blazeface: NetworkFiles;
  readonly facemesh: NetworkFiles;
  readonly iris: NetworkFiles;
  readonly faceres: NetworkFiles;
}

export interface ProgramOptions {
  readonly runtime: Runtime;
  /** Threads of each network's session; the runtime's own default where absent. */
  readonly threads?: number;
}

/** A network with one image input [batch, size, size, 3] whose outputs are found by their length. */
export interface ImageProgram {
  readonly batch: number;
  readonly sizePx: number;
  /** @param pixels [batch, size, size, 3] */
  run(pixels: Float32Array): Promise<readonly Float32Array[]>;
  dispose(): Promise<void>;
}

export async function loadImageProgram(
  files: NetworkFiles,
  sizePx: number,
  batch: number,
  options: ProgramOptions,
  outputs?: readonly string[],
): Promise<ImageProgram> {
  const model = importTfjs(files.model, files.weights);
  const name = model.inputs[0].name;
  const program: Program = await compile(
    model,
    [{ name, shape: [batch, sizePx, sizePx, 3], dtype: 'float32' }],
    { runtime: options.runtime, threads: options.threads, outputs },
  );
  return {
    batch,
    sizePx,
    run: async (pixels) => Object.values(await program.run({ [name]: pixels })),
    dispose: async () => {
      await program.dispose();
    },
  };
}

/** The output with exactly `length` values. @throws Error for a network that is not the expected one. */
export function outputOfLength(
  outputs: readonly Float32Array[],
  length: number,
  network: string,
): Float32Array {
  const found = outputs.find((output) => output.length === length);
  if (!found) {
    throw new Error(
      `${network} should have an output of ${length} values, its outputs have ${outputs.map((o) => o.length).join(', ')}: use the network files of @vladmandic/human 3.`,
    );
  }
  return found;
}
