/**
 * Trains the progressive GAN over the face's window of albedo maps. A run can be stopped at any step and goes on from its
 * checkpoint bit for bit: minibatches, latents and augmentation are drawn from the run's seed and the number of steps alone.
 */
import { join } from 'node:path';
import type { Image } from '@likeness/core/image';
import {
  adam,
  compile,
  createTrainer,
  NonFiniteLossError,
  withWeightAverage,
  type Runtime,
  type TensorValue,
  type Trainer,
} from '@likeness/graph';
import { foldIn, key as randomKey, normal } from '@likeness/graph/random';
import { encodePng } from '@likeness/node';
import { adaptProbability, drawAugmentation } from './augmentation.ts';
import type { Exemplars } from './exemplars.ts';
import { levelSize, type FaceWindow } from './face-window.ts';
import { ganLoss } from './gan-step.ts';
import {
  fitLatentSpace,
  readLatentSpace,
  writeLatentSpace,
  type LatentSpace,
  type LatentSpaceConfig,
} from './latent-space.ts';
import type { MapSampler } from './map-sampler.ts';
import { generator, initialParameters, type GanArchitecture } from './networks.ts';
import { loadRun, logLine, openRun, pick, saveRun, writeWhole, type RunState } from './run-directory.ts';
import { pointAt, totalImages, type GanPhase, type SchedulePoint } from './schedule.ts';

export interface GanConfig {
  readonly architecture: GanArchitecture;
  readonly window: FaceWindow;
  readonly phases: readonly GanPhase[];
  readonly seed: number;
  readonly learningRate: number;
  /** Weight of R1 times the minibatch, for each texel (the rule of Karras et al. 2020). */
  readonly r1: number;
  /** R1 in every so many steps, and so many times as strong. */
  readonly r1Every: number;
  /** Images after which the average of the generator's weights has forgotten half. */
  readonly averageImages: number;
  /** Latents with a meaning; absent: the paper's, whose numbers mean nothing before training. */
  readonly latentSpace?: LatentSpaceConfig | undefined;
  /** Weight of reproducing maps from their own latents (default 0; needs `latentSpace`). */
  readonly reconstruction?: number | undefined;
  /** Weight of having as much fine detail as the maps have, where they have it (default 0; needs `latentSpace`). */
  readonly detail?: number | undefined;
}

export const GAN_DEFAULTS: Omit<GanConfig, 'window'> = {
  architecture: {
    latent: 512,
    base: [5, 4],
    widths: [128, 128, 96, 64, 32, 16, 8],
    subPixel: true,
    exemplars: 32,
  },
  phases: [
    { level: 3, fadeImages: 0, images: 12_000, batch: 16 },
    { level: 4, fadeImages: 4_000, images: 10_000, batch: 8 },
    { level: 5, fadeImages: 4_000, images: 14_000, batch: 8 },
    { level: 6, fadeImages: 4_000, images: 96_000, batch: 4 },
  ],
  seed: 1,
  learningRate: 1.5e-3,
  r1: 2e-4,
  r1Every: 16,
  averageImages: 1_500,
  latentSpace: { level: 3, modes: 48, modesLevel: 5, samples: 6_000 },
  reconstruction: 40,
  detail: 60,
};

/** A run that is killed loses no more than this. */
const SAVE_MS = 120_000;

export interface TrainGanOptions {
  readonly config: GanConfig;
  /** Run directory. */
  readonly folder: string;
  readonly sampler: MapSampler;
  /** As many as the architecture says. */
  readonly exemplars?: Exemplars | undefined;
  readonly runtime: Runtime;
  readonly threads?: number | undefined;
  /** Stop after so many steps of this call (a checkpoint is written). */
  readonly maxSteps?: number | undefined;
  /** Asked after each step; true ends the run with a checkpoint. */
  readonly shouldStop?: (() => boolean) | undefined;
  /** Milliseconds, for the rate that is reported; `performance.now`. */
  readonly now: () => number;
  /**
   * Steps between two reports (default 50), two checkpoints (default 500; two minutes have the same effect) and two pictures
   * (default 1,000).
   */
  readonly reportEvery?: number | undefined;
  readonly saveEvery?: number | undefined;
  readonly pictureEvery?: number | undefined;
  readonly onReport?: ((report: GanReport) => void) | undefined;
}

