/**
 * The latent whose texture looks like a given map: argmin over p of |G(p) - I| where I is known, by Adam from coarse to fine.
 * The latent is bounded: under the prior |p|^2 is close to its size, and far outside of that shell a generator draws nothing
 * it was taught (GANFIT's authors warn of the drift).
 *
 * Where it starts decides more than how long it runs. A generator that brings its latents to one length (pixel norm) has no
 * gradient worth following at the origin, so without an encoder the best of a few draws is taken; with one (ours has it), the
 * latent that the encoder says.
 */
import {
  abs,
  adam,
  add,
  averagePool2d,
  compile,
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
import { foldIn, key, normal } from '@likeness/graph/random';
import type { Image } from '../image/index.ts';
import type { TextureModel } from './texture-model.ts';

/** Adam at one size of the images. */
export interface InversionStage {
  /** Texels per side that the maps are compared at; a divisor of the model's size. */
  readonly size: number;
  readonly steps: number;
  /** Rate at the stage's start (default the option's). */
  readonly learningRate?: number;
}

export interface InvertTextureOptions {
  readonly runtime: Runtime;
  readonly threads?: number | undefined;
  /** Default: 64, 128 and the model's own size (those below it); from a start that is given or encoded, its own size alone. */
  readonly stages?: readonly InversionStage[] | undefined;
  readonly learningRate?: number | undefined;
  /** Weight of the latent's bound (default 0.1). */
  readonly bound?: number | undefined;
  /** [L] where to start; default what the model's encoder says, else the best of some draws. */
  readonly start?: Float32Array | undefined;
  readonly onStep?: ((step: number, of: number, loss: number) => void) | undefined;
}

/** How an inversion runs where nothing else is asked for. */
export interface InversionSchedule {
  /** Sizes before the model's own, those below it. */
  readonly sizes: readonly number[];
  /** Steps at each size, and Adam's rate at its start. */
  readonly steps: number;
  readonly learningRate: number;
}

/**
 * From an encoder's latent the coarse sizes bring nothing (a generator of 512 texels, one map, processor time): 30 steps each at
 * 64, 128 and 512 end at L1 0.0247 in 7.2 s; 20 at 128 and 30 at 512 at 0.0248 in 4.8 s; 40 at 512 at 0.0249 in 3.4 s, 100 at 0.0246
 * in 5.9 s.
 */
export const INVERT_TEXTURE_DEFAULTS: {
  readonly fromDraw: InversionSchedule;
  readonly fromEncoder: InversionSchedule;
  readonly bound: number;
  /** Draws to choose from. */
  readonly draws: number;
} = {
  fromDraw: { sizes: [64, 128], steps: 60, learningRate: 0.1 },
  fromEncoder: { sizes: [], steps: 60, learningRate: 0.1 },
  bound: 0.1,
  draws: 12,
};

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
  const { bound = INVERT_TEXTURE_DEFAULTS.bound } = options;
  if (target.width !== size || target.height !== size || confidence.length !== size * size)
    throw new RangeError(
      `invertTexture: expected a map of ${size} x ${size}, received ${target.width} x ${target.height}.`,
    );
  const started = options.start ?? model.encode?.(target, confidence);
  const usual = INVERT_TEXTURE_DEFAULTS[started ? 'fromEncoder' : 'fromDraw'];
  const learningRate = options.learningRate ?? usual.learningRate;
  const stages: readonly InversionStage[] =
    options.stages ??
    [...usual.sizes.filter((s) => s < size && size % s === 0), size].map((s) => ({
      size: s,
      steps: usual.steps,
    }));
  for (const stage of stages)
    if (!Number.isInteger(size / stage.size))
      throw new RangeError(`invertTexture: a stage's size must divide ${size}, received ${stage.size}.`);
  const wanted = weigh(target, confidence, size);
  if (!wanted.weights.some((weight) => weight > 0)) throw new RangeError('invertTexture: no texel is known.');
  const of = stages.reduce((steps, stage) => steps + stage.steps, 0);
  let latent = started ?? (await bestDraw(model, wanted, stages, options));
  if (latent.length !== latentSize)
    throw new RangeError(
      `invertTexture: ${model.name} takes ${latentSize} numbers, received ${latent.length}.`,
    );
  let done = 0;
  let loss = 0;
  for (const stage of stages) {
    if (stage.steps === 0) continue;
    const trainer = await createTrainer({
      parameters: { latent: { shape: [1, latentSize], dtype: 'float32', data: latent } },
      batch: {},
      optimiser: adam({
        learningRate: cosineRate(stage.learningRate ?? learningRate, stage.steps),
        beta2: 0.99,
      }),
      runtime: options.runtime,
      threads: options.threads,
      loss: ({ latent: p }) => {
        const excess = relu(sub(mean(mul(p, p)), 1));
        return add(difference(model, p, wanted, stage.size), mul(mul(excess, excess), bound));
      },
    });
    try {
      for (let step = 0; step < stage.steps; step++) {
        ({ loss } = await trainer.train({}));
        options.onStep?.(++done, of, loss);
      }
      latent = trainer.checkpoint().parameters['latent'].data as Float32Array;
    } finally {
      await trainer.dispose();
    }
  }
  return { latent, loss };
}

/** What is looked for, in planes: [3, S, S] values times weights, and [S, S] weights. */
interface Wanted {
  readonly size: number;
  readonly weights: Float32Array;
  readonly weighted: Float32Array;
}

function weigh(target: Image, confidence: ArrayLike<number>, size: number): Wanted {
  const plane = size * size;
  const weights = Float32Array.from({ length: plane }, (_, i) => confidence[i]);
  const weighted = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++)
    for (let c = 0; c < 3; c++)
      weighted[c * plane + i] = (target.data[i * target.channels + c] / 255) * weights[i];
  return { size, weights, weighted };
}

/**
 * Mean absolute difference of what is known, compared at a size. Both sides carry the weights before they are averaged, so a
 * coarse texel compares what is known of it.
 */
function difference(model: TextureModel, p: Tensor, { size, weights, weighted }: Wanted, at: number): Tensor {
  const factor = size / at;
  const shrink = (x: Tensor): Tensor => (factor === 1 ? x : averagePool2d(x, { kernel: [factor, factor] }));
  const known = constant(weights, [1, 1, size, size]);
  const drawn = shrink(mul(model.generate(p), known));
  const wanted = shrink(constant(weighted, [1, 3, size, size]));
  return div(sum(abs(sub(drawn, wanted))), mul(sum(shrink(known)), 3));
}

/** The draw that comes nearest to the map at the first stage's size. Short ones, which are nearer to the mean, among them. */
async function bestDraw(
  model: TextureModel,
  wanted: Wanted,
  stages: readonly InversionStage[],
  { runtime, threads }: InvertTextureOptions,
): Promise<Float32Array> {
  const program = await compile(
    ({ latent }) => difference(model, latent, wanted, stages.at(0)?.size ?? model.size),
    { latent: { shape: [1, model.latentSize] } },
    { runtime, threads },
  );
  let best = new Float32Array(model.latentSize);
  let least = Infinity;
  try {
    for (let i = 0; i < INVERT_TEXTURE_DEFAULTS.draws; i++) {
      const length = i % 2 === 0 ? 0.3 : 1;
      const draw = normal(foldIn(key(0), i >> 1), [model.latentSize]).map((x) => length * x);
      const [loss] = (await program.run({ latent: draw })).output;
      if (loss < least) [best, least] = [draw, loss];
    }
  } finally {
    await program.dispose();
  }
  return best;
}
