/** One texture of any texture model as a picture. */
import { compile, type Runtime } from '@likeness/graph';
import type { Image } from '../image/index.ts';
import type { TextureModel } from '../texture/index.ts';

/**
 * @param latent [L] p_t
 * @returns sRGB8 RGB, [S, S] in the head model's chart
 * @throws RangeError where the latent has another length
 */
export async function textureImage(
  texture: TextureModel,
  latent: Float32Array,
  options: { readonly runtime: Runtime; readonly threads?: number | undefined },
): Promise<Image> {
  const { size, latentSize } = texture;
  if (latent.length !== latentSize)
    throw new RangeError(`${texture.name} takes ${latentSize} numbers, but ${latent.length} were given.`);
  const program = await compile(
    ({ latent: p }) => texture.generate(p),
    { latent: { shape: [1, latentSize] } },
    { runtime: options.runtime, threads: options.threads },
  );
  let planes: Float32Array;
  try {
    planes = (await program.run({ latent }))['output'];
  } finally {
    await program.dispose();
  }
  const count = size * size;
  const data = new Uint8Array(count * 3);
  for (let i = 0; i < count; i++)
    for (let c = 0; c < 3; c++)
      data[i * 3 + c] = Math.round(255 * Math.min(1, Math.max(0, planes[c * count + i])));
  return { width: size, height: size, channels: 3, data };
}