export interface GanReport {
  readonly steps: number;
  readonly shown: number;
  readonly of: number;
  readonly level: number;
  readonly share: number;
  readonly critic: number;
  readonly generator: number;
  readonly confidence: number;
  readonly r1?: number;
  readonly reconstruction?: number;
  readonly detail?: number;
  readonly probability: number;
  readonly imagesPerSecond: number;
}

/**
 * Trains until the schedule ends or the caller stops it. @returns true when the schedule has ended
 * @throws NonFiniteLossError naming the step; the checkpoint before it stays
 */
export async function trainGan(options: TrainGanOptions): Promise<boolean> {
  const { config, folder, now } = options;
  const { reportEvery = 50, saveEvery = 500, pictureEvery = 1000 } = options;
  await openRun(folder, config);
  const seed = randomKey(config.seed);
  const space = await openLatentSpace(options);
  const saved = await loadRun(folder);
  let state: RunState = saved?.state ?? { shown: 0, steps: 0, probability: 0, phase: -1 };
  let values = saved?.checkpoint;
  let stepsLeft = options.maxSteps ?? Infinity;
  for (;;) {
    const start = pointAt(config.phases, state.shown);
    if (!start) return true;
    const pair = await openPhase(options, space, start, values, state.phase === start.index);
    const { shown, steps, probability } = state;
    state = { shown, steps, probability, phase: start.index };
    let lastTime = now();
    let lastShown = state.shown;
    let lastSave = lastTime;
    try {
      for (;;) {
        const point = pointAt(config.phases, state.shown);
        const ends = point?.index !== start.index;
        const stop = stepsLeft <= 0 || options.shouldStop?.() === true;
        const due = state.steps % saveEvery === 0 || now() - lastSave > SAVE_MS;
        if (ends || stop || (state.steps > 0 && due)) {
          lastSave = now();
          values = pair.checkpoint();
          await saveRun(folder, { state, checkpoint: values });
          if (ends) break;
          if (stop) return false;
        }
        if (hasJustFadedIn(config.phases, state.shown)) pair.restartAverage();
        const { metrics } = await pair.step(makeBatch(options, point, state, seed), state.steps);
        stepsLeft--;
        const number = (name: string): number => Number(metrics[name][0]);
        state = {
          phase: start.index,
          steps: state.steps + 1,
          shown: state.shown + start.phase.batch,
          probability: adaptProbability(state.probability, number('confidence'), start.phase.batch),
        };
        if (state.steps % reportEvery === 0) {
          const time = now();
          const report: GanReport = {
            steps: state.steps,
            shown: state.shown,
            of: totalImages(config.phases),
            level: start.phase.level,
            share: point.share,
            critic: number('critic'),
            generator: number('generator'),
            confidence: number('confidence'),
            ...(metrics['r1'] ? { r1: number('r1') } : {}),
            ...(metrics['reconstruction'] ? { reconstruction: number('reconstruction') } : {}),
            ...(metrics['detail'] ? { detail: number('detail') } : {}),
            probability: state.probability,
            imagesPerSecond: (1000 * (state.shown - lastShown)) / Math.max(1e-3, time - lastTime),
          };
          [lastTime, lastShown] = [time, state.shown];
          await logLine(folder, report);
          options.onReport?.(report);
        }
        if (state.steps % pictureEvery === 0)
          await drawSamples(options, space, pair.checkpoint().state, point, state);
      }
    } finally {
      await pair.dispose();
    }
  }
}

