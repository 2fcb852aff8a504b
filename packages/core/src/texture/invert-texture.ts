/**
 * The latent whose texture looks like a given map: argmin over p of |G(p) - I| where I is known, by Adam from coarse to fine.
 * The latent is bounded: under the prior |p|^2 is close to its size, and far outside of that shell a generator draws nothing
 * it was taught (GANFIT's authors warn of the drift).
 */
import {
  abs,
  adam,
  add,
  averagePool2d,
  constant,
  cosineRate,
  createTrainer,
  div,
  mean,
  mul,
  relu,
  sub,
  sum,
  type Runtime,
  type Tensor,
} from '@likeness/graph';
import type { Image } from '../image/index.ts';
import type { TextureModel } from './texture-model.ts';

/** Adam at one size of the images. */
export interface InversionStage {
  /** Texels per side that the maps are compared at; a divisor of the model's size. */
  readonly size: number;
  readonly steps: number;
}

export interface InvertTextureOptions {
  readonly runtime: Runtime;
  readonly threads?: number | undefined;
  /** Default: 64, 128 and the model's own size (those below it), 60 steps each. */
  readonly stages?: readonly InversionStage[] | undefined;
  readonly learningRate?: number | undefined;
  /** Weight of the latent's bound (default 0.1). */
  readonly bound?: number | undefined;
  /** [L] where to start (default zeros, the middle of the prior). */
  readonly start?: Float32Array | undefined;
  readonly onStep?: ((step: number, of: number, loss: number) => void) | undefined;
}

export const INVERT_TEXTURE_DEFAULTS: {
  readonly sizes: readonly number[];
  readonly steps: number;
  readonly learningRate: number;
  readonly bound: number;
} = { sizes: [64, 128], steps: 60, learningRate: 0.1, bound: 0.1 };

export interface TextureInversion {
  /** [L]. */
  readonly latent: Float32Array;
  /** Mean absolute difference over what is known, at the last stage's size, sRGB-encoded 0..1; the bound included. */
  readonly loss: number;
}

/**
 * @param target sRGB8 RGB of the model's size
 * @param confidence [S, S] 0..1: how far each texel is known
 * @throws RangeError where sizes do not fit, or nothing is known
 */
export async function invertTexture(
  model: TextureModel,
  target: Image,
  confidence: ArrayLike<number>,
  options: InvertTextureOptions,
): Promise<TextureInversion> {
  const { size, latentSize } = model;
  const { learningRate = INVERT_TEXTURE_DEFAULTS.learningRate, bound = INVERT_TEXTURE_DEFAULTS.bound } =
    options;
  if (target.width !== size || target.height !== size || confidence.length !== size * size)
    throw new RangeError(
      `invertTexture: expected a map of ${size} x ${size}, received ${target.width} x ${target.height}.`,
    );
  const stages =
    options.stages ??
    [...INVERT_TEXTURE_DEFAULTS.sizes.filter((s) => s < size && size % s === 0), size].map((s) => ({
      size: s,
      steps: INVERT_TEXTURE_DEFAULTS.steps,
    }));
  const weights = Float32Array.from({ length: size * size }, (_, i) => confidence[i]);
  const planar = new Float32Array(3 * size * size);
  for (let i = 0; i < size * size; i++)
    for (let c = 0; c < 3; c++)
      planar[c * size * size + i] = (target.data[i * target.channels + c] / 255) * weights[i];
  if (!weights.some((weight) => weight > 0)) throw new RangeError('invertTexture: no texel is known.');
  const of = stages.reduce((steps, stage) => steps + stage.steps, 0);
  let latent = options.start ?? new Float32Array(latentSize);
  let done = 0;
  let loss = 0;
  for (const stage of stages) {
    const factor = size / stage.size;
    if (!Number.isInteger(factor))
      throw new RangeError(`invertTexture: a stage's size must divide ${size}, received ${stage.size}.`);
    const shrink = (x: Tensor): Tensor => (factor === 1 ? x : averagePool2d(x, { kernel: [factor, factor] }));
    const trainer = await createTrainer({
      parameters: { latent: { shape: [1, latentSize], dtype: 'float32', data: latent } },
      batch: {},
      optimiser: adam({ learningRate: cosineRate(learningRate, stage.steps), beta2: 0.99 }),
      runtime: options.runtime,
      threads: options.threads,
      loss: ({ latent: p }) => {
        const known = shrink(constant(weights, [1, 1, size, size]));
        const wanted = shrink(constant(planar, [1, 3, size, size]));
        // Both sides carry the weights before they are averaged, so a coarse texel compares what is known of it.
        const drawn = shrink(mul(model.generate(p), constant(weights, [1, 1, size, size])));
        const difference = div(sum(abs(sub(drawn, wanted))), mul(sum(known), 3));
        const excess = relu(sub(mean(mul(p, p)), 1));
        return add(difference, mul(mul(excess, excess), bound));
      },
    });
    for (let step = 0; step < stage.steps; step++) {
      ({ loss } = await trainer.train({}));
      options.onStep?.(++done, of, loss);
    }
    latent = trainer.checkpoint().parameters['latent'].data as Float32Array;
    await trainer.dispose();
  }
  return { latent, loss };
}
