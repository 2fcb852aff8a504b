/**
 * What fitting asks of a texture model, whichever it is: the linear model of classical 3DMMs or a generator network
 * (GANFIT, Gecer et al. 2019: T(p_t) = G(p_t)).
 */
import type { Tensor } from '@likeness/graph';
import type { Image } from '../image/index.ts';

/** A differentiable map from a latent vector to albedo in a head model's chart. */
export interface TextureModel {
  readonly name: string;
  readonly version: string;
  /** The head model whose chart the texture is drawn in. */
  readonly headModel: string;
  /** Numbers in a latent. Under the prior they are independent and standard normal. */
  readonly latentSize: number;
  /** Texels per side. */
  readonly size: number;
  /**
   * @param latent float32 [n, latentSize]
   * @returns float32 [n, 3, size, size], RGB albedo, sRGB-encoded, about 0..1 (not clipped, so that gradients stay)
   */
  generate(latent: Tensor): Tensor;
  /**
   * The same model drawing at a divisor of its size for less work, where it can (see `textureAtSize`); undefined where it has no way
   * of its own for this size.
   */
  atSize?(size: number): TextureModel | undefined;
  /**
   * A latent to start an inversion from, where the model knows one better than the middle of its prior.
   * @param target sRGB8 RGB of the model's size
   * @param confidence [size, size] 0..1: how far each texel is known
   * @returns [latentSize]
   */
  encode?(target: Image, confidence: ArrayLike<number>): Float32Array;
}
