/**
 * One training step as a loss over both networks: the non-saturating loss (Goodfellow et al. 2014) with the R1 penalty on
 * real images (Mescheder et al., "Which training methods for GANs do actually converge?", ICML 2018). WGAN-GP, the paper's
 * own loss, needs a gradient of a gradient in every step; R1 in every sixteenth is enough (Karras et al. 2020), which on
 * processor cores decides how far training gets.
 */
import {
  abs,
  add,
  averagePool2d,
  concat,
  constant,
  div,
  gradients,
  mean,
  mul,
  neg,
  resize2d,
  sign,
  sliceAxis,
  softplus,
  sqrt,
  stopGradient,
  sub,
  sum,
  type LossResult,
  type Tensor,
  type Tensors,
} from '@likeness/graph';
import { augment } from './augmentation.ts';
import type { Exemplars } from './exemplars.ts';
import { encodeTensor, type LatentSpace } from './latent-space.ts';
import { critic, generator, type GanArchitecture } from './networks.ts';

const halve = (x: Tensor): Tensor => averagePool2d(x, { kernel: [2, 2] });

/** What keeps a root's slope finite. */
const TINY = 1e-6;

/** Root mean square of the finest octave in each texel of level 0: [n, 3, rows, columns]. */
function detailOf(x: Tensor, [rows, columns]: readonly [number, number]): Tensor {
  const [, , h, w] = x.shape;
  const octave = sub(x, resize2d(halve(x), { size: [h, w] }));
  return sqrt(add(averagePool2d(mul(octave, octave), { kernel: [h / rows, w / columns] }), TINY));
}

/**
 * Squared difference of the amounts of detail in the three finest octaves, as a share of what is wanted. Blocks are large: a
 * pore that is not where it should be must not count, or less detail than there is would cost least.
 */
function detailDifference(
  made: Tensor,
  wanted: Tensor,
  base: readonly [number, number],
  level: number,
): Tensor {
  let [total, a, b] = [constant(Float32Array.of(0), []), made, wanted];
  for (let octave = 0; octave < Math.min(3, level); octave++) {
    const amount = detailOf(b, base);
    const difference = sub(detailOf(a, base), amount);
    total = add(total, div(mean(mul(difference, difference)), stopGradient(mean(amount))));
    [a, b] = [halve(a), halve(b)];
  }
  return total;
}

export interface GanLossOptions {
  readonly architecture: GanArchitecture;
  readonly level: number;
  /** Weight of the R1 penalty in this step; 0 leaves it out of the program. */
  readonly penalty: number;
  /** Where latents have a meaning: half of them are then those of the first half of `real`. */
  readonly space?: LatentSpace | undefined;
  readonly exemplars?: Exemplars | undefined;
  /** Weight of the mean absolute difference between those, without their finest octave; 0 leaves it out. */
  readonly reconstruction?: number | undefined;
  /** Weight of the difference in how much detail there is where; 0 leaves it out. */
  readonly detail?: number | undefined;
}

/**
 * Inputs: `real` [n, 3, h, w], `z` [n, latent], `share` scalar, and two augmentation draws, `real/*` and `fake/*`.
 * The generator's part moves no weight of the critic and the other way round.
 */
export function ganLoss(
  { architecture, level, penalty, space, exemplars, reconstruction = 0, detail = 0 }: GanLossOptions,
  p: Tensors,
  batch: Tensors,
): LossResult {
  const share = level > 0 ? batch['share'] : undefined;
  const draw = (which: string) => ({
    grid: batch[`${which}/grid`],
    matrix: batch[`${which}/matrix`],
    offset: batch[`${which}/offset`],
    keep: batch[`${which}/keep`],
  });
  const judge = (weights: Tensors, image: Tensor): Tensor =>
    critic(architecture, weights, image, level, share);
  const half = batch['real'].shape[0] / 2;
  const first = (x: Tensor): Tensor => sliceAxis(x, 0, 0, half);
  const reproduces = space !== undefined && reconstruction > 0 && level >= space.level;
  const z = reproduces
    ? concat([encodeTensor(space, first(batch['real']), level), sliceAxis(batch['z'], 0, half, 2 * half)], 0)
    : batch['z'];
  const drawn = generator(architecture, p, z, level, { share, space, exemplars });
  const fake = augment(drawn, draw('fake'));
  const real = augment(batch['real'], draw('real'));
  const frozen = Object.fromEntries(Object.entries(p).map(([name, value]) => [name, stopGradient(value)]));

  const ofReal = judge(p, real);
  const ofFake = judge(p, stopGradient(fake));
  const criticLoss = add(mean(softplus(ofFake)), mean(softplus(neg(ofReal))));
  const generatorLoss = mean(softplus(neg(judge(frozen, fake))));
  let loss = add(criticLoss, generatorLoss);
  const metrics: Record<string, Tensor> = {
    critic: criticLoss,
    generator: generatorLoss,
    confidence: mean(sign(ofReal)),
  };
  if (reproduces) {
    // An absolute difference asks for the median where a latent does not say where a pore lies, and the median is smooth:
    // of the finest octave only the amount is asked for, and what it looks like is the critic's to say.
    const [made, wanted] = [first(drawn), first(batch['real'])];
    const difference = mean(abs(sub(halve(made), halve(wanted))));
    metrics['reconstruction'] = difference;
    loss = add(loss, mul(difference, reconstruction));
    if (detail > 0) {
      // Squared: an absolute difference would ask for the median amount, and that has too little energy.
      const amount = detailDifference(made, wanted, architecture.base, level);
      metrics['detail'] = amount;
      loss = add(loss, mul(amount, detail));
    }
  }
  if (penalty > 0) {
    const [slope] = gradients(sum(ofReal), [real]);
    const r1 = mean(sum(mul(slope, slope), { axes: [1, 2, 3] }));
    metrics['r1'] = r1;
    loss = add(loss, mul(r1, penalty / 2));
  }
  return { loss, metrics };
}
