// Training steps beside PyTorch: loss, gradients and Adam are one compiled program here, zero_grad, backward and step there.
// Both sides start from the same numbers, and their losses after a few steps are compared.
import {
  adam,
  add,
  averagePool2d,
  batchNormTraining,
  conv2d,
  createTrainer,
  gradients,
  leakyRelu,
  logSoftmax,
  matmul,
  maxPool2d,
  mean,
  mul,
  neg,
  pixelNorm,
  relu,
  reshape,
  resize2d,
  sqrt,
  stopGradient,
  sub,
  sum,
  type LossFunction,
  type Runtime,
  type Tensor,
  type Tensors,
  type TensorValues,
  type Trainer,
} from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import {
  measureAgainst,
  ourSide,
  rounded,
  type BenchContext,
  type BenchRow,
  type BenchSuite,
} from './rows.ts';
import { hashed } from './zoo.ts';

/** Values by a formula that peer_training.py knows: offset + scale hashed(i, seed). */
interface Formula {
  readonly shape: readonly number[];
  readonly scale: number;
  readonly offset?: number;
}

/** A training task: everything but the optimiser, which is Adam with the same settings everywhere. */
export interface TrainingTask {
  readonly name: string;
  readonly images: number;
  readonly parameters: Readonly<Record<string, Formula>>;
  readonly buffers: Readonly<Record<string, Formula>>;
  readonly batch: Readonly<Record<string, Formula>>;
  readonly loss: LossFunction;
  readonly learningRate: number;
  readonly betas: readonly [number, number];
}

const SAME = { pads: [1, 1, 1, 1] } as const;
/** A kernel whose outputs are about as large as its inputs. */
const kernel = (filters: number, channels: number, size: number): Formula => ({
  shape: [filters, channels, size, size],
  scale: Math.sqrt(3 / (channels * size * size)),
});

const WIDTHS = [32, 64, 128] as const;

/** Three times convolution, (batch norm,) ReLU, max pooling; then a linear layer and softmax cross entropy. */
function smallCnn(withNorm: boolean): TrainingTask {
  const parameters: Record<string, Formula> = {};
  const buffers: Record<string, Formula> = {};
  WIDTHS.forEach((width, i) => {
    parameters[`kernel${i}`] = kernel(width, i === 0 ? 3 : WIDTHS[i - 1], 3);
    if (withNorm) {
      parameters[`scale${i}`] = { shape: [width], scale: 0.1, offset: 1 };
      buffers[`mean${i}`] = { shape: [width], scale: 0 };
      buffers[`variance${i}`] = { shape: [width], scale: 0, offset: 1 };
    }
    parameters[`bias${i}`] = { shape: [width], scale: 0.1 };
  });
  parameters['linear'] = { shape: [2048, 10], scale: 0.03 };
  parameters['linearBias'] = { shape: [10], scale: 0.1 };
  return {
    name: `cnn 32² batch 32, 3 conv ${withNorm ? '+ batch norm ' : ''}+ pool, linear, Adam`,
    images: 32,
    parameters,
    buffers,
    // Targets as rows of probabilities: any numbers do for the arithmetic, these are one class for each image.
    batch: { x: { shape: [32, 3, 32, 32], scale: 1 }, targets: { shape: [32, 10], scale: 0 } },
    learningRate: 1e-3,
    betas: [0.9, 0.999],
    loss: (p, batch, running) => {
      const next: Record<string, Tensor> = {};
      let y = batch['x'];
      WIDTHS.forEach((_, i) => {
        y = conv2d(y, p[`kernel${i}`], withNorm ? undefined : p[`bias${i}`], SAME);
        if (withNorm) {
          const statistics = { mean: running[`mean${i}`], variance: running[`variance${i}`] };
          const normed = batchNormTraining(y, statistics, { scale: p[`scale${i}`], bias: p[`bias${i}`] });
          next[`mean${i}`] = normed.running.mean;
          next[`variance${i}`] = normed.running.variance;
          y = normed.y;
        }
        y = maxPool2d(relu(y), { kernel: [2, 2] });
      });
      const logits = add(matmul(reshape(y, [32, 2048]), p['linear']), p['linearBias']);
      return { loss: neg(div32(sum(mul(batch['targets'], logSoftmax(logits))))), buffers: next };
    },
  };
}

