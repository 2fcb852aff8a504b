/**
 * GANFIT's joint fit (Gecer et al. 2019, section 3.4): shape, expression, texture, camera and light of one person's photos
 * by gradient descent, so that a face recognition network takes the render for the person. What is free and what is
 * minimised when is data (`Stage`); each step is one program a photo and one step of Adam.
 */
import { random } from '@likeness/graph';
import type { Image } from '../../image/index.ts';
import { adamInit, adamUpdate, type AdamState } from './adam.ts';
import { createJointPrograms, type JointProgramOptions, type JointPrograms } from './joint-programs.ts';
import { NETWORK_LOSSES, rateOf, STAGE_DEFAULTS, uses, type LossName, type Stage } from './stages.ts';
import { stageShape, type StageShape } from './iteration-program.ts';
import { PARAMETER_UNITS, SHARED_GROUPS } from './parameters.ts';
import {
  createPhotoState,
  cropsOf,
  naturalExpression,
  naturalIdentity,
  naturalTexture,
  naturalView,
  parameterArrays,
  randomArrays,
  rasterArrays,
  type PersonState,
  type PhotoState,
  type ProgramArrays,
} from './photo-state.ts';
import { onPlateau } from './plateau.ts';
import { textureStart } from './texture-start.ts';
import {
  JointFitError,
  type HistoryEntry,
  type JointFit,
  type JointFitOptions,
  type JointPhoto,
  type JointStageReport,
  type Sharing,
} from './types.ts';

export const JOINT_FIT_DEFAULTS: { readonly seed: number; readonly sharing: Sharing } = {
  seed: 0,
  sharing: 'joint',
};

/** The last share of a stage's steps over which the rate falls to a tenth, along half a cosine. */
const RAMP = 0.5;

/** Terms of what the photos share: they count once for the person, not once a photo. */
const SHARED_LOSSES: ReadonlySet<LossName> = new Set([
  'identityPrior',
  'latent',
  'latentBound',
  'identityStart',
  'textureStart',
]);

/** Options of one fit with programs that exist already. */
export type JointRunOptions = Omit<JointFitOptions, keyof JointProgramOptions>;

/** A joint fit whose programs stay loaded between photos. */
export interface JointFitter {
  fit(options: JointRunOptions): Promise<JointFit>;
  dispose(): Promise<void>;
}

/** The caller disposes of it. */
export function createJointFitter(options: JointProgramOptions): JointFitter {
  const programs = createJointPrograms(options);
  return { fit: (run) => fitWith(programs, run), dispose: () => programs.dispose() };
}

/**
 * Fits one person's photos. Deterministic: the same seed and input give the same bytes on one machine.
 * @throws JointFitError where a loss is not a number, or a stage needs the network and there is none
 */
export async function fitJoint(options: JointFitOptions): Promise<JointFit> {
  const { model, texture, identity, runtime, threads, ...run } = options;
  const fitter = createJointFitter({ model, texture, identity, runtime, threads });
  try {
    return await fitter.fit(run);
  } finally {
    await fitter.dispose();
  }
}

async function fitWith(programs: JointPrograms, options: JointRunOptions): Promise<JointFit> {
  const { photos, stages } = options;
  if (photos.length === 0) throw new RangeError('fitJoint: expected at least one photo, received none.');
  if (stages.length === 0) throw new RangeError('fitJoint: expected at least one stage, received none.');
  const sharing = options.sharing ?? JOINT_FIT_DEFAULTS.sharing;
  if (sharing === 'joint' || photos.length === 1) return runFit(programs, options);
  return fitAveraged(programs, options);
}

/** The paper's way with several photos (section 4.2): each by itself, then the mean of p_s and p_t. */
async function fitAveraged(programs: JointPrograms, options: JointRunOptions): Promise<JointFit> {
  const { photos, stages } = options;
  const singles: JointFit[] = [];
  const parts = photos.length + 1;
  const report =
    (part: number): JointRunOptions['onIteration'] =>
    (iteration) =>
      options.onIteration?.({ ...iteration, fraction: (part + iteration.fraction) / parts });
  for (const [i, photo] of photos.entries())
    singles.push(await runFit(programs, { ...options, photos: [photo], onIteration: report(i) }));
  const mean = (values: readonly Float32Array[]): Float32Array =>
    values[0].map((_, k) => values.reduce((sum, value) => sum + value[k], 0) / values.length);
  const identity = mean(singles.map((single) => single.identity));
  const texture = mean(singles.map((single) => single.texture));
  const last = stages.at(-1) as Stage;
  const free = last.free.filter((group) => !SHARED_GROUPS.includes(group));
  const settled = photos.map((photo, i): JointPhoto => ({
    ...photo,
    light: singles[i].photos[0].light,
    start: {
      ...photo.start,
      parameters: {
        ...photo.start.parameters,
        identity,
        expression: singles[i].photos[0].expression,
        camera: singles[i].photos[0].camera,
      },
    },
  }));
  const rest = await runFit(programs, {
    ...options,
    photos: settled,
    textureStart: texture,
    stages: [{ ...last, name: `${last.name}, averaged`, free }],
    onIteration: report(photos.length),
  });
  const timings = { ...rest.timings };
  for (const single of singles)
    for (const [name, value] of Object.entries(single.timings)) timings[name] = (timings[name] ?? 0) + value;
  return {
    ...rest,
    identity,
    texture,
    stages: [...singles.flatMap((single) => single.stages), ...rest.stages],
    history: [...singles.flatMap((single) => single.history), ...rest.history],
    timings,
  };
}

