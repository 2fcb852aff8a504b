/** Any differentiable identity network as the plain one that the analysis asks: photo and landmarks in, embedding out. */
import { compile } from '@likeness/graph';
import type { DifferentiableIdentityNetwork } from './identity-network.ts';
import { faceCrop } from './network-crop.ts';
import type { ProgramOptions } from './program.ts';
import type { IdentityNetwork } from './types.ts';

export interface CompiledIdentityNetwork extends IdentityNetwork {
  /** @param image [1, 3, sizePx, sizePx] RGB, sRGB-encoded 0..1: a crop, or a render into one. @returns [D] of unit length */
  embedCrop(image: Float32Array): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** Compiles the network for one crop at a time. The caller disposes of it. */
export async function compileIdentityNetwork(
  network: DifferentiableIdentityNetwork,
  options: ProgramOptions,
): Promise<CompiledIdentityNetwork> {
  const { sizePx } = network;
  const program = await compile(
    ({ image }) => network.embed(image).embedding,
    { image: { shape: [1, 3, sizePx, sizePx] } },
    { runtime: options.runtime, threads: options.threads },
  );
  const embedCrop = async (image: Float32Array): Promise<Float32Array> =>
    (await program.run({ image }))['output'];
  return {
    name: network.name,
    embedCrop,
    embed: (photo, landmarks) => embedCrop(faceCrop(network, photo, landmarks.points).image),
    dispose: () => program.dispose(),
  };
}