const div32 = (x: Tensor): Tensor => mul(x, 1 / 32);

const LEVELS = [128, 128, 64, 32] as const;
const GAN_SIZE = 64;
const GAN_BATCH = 8;

/**
 * A progressive GAN at 64² with the WGAN-GP loss (Karras et al. 2018): generator and critic updated in one step from the
 * same state. The penalty makes it a second-order program: the gradient of the critic by its input is differentiated by
 * the critic's weights.
 */
function progressiveGan(): TrainingTask {
  const parameters: Record<string, Formula> = { 'g/dense': { shape: [128, 16 * LEVELS[0]], scale: 0.1 } };
  const layer = (name: string, filters: number, channels: number, size = 3): void => {
    parameters[`${name}/w`] = kernel(filters, channels, size);
    parameters[`${name}/b`] = { shape: [filters], scale: 0.1 };
  };
  // 4² and 8² at the first width, then one level a width.
  const widths = [LEVELS[0], ...LEVELS];
  widths.forEach((width, i) => {
    layer(`g/${i}a`, width, widths[Math.max(i - 1, 0)]);
    layer(`g/${i}b`, width, width);
  });
  layer('g/rgb', 3, LEVELS[3], 1);
  layer('d/rgb', LEVELS[3], 3, 1);
  widths.toReversed().forEach((width, i, all) => {
    layer(`d/${i}a`, width, width);
    layer(`d/${i}b`, all[Math.min(i + 1, all.length - 1)], width);
  });
  parameters['d/dense'] = { shape: [16 * LEVELS[0], 1], scale: 0.02 };

  const convolve = (p: Tensors, name: string, x: Tensor): Tensor =>
    conv2d(x, p[`${name}/w`], p[`${name}/b`], p[`${name}/w`].shape[2] === 3 ? SAME : {});
  const generator = (p: Tensors, z: Tensor): Tensor => {
    const smooth = (x: Tensor): Tensor => pixelNorm(leakyRelu(x, 0.2));
    let y = smooth(reshape(matmul(pixelNorm(z), p['g/dense']), [GAN_BATCH, LEVELS[0], 4, 4]));
    widths.forEach((_, i) => {
      const size = [4 << i, 4 << i] as const;
      if (i > 0) y = resize2d(y, { size, mode: 'nearest', coordinates: 'asymmetric' });
      y = smooth(convolve(p, `g/${i}b`, smooth(convolve(p, `g/${i}a`, y))));
    });
    return convolve(p, 'g/rgb', y);
  };
  const critic = (p: Tensors, x: Tensor): Tensor => {
    let y = leakyRelu(convolve(p, 'd/rgb', x), 0.2);
    widths.forEach((_, i) => {
      y = leakyRelu(convolve(p, `d/${i}b`, leakyRelu(convolve(p, `d/${i}a`, y), 0.2)), 0.2);
      if (i < widths.length - 1) y = averagePool2d(y, { kernel: [2, 2] });
    });
    return matmul(reshape(y, [x.shape[0], 16 * LEVELS[0]]), p['d/dense']);
  };
  return {
    name: `progressive GAN ${GAN_SIZE}² batch ${GAN_BATCH}, WGAN-GP, Adam`,
    images: GAN_BATCH,
    parameters,
    buffers: {},
    batch: {
      real: { shape: [GAN_BATCH, 3, GAN_SIZE, GAN_SIZE], scale: 1 },
      z: { shape: [GAN_BATCH, 128], scale: 1.7 },
      share: { shape: [GAN_BATCH, 1, 1, 1], scale: 0.5, offset: 0.5 },
    },
    learningRate: 1e-3,
    betas: [0, 0.99],
    loss: (p, { real, z, share }) => {
      const fake = generator(p, z);
      const held = stopGradient(fake);
      const mixed = add(held, mul(share, sub(real, held)));
      const [slope] = gradients(sum(critic(p, mixed)), [mixed]);
      const steepness = sqrt(sum(mul(slope, slope), { axes: [1, 2, 3] }));
      const penalty = mean(mul(sub(steepness, 1), sub(steepness, 1)));
      const ofReal = critic(p, real);
      const criticLoss = add(
        sub(mean(critic(p, held)), mean(ofReal)),
        add(mul(penalty, 10), mul(mean(mul(ofReal, ofReal)), 1e-3)),
      );
      // The generator's loss must not move the critic: there its weights stand still.
      const frozen = Object.fromEntries(
        Object.entries(p).map(([name, value]) => [name, stopGradient(value)]),
      );
      return { loss: sub(criticLoss, mean(critic(frozen, fake))) };
    },
  };
}