/** Everything that changes while a fit runs. */
interface Running {
  readonly programs: JointPrograms;
  readonly options: JointRunOptions;
  readonly person: PersonState;
  readonly photos: readonly PhotoState[];
  readonly history: HistoryEntry[];
  readonly timings: Record<string, number>;
  readonly now: () => number;
}

async function runFit(programs: JointPrograms, options: JointRunOptions): Promise<JointFit> {
  const { context } = programs;
  const { stages } = options;
  const running: Running = {
    programs,
    options,
    person: startPerson(
      options,
      options.textureStart ?? textureStart(options.photos, context.model, context.texture),
      context.sizes.texture,
    ),
    photos: options.photos.map((photo) => createPhotoState(photo, context)),
    history: [],
    timings: { compile: 0, targets: 0, geometry: 0, raster: 0, program: 0 },
    now: options.now ?? ((): number => 0),
  };
  const reports: JointStageReport[] = [];
  const total = stages.reduce((sum, stage) => sum + stage.steps, 0);
  let done = 0;
  let last: readonly Partial<Record<LossName, number>>[] = [];
  for (const [index, stage] of stages.entries()) {
    const start = running.now();
    const result = await runStage(running, stage, index, (steps) => (done + steps) / total);
    done += stage.steps;
    last = result.perPhoto;
    const entry = running.history.at(-1);
    reports.push({
      name: stage.name,
      steps: result.steps,
      stopped: result.stopped,
      loss: entry?.loss ?? 0,
      losses: entry?.losses ?? {},
      milliseconds: running.now() - start,
    });
  }
  return {
    identity: naturalIdentity(running.person),
    texture: naturalTexture(running.person),
    photos: running.photos.map((state, i) => {
      const { camera, light } = naturalView(state, context);
      return {
        expression: naturalExpression(state),
        camera,
        light: { coefficients: light },
        losses: last[i] ?? {},
      };
    }),
    stages: reports,
    history: running.history,
    timings: running.timings,
  };
}

function startPerson({ photos }: JointRunOptions, latent: Float32Array, latentSize: number): PersonState {
  const count = photos[0].start.parameters.identity.length;
  const identity = new Float32Array(count);
  for (const { start } of photos)
    for (let k = 0; k < count; k++) identity[k] += start.parameters.identity[k] / photos.length;
  const texture = latent.slice();
  if (texture.length !== latentSize)
    throw new RangeError(
      `fitJoint: the texture model has ${latentSize} numbers in a latent, the start has ${texture.length}.`,
    );
  return {
    units: { identity: new Float32Array(count), texture: new Float32Array(latentSize) },
    starts: { identity, texture },
  };
}

interface StageResult {
  readonly steps: number;
  readonly stopped: 'steps' | 'plateau';
  readonly perPhoto: readonly Partial<Record<LossName, number>>[];
}

async function runStage(
  running: Running,
  stage: Stage,
  index: number,
  fractionAfter: (steps: number) => number,
): Promise<StageResult> {
  const { programs, options, photos, history } = running;
  const shape = stageShape(stage, programs.context, STAGE_DEFAULTS.renderSizePx);
  if (shape.losses.some((name) => NETWORK_LOSSES.includes(name))) await findTargets(running, stage);
  const walk = createWalk(running, stage);
  const totals: number[] = [];
  let perPhoto: Partial<Record<LossName, number>>[] = [];
  const key = random.foldIn(random.key(options.seed ?? JOINT_FIT_DEFAULTS.seed), index);
  for (let step = 1; step <= stage.steps; step++) {
    if (options.signal?.aborted)
      throw options.signal.reason ?? new JointFitError('The joint fit was cancelled.', stage.name, step);
    const gradient = new Float64Array(walk.values.length);
    let loss = 0;
    perPhoto = [];
    for (const [i, state] of photos.entries()) {
      const viewKey = random.foldIn(random.foldIn(key, step), i);
      const result = await iterate(running, stage, shape, state, viewKey);
      check(result, stage, step, i, photos.length);
      loss += result.loss / photos.length;
      perPhoto.push(result.losses);
      walk.addGradient(gradient, result.gradient, i);
    }
    const losses = meanLosses(perPhoto);
    history.push({ stage: stage.name, step, loss, losses });
    totals.push(loss);
    walk.step(gradient, rampDown(step, stage.steps));
    await options.onIteration?.({
      stage: stage.name,
      step,
      steps: stage.steps,
      fraction: fractionAfter(step),
      loss,
      losses,
      render: () => renderAll(running, shape),
    });
    if (stage.plateau && onPlateau(totals, stage.plateau))
      return { steps: step, stopped: 'plateau', perPhoto };
  }
  return { steps: stage.steps, stopped: 'steps', perPhoto };
}