/** The latent space of the configuration: made once, kept beside the checkpoint. */
async function openLatentSpace({
  config,
  folder,
  sampler,
  runtime,
}: TrainGanOptions): Promise<LatentSpace | undefined> {
  const { latentSpace, architecture, window, seed } = config;
  if (!latentSpace) return undefined;
  const path = join(folder, LATENT_SPACE_FILE);
  const known = await readLatentSpace(path);
  if (known) return known;
  const key = foldIn(randomKey(seed), 3);
  const made = await fitLatentSpace(latentSpace, architecture.latent, sampler, window, key, runtime);
  await writeWhole(path, writeLatentSpace(made));
  return made;
}

/** In the run directory. */
export const LATENT_SPACE_FILE = 'latent-space.safetensors';

/** Whether this is the first step after a level has faded in. */
function hasJustFadedIn(phases: readonly GanPhase[], shown: number): boolean {
  const point = pointAt(phases, shown);
  const before = pointAt(phases, shown - (point?.phase.batch ?? 0));
  return point?.share === 1 && before?.index === point.index && before.share < 1;
}

/** The two programs of a phase: a step without, and one with, the penalty. They take turns on the same values. */
interface Phase {
  step(batch: Record<string, Float32Array>, index: number): ReturnType<Trainer['train']>;
  checkpoint: Trainer['checkpoint'];
  /** The average forgets what was: a new level's random start would stay in it for long. */
  restartAverage(): void;
  dispose(): Promise<void>;
}

async function openPhase(
  { config, runtime, threads, exemplars }: TrainGanOptions,
  space: LatentSpace | undefined,
  { phase }: SchedulePoint,
  values: ReturnType<Trainer['checkpoint']> | undefined,
  resumes: boolean,
): Promise<Phase> {
  const { architecture, window, reconstruction, detail } = config;
  const { level, batch: n } = phase;
  const [h, w] = levelSize(window, level);
  const fresh = initialParameters(architecture, level, randomKey(config.seed));
  // A new level starts with new layers and a new optimiser; the others, and their averages, go on.
  const known = values ? pick(values.parameters, Object.keys(fresh)) : {};
  const parameters: Record<string, TensorValue> = { ...fresh, ...known };
  const optimiser = withWeightAverage(
    adam({ learningRate: config.learningRate, beta1: 0, beta2: 0.99 }),
    0.5 ** (n / config.averageImages),
  );
  const draw = (which: string) => ({
    [`${which}/grid`]: { shape: [n, h, w, 2] },
    [`${which}/matrix`]: { shape: [n, 3, 3] },
    [`${which}/offset`]: { shape: [n, 3, 1] },
    [`${which}/keep`]: { shape: [n, 1, h, w] },
  });
  const batch = {
    real: { shape: [n, 3, h, w] },
    z: { shape: [n, architecture.latent] },
    ...(level > 0 ? { share: { shape: [] } } : {}),
    ...draw('real'),
    ...draw('fake'),
  };
  const open = (penalty: number): Promise<Trainer> =>
    createTrainer({
      loss: (p, given) =>
        ganLoss({ architecture, level, penalty, space, exemplars, reconstruction, detail }, p, given),
      optimiser,
      parameters,
      batch,
      runtime,
      threads,
    });
  const plain = await open(0);
  const penalised = await open((config.r1Every * config.r1 * h * w) / n);
  if (values && resumes) {
    plain.restore(values);
  } else if (values) {
    const begun = plain.checkpoint();
    const averages = pick(
      values.state,
      Object.keys(begun.state).filter((name) => name.startsWith('average/')),
    );
    plain.restore({ ...begun, state: { ...begun.state, ...averages } });
  }
  return {
    async step(given, index) {
      if (index % config.r1Every !== 0) return plain.train(given);
      penalised.restore(plain.checkpoint());
      const report = await penalised.train(given);
      plain.restore(penalised.checkpoint());
      return report;
    },
    checkpoint: () => plain.checkpoint(),
    restartAverage() {
      const { parameters: now, state, ...rest } = plain.checkpoint();
      const averages = Object.entries(now).map(([name, value]) => [`average/${name}`, value] as const);
      plain.restore({ ...rest, parameters: now, state: { ...state, ...Object.fromEntries(averages) } });
    },
    async dispose() {
      await plain.dispose();
      await penalised.dispose();
    },
  };
}

