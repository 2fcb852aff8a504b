/** A texture model as the benchmark asks it: maps of latents, one after the other, and how large the model is. */
import { normal, foldIn, type RandomKey } from '@likeness/graph/random';
import { compile, traceProgram, type Runtime } from '@likeness/graph';
import type { TextureModel } from '@likeness/core/texture';

export interface TextureSource extends AsyncDisposable {
  readonly model: TextureModel;
  /** Numbers that the model stores: weights, and images such as a mean. */
  readonly storedNumbers: number;
  /** @param latent [latentSize]; @returns [3, S, S] about 0..1 */
  draw(latent: Float32Array): Promise<Float32Array>;
}

export async function openTextureSource(
  model: TextureModel,
  options: { readonly runtime: Runtime; readonly threads?: number | undefined },
): Promise<TextureSource> {
  const spec = { latent: { shape: [1, model.latentSize] } };
  const program = await compile(({ latent }) => model.generate(latent), spec, options);
  return {
    model,
    storedNumbers: storedNumbers(model),
    draw: async (latent) => (await program.run({ latent })).output,
    [Symbol.asyncDispose]: () => program.dispose(),
  };
}

/** Constants of the model's graph: what a file of it has to hold. */
export function storedNumbers(model: TextureModel): number {
  const { nodes } = traceProgram(({ latent }) => model.generate(latent), {
    latent: { shape: [1, model.latentSize] },
  });
  return nodes
    .filter(({ operation }) => operation === 'constant')
    .reduce((sum, { outputs }) => sum + outputs[0].size, 0);
}

/** The latent of sample `index`: standard normal, a number of its own, so that a resumed run draws the same. */
export function sampleLatent(key: RandomKey, index: number, latentSize: number): Float32Array {
  return normal(foldIn(key, index), [latentSize]);
}

/** 0..1 -> bytes, clipped. */
export function toBytes(map: Float32Array): Uint8Array {
  const out = new Uint8Array(map.length);
  for (let i = 0; i < map.length; i++) {
    const value = map[i] * 255 + 0.5;
    out[i] = value < 0 ? 0 : value > 255 ? 255 : value;
  }
  return out;
}
