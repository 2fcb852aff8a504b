/**
 * Texture lookup inside a differentiable program: one mip level for the whole picture, bilinear between texels. A face fills the picture
 * at nearly one scale, so one level serves (docs/decisions/renderer.md has the figures).
 */
import {
  averagePool2d,
  gridSample,
  mul,
  reshape,
  ShapeError,
  sub,
  transpose,
  type Tensor,
} from '@likeness/graph';

/** Options of `sampleTexture`. */
export interface SampleTextureOptions {
  /** Mip level: the texture is averaged over squares of 2^level texels before it is sampled. */
  readonly level?: number | undefined;
}

/** Every texel counts. */
export const SAMPLE_TEXTURE_DEFAULTS: { readonly level: number } = { level: 0 };

/**
 * @param texture [1, 3, S, S]
 * @param uv [P, 2] in 0..1, origin top left; beyond the edge it repeats
 * @returns [P, 3]
 */
export function sampleTexture(texture: Tensor, uv: Tensor, options: SampleTextureOptions = {}): Tensor {
  if (texture.rank !== 4 || texture.shape[0] !== 1 || uv.rank !== 2 || uv.shape[1] !== 2)
    throw new ShapeError(
      `sampleTexture: expected a texture [1,C,S,S] and uv [P,2], received [${texture.shape.join(',')}] and [${uv.shape.join(',')}]`,
    );
  const level = options.level ?? SAMPLE_TEXTURE_DEFAULTS.level;
  const step = 2 ** level;
  const [, channels, height, width] = texture.shape;
  if (!Number.isInteger(level) || level < 0 || height % step !== 0 || width % step !== 0)
    throw new RangeError(
      `sampleTexture: the level must be a whole number >= 0 whose squares tile the texture, but it is ${level} for ${width} x ${height}.`,
    );
  const image =
    level === 0 ? texture : averagePool2d(texture, { kernel: [step, step], strides: [step, step] });
  const grid = reshape(sub(mul(uv, 2), 1), [1, 1, uv.shape[0], 2]);
  const sampled = gridSample(image, grid, { padding: 'border' });
  return transpose(reshape(sampled, [channels, uv.shape[0]]));
}