function makeBatch(
  { config, sampler }: TrainGanOptions,
  { phase: { level, batch: n }, share }: SchedulePoint,
  { steps, probability }: RunState,
  seed: ReturnType<typeof randomKey>,
): Record<string, Float32Array> {
  const step = foldIn(foldIn(seed, 1), steps);
  const size = levelSize(config.window, level);
  const draw = (which: string, index: number): Record<string, Float32Array> =>
    Object.fromEntries(
      Object.entries(drawAugmentation(foldIn(step, index), n, size, probability)).map(([name, data]) => [
        `${which}/${name}`,
        data as Float32Array,
      ]),
    );
  return {
    real: sampler.sample(foldIn(step, 0), n, level),
    z: normal(foldIn(step, 1), [n, config.architecture.latent]),
    ...(level > 0 ? { share: Float32Array.of(share) } : {}),
    ...draw('real', 2),
    ...draw('fake', 3),
  };
}

const GRID = [4, 8] as const;

/** A picture of samples by the averaged generator, from the same latents each time. */
async function drawSamples(
  { config, folder, runtime, threads, exemplars }: TrainGanOptions,
  space: LatentSpace | undefined,
  state: Readonly<Record<string, TensorValue>>,
  { phase: { level }, share }: SchedulePoint,
  { shown }: RunState,
): Promise<void> {
  const images = await sampleImages({
    architecture: config.architecture,
    weights: Object.fromEntries(
      Object.entries(state)
        .filter(([name]) => name.startsWith('average/g/'))
        .map(([name, value]) => [name.slice('average/'.length), value]),
    ),
    latents: normal(foldIn(randomKey(config.seed), 2), [GRID[0] * GRID[1], config.architecture.latent]),
    level,
    share,
    space,
    exemplars,
    runtime,
    threads,
  });
  const [h, w] = levelSize(config.window, level);
  const picture = tile(images, GRID, h, w);
  const name = `${String(shown).padStart(8, '0')}.png`;
  await writeWhole(join(folder, 'samples', name), await encodePng(picture));
}

/** [n, 3, h, w] in -1..1 of given weights and latents [n, latent]. */
export async function sampleImages(options: {
  readonly architecture: GanArchitecture;
  readonly weights: Readonly<Record<string, TensorValue>>;
  readonly latents: Float32Array;
  readonly level: number;
  readonly share: number;
  readonly space?: LatentSpace | undefined;
  readonly exemplars?: Exemplars | undefined;
  readonly runtime: Runtime;
  readonly threads?: number | undefined;
}): Promise<Float32Array> {
  const { architecture, weights, latents, level, space, exemplars, runtime, threads } = options;
  const n = latents.length / architecture.latent;
  const program = await compile(
    ({ z, share, ...p }) => generator(architecture, p, z, level, { share, space, exemplars }),
    {
      z: { shape: [n, architecture.latent] },
      share: { shape: [] },
      ...Object.fromEntries(Object.entries(weights).map(([name, { shape }]) => [name, { shape }])),
    },
    { runtime, threads },
  );
  const { output } = await program.run({
    z: latents,
    share: Float32Array.of(options.share),
    ...Object.fromEntries(Object.entries(weights).map(([name, { data }]) => [name, data])),
  });
  await program.dispose();
  return output;
}

/** Images [n, 3, h, w] in -1..1 side by side as sRGB8. */
export function tile(
  images: Float32Array,
  [rows, columns]: readonly [number, number],
  h: number,
  w: number,
): Image {
  const width = columns * w;
  const data = new Uint8Array(rows * h * width * 3);
  for (let i = 0; i < rows * columns; i++)
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) {
          const value = images[((i * 3 + c) * h + y) * w + x];
          const at = ((Math.floor(i / columns) * h + y) * width + (i % columns) * w + x) * 3 + c;
          data[at] = Math.round(127.5 * (1 + Math.min(1, Math.max(-1, value))));
        }
  return { width, height: rows * h, channels: 3, data };
}

export { NonFiniteLossError };
