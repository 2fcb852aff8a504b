/** Any differentiable identity network as the plain one that the analysis asks: photo and landmarks in, embedding out. */
import { compile } from '@likeness/graph';
import type { DifferentiableIdentityNetwork } from './identity-network.ts';
import { faceCrop } from './network-crop.ts';
import type { ProgramOptions } from './program.ts';
import type { IdentityNetwork } from './types.ts';

/** Numbers that a network gives for one crop: what a render is compared with, computed once before a fit. */
export interface IdentityTargets {
  /** [D] of unit length. */
  readonly embedding: Float32Array;
  /** [1, C, h, w] by layer. */
  readonly activations: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
  >;
}

/**
 * What the identity and content losses compare renders with, for one photo.
 * @param image [1, 3, sizePx, sizePx] RGB, sRGB-encoded 0..1 (`faceCrop` makes it)
 */
export async function identityTargets(
  network: DifferentiableIdentityNetwork,
  image: Float32Array,
  options: ProgramOptions,
): Promise<IdentityTargets> {
  const { sizePx } = network;
  const program = await compile(
    (inputs) => {
      const { embedding, activations } = network.embed(inputs['image']);
      return {
        '%embedding': embedding,
        ...activations,
      };
    },
    { image: { shape: [1, 3, sizePx, sizePx] } },
    { runtime: options.runtime, threads: options.threads },
  );
  try {
    const { '%embedding': embedding, ...layers } = await program.run({ image });
    const shapes = new Map(program.outputs.map(({ name, shape }) => [name, shape]));
    return {
      embedding,
      activations: Object.fromEntries(
        Object.entries(layers).map(([name, data]) => [
          name,
          { shape: shapes.get(name) as readonly number[], data },
        ]),
      ),
    };
  } finally {
    await program.dispose();
  }
}

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