/** The rate's factor: 1, then down to a tenth over the last part of the stage. */
function rampDown(step: number, steps: number): number {
  const share = (step / steps - (1 - RAMP)) / RAMP;
  return share <= 0 ? 1 : 0.1 + 0.45 * (1 + Math.cos(Math.PI * share));
}

interface IterationResult {
  readonly loss: number;
  readonly losses: Partial<Record<LossName, number>>;
  readonly gradient: Float32Array;
}

async function iterate(
  running: Running,
  stage: Stage,
  shape: StageShape,
  state: PhotoState,
  viewKey: random.RandomKey,
): Promise<IterationResult> {
  const { programs, person, options, timings, now } = running;
  const { context } = programs;
  const withRandom = shape.losses.includes('identityRandom');
  const { sizePx } = shape;
  const crops = cropsOf(state, context, sizePx);
  const began = now();
  const program = await programs.iteration(shape);
  const geometry = await programs.geometry(withRandom);
  const compiled = now();
  const inputs: ProgramArrays = {
    ...parameterArrays(person, state, context, sizePx),
    ...(withRandom ? randomArrays(context, viewKey, person, sizePx, options.randomView) : {}),
  };
  const { heads, projected, random: randomProjected } = await geometry.run(inputs);
  const placed = now();
  const has = (name: string): boolean => program.inputs.some((port) => port.name === name);
  const all: ProgramArrays = { ...inputs, ...state.targets, heads };
  if (has('raster.shown')) Object.assign(all, rasterArrays(context, 'raster', projected, sizePx));
  if (withRandom) Object.assign(all, rasterArrays(context, 'random.raster', randomProjected, sizePx));
  Object.assign(all, {
    photo: crops.photo,
    mask: crops.mask,
    landmarks: crops.landmarks,
    landmarkWeights: crops.landmarkWeights,
    eyeDistance: crops.eyeDistance,
    weights: Float32Array.from(
      shape.losses,
      (name) => (stage.losses[name] ?? 0) / (SHARED_LOSSES.has(name) ? running.photos.length : 1),
    ),
  });
  const rasterised = now();
  const found = await program.run(Object.fromEntries(program.inputs.map(({ name }) => [name, all[name]])));
  timings['compile'] += compiled - began;
  timings['geometry'] += placed - compiled;
  timings['raster'] += rasterised - placed;
  timings['program'] += now() - rasterised;
  return {
    loss: found['loss'][0],
    losses: Object.fromEntries(shape.losses.map((name, i) => [name, found['terms'][i]])),
    gradient: found['gradient'],
  };
}

/** @throws JointFitError naming photo, stage, step and term */
function check(result: IterationResult, stage: Stage, step: number, photo: number, photos: number): void {
  const where = `stage "${stage.name}", step ${step}${photos > 1 ? `, photo ${photo + 1}` : ''}`;
  for (const [name, value] of Object.entries(result.losses))
    if (!Number.isFinite(value))
      throw new JointFitError(
        `The joint fit cannot go on: the term ${name} became ${value} in ${where}; a smaller learning rate may help.`,
        stage.name,
        step,
      );
  if (!result.gradient.every((value) => Number.isFinite(value)))
    throw new JointFitError(
      `The joint fit cannot go on: the gradient is not finite in ${where}; a smaller learning rate may help.`,
      stage.name,
      step,
    );
}

function meanLosses(
  perPhoto: readonly Partial<Record<LossName, number>>[],
): Partial<Record<LossName, number>> {
  const out: Partial<Record<LossName, number>> = {};
  for (const losses of perPhoto)
    for (const [name, value] of Object.entries(losses) as [LossName, number][])
      out[name] = (out[name] ?? 0) + value / perPhoto.length;
  return out;
}

