/** A texture model at a smaller size: what coarse stages of a fit draw. */
import { averagePool2d } from '@likeness/graph';
import type { TextureModel } from './texture-model.ts';

/**
 * @param size texels per side; a divisor of the model's own
 * @returns the model that draws at this size: its own way (`atSize`) where it has one, else averaged over squares
 * @throws RangeError where the size does not divide the model's
 */
export function textureAtSize(model: TextureModel, size: number): TextureModel {
  if (size === model.size) return model;
  const factor = model.size / size;
  if (!Number.isInteger(factor))
    throw new RangeError(
      `The texture model ${model.name} draws ${model.size} texels; ${size} does not divide that: choose a divisor.`,
    );
  const own = model.atSize?.(size);
  if (own) return own;
  return {
    ...model,
    size,
    generate: (latent) =>
      averagePool2d(model.generate(latent), { kernel: [factor, factor], strides: [factor, factor] }),
  };
}