export const TRAINING_TASKS: readonly TrainingTask[] = [smallCnn(true), smallCnn(false), progressiveGan()];

/** Values of a record of formulas; each entry is one seed. Targets are one class for each image. */
function valuesOf(formulas: Readonly<Record<string, Formula>>, seed: number): TensorValues {
  return Object.fromEntries(
    Object.entries(formulas).map(([name, { shape, scale, offset = 0 }], index) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const data = Float32Array.from({ length: size }, (_, i) =>
        name === 'targets'
          ? Number(i % 10 === (3 * Math.floor(i / 10)) % 10)
          : offset + scale * hashed(i, seed + index),
      );
      return [name, { shape, dtype: 'float32', data }];
    }),
  );
}

/** A trainer of the task, and the batch that every step gets. */
export async function startTraining(
  task: TrainingTask,
  runtime: Runtime,
): Promise<{ readonly trainer: Trainer; readonly step: () => Promise<number> }> {
  const { loss, learningRate, betas } = task;
  const trainer = await createTrainer({
    loss,
    optimiser: adam({ learningRate, beta1: betas[0], beta2: betas[1] }),
    parameters: valuesOf(task.parameters, 100),
    buffers: valuesOf(task.buffers, 400),
    batch: task.batch,
    runtime,
  });
  const batch = Object.fromEntries(
    Object.entries(valuesOf(task.batch, 500)).map(([name, { data }]) => [name, data]),
  );
  return { trainer, step: async () => (await trainer.train(batch)).loss };
}

async function measure(task: TrainingTask, context: BenchContext): Promise<BenchRow> {
  const runtime = nodeRuntime({ threads: context.threads });
  const start = performance.now();
  const { trainer, step } = await startTraining(task, runtime);
  const compileMs = performance.now() - start;
  const { name, parameters, batch, learningRate, betas } = task;
  const peer = await context.torch?.load('training', { name, parameters, batch, learningRate, betas });
  const notes: Record<string, number> = { compile_ms: rounded(compileMs) };
  const losses: number[] = [];
  for (let i = 0; i < 4; i++) losses.push(await step());
  if (peer) {
    // The first loss is exact to rounding; later ones say that the gradients and the updates agree.
    const errors = (await peer.values()).map(
      (theirs, i) => Math.abs(losses[i] - theirs) / Math.max(1, Math.abs(theirs)),
    );
    notes['first_loss_error'] = Number(errors[0].toExponential(1));
    notes['fourth_loss_error'] = Number(errors[3].toExponential(1));
  }
  const row = await measureAgainst(ourSide(runtime.name, step), peer, { samples: context.samples });
  await trainer.dispose();
  await peer?.free();
  notes['images_per_s'] = rounded((1000 * task.images) / row.ours_ms);
  // As PyTorch's threads do: on a machine of its own a training run gains by it, beside other work it loses.
  const spinning = await startTraining(task, nodeRuntime({ threads: context.threads, spinning: true }));
  const spun = await measureAgainst(ourSide(runtime.name, spinning.step), undefined, {
    samples: context.samples,
  });
  await spinning.trainer.dispose();
  notes['spinning_ms'] = spun.ours_ms;
  return { group: 'train', task: name, ...row, notes };
}

export const trainingSuite: BenchSuite = {
  group: 'train',
  async *rows(context) {
    for (const task of TRAINING_TASKS)
      if (task.name.includes(context.filter)) yield await measure(task, context);
  },
};