/** Everything a stage frees as one vector, for Adam. */
interface Walk {
  readonly values: Float64Array;
  /** Adds one photo's gradient, laid out as the program gives it, to that of the whole vector. */
  addGradient(total: Float64Array, gradient: Float32Array, photo: number): void;
  /** One step of Adam, bounds kept, written back into the states. */
  step(gradient: Float64Array, factor: number): void;
}

function createWalk({ person, photos, programs }: Running, stage: Stage): Walk {
  const { sizes } = programs.context;
  interface Block {
    readonly units: Float32Array;
    readonly at: number;
    readonly rate: number;
    /** [N] natural values at u = 0, for groups with bounds. */
    readonly expression?: Float32Array;
  }
  const blocks: Block[] = [];
  // Per photo and free group: where its values lie in the whole vector.
  const places: number[][] = photos.map(() => []);
  let length = 0;
  for (const group of stage.free) {
    const shared = SHARED_GROUPS.includes(group);
    for (const [i, state] of photos.entries()) {
      if (shared && i > 0) {
        places[i].push(places[0].at(-1) as number);
        continue;
      }
      places[i].push(length);
      blocks.push({
        units: shared
          ? person.units[group as keyof PersonState['units']]
          : state.units[group as keyof PhotoState['units']],
        at: length,
        rate: rateOf(stage, group),
        ...(group === 'expression' ? { expression: state.expression } : {}),
      });
      length += sizes[group];
    }
  }
  const values = new Float64Array(length);
  const rates = new Float64Array(length);
  for (const { units, at, rate } of blocks) {
    values.set(units, at);
    rates.fill(rate, at, at + units.length);
  }
  let state: AdamState = adamInit(length);
  return {
    values,
    addGradient: (total, gradient, photo) => {
      let from = 0;
      for (const [g, group] of stage.free.entries()) {
        const at = places[photo][g];
        // The mean over photos of what they share. A photo's own values are in its own energy alone.
        const share = SHARED_GROUPS.includes(group) ? 1 / photos.length : 1;
        for (let k = 0; k < sizes[group]; k++) total[at + k] += share * gradient[from + k];
        from += sizes[group];
      }
    },
    step: (gradient, factor) => {
      state = adamUpdate(
        values,
        gradient,
        rates.map((rate) => rate * factor),
        state,
      );
      for (const { units, at, expression } of blocks) {
        for (let k = 0; k < units.length; k++) {
          if (expression) {
            const low = -expression[k] / PARAMETER_UNITS.expression;
            const high = (1 - expression[k]) / PARAMETER_UNITS.expression;
            values[at + k] = Math.min(high, Math.max(low, values[at + k]));
          }
          units[k] = values[at + k];
        }
      }
    },
  };
}

/** What the network sees in each photo, once. */
async function findTargets(running: Running, stage: Stage): Promise<void> {
  const { programs, photos, timings, now } = running;
  const { context } = programs;
  if (!context.identity)
    throw new JointFitError(
      `The stage "${stage.name}" asks the identity network (${NETWORK_LOSSES.filter((name) => uses(stage, name)).join(', ')}), but none was given.`,
      stage.name,
    );
  const start = now();
  for (const state of photos) {
    if ('target.embedding' in state.targets) continue;
    const program = await programs.features();
    const image = cropsOf(state, context, context.identity.sizePx).photo;
    for (const [name, value] of Object.entries(await program.run({ image })))
      state.targets[`target.${name}`] = value;
  }
  timings['targets'] += now() - start;
}

async function renderAll(
  { programs, person, photos }: Running,
  { sizePx, textureSize }: StageShape,
): Promise<Image[]> {
  const { context } = programs;
  const program = await programs.render({ sizePx, textureSize });
  const geometry = await programs.geometry(false);
  const images: Image[] = [];
  for (const state of photos) {
    const inputs = parameterArrays(person, state, context, sizePx);
    const { projected } = await geometry.run(inputs);
    const crops = cropsOf(state, context, sizePx);
    const { over } = await program.run({
      ...inputs,
      ...rasterArrays(context, 'raster', projected, sizePx),
      photo: crops.photo,
      mask: crops.mask,
    });
    images.push(toImage(over, sizePx));
  }
  return images;
}

/** @param planes [1, 3, N, N] sRGB 0..1 */
function toImage(planes: Float32Array, size: number): Image {
  const data = new Uint8Array(size * size * 3);
  const plane = size * size;
  for (let i = 0; i < plane; i++)
    for (let c = 0; c < 3; c++)
      data[i * 3 + c] = Math.round(255 * Math.min(1, Math.max(0, planes[c * plane + i])));
  return { width: size, height: size, channels: 3, data };
}
