/**
 * `likeness train texture`: from photographs to texture models of a head's chart, in stages that leave their results in one
 * run directory: `maps` (the data set), `linear` (principal components), `gan` (the progressive GAN; hours to days, so it is
 * asked for by name and goes on where it was stopped).
 */
import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Image } from '@likeness/core/image';
import type { MorphableModel } from '@likeness/core/model';
import {
  evaluateLinearTexture,
  GENERATOR_FORMAT,
  invertLinearTexture,
  readLinearTexture,
  writeLinearTexture,
  writeTextureEncoder,
  type GeneratorDescription,
  type LinearTexture,
} from '@likeness/core/texture';
import type { Runtime } from '@likeness/graph';
import type { NodeDevice } from '@likeness/graph/node';
import { foldIn, key as randomKey, normal } from '@likeness/graph/random';
import type { ModelManifest } from '@likeness/models';
import { BUILD_MAPS_DEFAULTS, buildMaps, DATASET_FORMAT, type TextureDataset } from './build-maps.ts';
import { readAlbedo, readConfidence } from './dataset.ts';
import { exportEncoder } from './export-encoder.ts';
import {
  calibrateDetail,
  chooseExemplars,
  createMapSampler,
  exportGenerator,
  FACE_WINDOW,
  fitContinuation,
  GAN_DEFAULTS,
  LATENT_SPACE_FILE,
  loadRun,
  pointAt,
  readLatentSpace,
  sampleImages,
  trainGan,
  windowPyramid,
  type Exemplars,
  type GanConfig,
  type GanReport,
} from './gan/index.ts';
import { keptLinear, LINEAR_INPUTS_FILE, linearDigest, type KeptLinear } from './keep-linear.ts';
import {
  LINEAR_TEXTURE_NAME,
  LINEAR_TEXTURE_VERSION,
  TRAIN_LINEAR_TEXTURE_DEFAULTS,
  trainLinearTexture,
} from './linear-model.ts';
import { createRandom } from '../shape/random.ts';
import { foreignPeople, resampleMaps, type ForeignMaps } from './resample-maps.ts';
import { TEXTURE_PHOTO_DEFAULTS, texturePhotos, type TexturePhoto } from './texture-photos.ts';
import { refusedAs, TRAINING_DEVICE_DEFAULT, trainingRuntime } from './training-runtime.ts';

export interface TrainTextureOptions {
  /** Folder of photographs (see `texturePhotos` for its layouts); absent where ready-made maps are all there is. */
  readonly photos?: string | undefined;
  /** Ready-made maps in another head's chart, resampled into the model's. */
  readonly foreign?: ForeignMaps | undefined;
  /** Run directory; made if absent, continued if it holds maps already. */
  readonly out: string;
  readonly model: MorphableModel;
  readonly templateSkin?: Image | undefined;
  readonly size?: number | undefined;
  readonly seed?: number | undefined;
  readonly validationPeople?: number | undefined;
  /** Components of the linear model. */
  readonly modes?: number | undefined;
  /** Also train the progressive GAN, for so many minutes at most or until its schedule ends. */
  readonly gan?: GanStageOptions | undefined;
  /** Only list the photographs and how they are split. */
  readonly dryRun?: boolean | undefined;
  readonly onProgress?: ((stage: string, fraction: number) => void) | undefined;
}

/** How well maps of people who were not learned from are reproduced. */
export interface InversionError {
  readonly maps: number;
  /** Mean absolute difference over what the photos show, sRGB-encoded, 0..1. */
  readonly l1: number;
  /** The same for the mean texture: what there is to explain. */
  readonly l1OfMean: number;
}

export interface TrainTextureResult {
  readonly photos: { readonly train: number; readonly validation: number; readonly people: number };
  /** Absent after a dry run. */
  readonly dataset?: TextureDataset;
  readonly linear?: { readonly manifest: ModelManifest; readonly file: string };
  readonly gan?: GanStageResult;
}

/** What the GAN's stage needs. */
export interface GanStageOptions {
  readonly minutes?: number | undefined;
  /** Where its programs run (default `cpu`); a run may go on on another. */
  readonly device?: NodeDevice | undefined;
  readonly config?: Partial<GanConfig> | undefined;
  readonly threads?: number | undefined;
  /** Asked after each step; true ends the stage with a checkpoint. */
  readonly shouldStop?: (() => boolean) | undefined;
  readonly onReport?: ((report: GanReport) => void) | undefined;
}

/** What the GAN's stage left. */
export interface GanStageResult {
  /** False: stopped before the schedule's end; the same command goes on. */
  readonly finished: boolean;
  /** Absent before the finest level is there. */
  readonly manifest?: ModelManifest;
  readonly file?: string;
}

/**
 * @throws Error where there are no photographs, nor maps, or too few for the model; DeviceError, before anything is made, where
 *   the GAN's device is not there.
 */
export async function trainTexture(options: TrainTextureOptions): Promise<TrainTextureResult> {
  const seed = options.seed ?? TEXTURE_PHOTO_DEFAULTS.seed;
  const validationPeople = options.validationPeople ?? TEXTURE_PHOTO_DEFAULTS.validationPeople;
  const size = options.size ?? BUILD_MAPS_DEFAULTS.size;
  const modes = options.modes ?? TRAIN_LINEAR_TEXTURE_DEFAULTS.modes;
  const listed = await listSources(options, { seed, validationPeople });
  const photos = {
    train: listed.filter(({ split }) => split === 'train').length,
    validation: listed.filter(({ split }) => split === 'validation').length,
    people: new Set(listed.map(({ person }) => person)).size,
  };
  if (options.dryRun === true) return { photos };
  const device = options.gan?.device ?? TRAINING_DEVICE_DEFAULT;
  const runtime = options.gan && (await trainingRuntime(device));
  await mkdir(options.out, { recursive: true });
  await writeWhole(
    join(options.out, 'config.json'),
    `${JSON.stringify({ seed, validationPeople, size, modes, ...(options.gan ? { gan: { device } } : {}), model: { name: options.model.name, version: options.model.version } }, null, 2)}\n`,
  );
  const folder = join(options.out, 'maps');
  const dataset = await makeDataset(options, listed, { folder, size });
  const { manifest, bytes } = await linearStage(options, { folder, dataset, listed, photos, seed, modes });
  const linear = { manifest, file: join(options.out, manifest.file) };
  if (!options.gan || !runtime) return { photos, dataset, linear };
  const stage = { ...options.gan, out: options.out, folder, dataset, seed, bytes, listed, runtime };
  const gan = await refusedAs(device, () => trainGanStage(stage));
  return { photos, dataset, linear, gan };
}

/** The linear model: that of the last time where nothing has changed since. */
async function linearStage(
  { out, model, onProgress }: TrainTextureOptions,
  stage: {
    readonly folder: string;
    readonly dataset: TextureDataset;
    readonly listed: readonly TexturePhoto[];
    readonly photos: TrainTextureResult['photos'];
    readonly seed: number;
    readonly modes: number;
  },
): Promise<KeptLinear> {
  const { folder, dataset, listed, photos, seed, modes } = stage;
  const settings = { name: LINEAR_TEXTURE_NAME, version: LINEAR_TEXTURE_VERSION, seed, modes, ...photos };
  const digest = await linearDigest(folder, dataset, settings);
  const kept = await keptLinear(out, LINEAR_TEXTURE_NAME, digest);
  if (kept) {
    onProgress?.('linear', 1);
    return kept;
  }
  const trained = await trainLinearTexture({
    folder,
    dataset,
    model,
    modes,
    onProgress: (fraction) => onProgress?.('linear', fraction),
  });
  const bytes = writeLinearTexture(trained.texture);
  const inversion = await inversionError(folder, dataset, readLinearTexture(bytes));
  onProgress?.('linear', 1);
  const { name, version } = trained.texture;
  const manifest: ModelManifest = {
    format: 'model-manifest/1',
    name,
    version,
    kind: 'texture',
    licence: 'CC-BY-4.0',
    description: `Linear albedo model T = m + U p of ${modes} components in the chart of ${dataset.model.name} ${dataset.model.version}, ${dataset.size} x ${dataset.size}.`,
    file: `${name}.safetensors`,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    command: `likeness train texture --photos DIR -o DIR --seed ${seed} --modes ${modes}`,
    sources: sourcesOf(listed),
    figures: {
      ...photos,
      maps: dataset.maps.length,
      left: dataset.left.length,
      learnedFromWithMirrorImages: trained.maps,
      varianceKept: round(trained.varianceKept),
      validation: inversion,
    },
  };
  await writeWhole(join(out, manifest.file), bytes);
  await writeWhole(join(out, `${name}.json`), `${JSON.stringify(manifest, null, 2)}\n`);
  await writeWhole(join(out, LINEAR_INPUTS_FILE), `${JSON.stringify({ digest })}\n`);
  return { manifest, bytes };
}

/** Everybody there is to learn from: photographs, and people of ready-made maps. */
async function listSources(
  { photos, foreign }: TrainTextureOptions,
  options: { readonly seed: number; readonly validationPeople: number },
): Promise<TexturePhoto[]> {
  const listed = photos === undefined ? [] : await texturePhotos(photos, options);
  if (!foreign) return listed;
  const people = await foreignPeople(foreign.folder);
  // Photographs have people of their own to hold out; without them some of these are.
  const held = photos === undefined ? drawHeldOut(people, options.validationPeople, options.seed) : new Set();
  return [
    ...listed,
    ...people.map((person): TexturePhoto => ({
      id: `uv-${person}`,
      person: `uv-${person}`,
      path: foreign.folder,
      split: held.has(person) ? 'validation' : 'train',
    })),
  ];
}

/** @throws Error where nobody would be left */
function drawHeldOut(people: readonly string[], count: number, seed: number): Set<unknown> {
  if (count >= people.length)
    throw new Error(
      `train texture: ${count} of ${people.length} people held out leaves nobody to learn from: take fewer.`,
    );
  const random = createRandom(seed);
  return new Set(
    people
      .map((person) => ({ person, order: random.uniform() }))
      .toSorted((a, b) => a.order - b.order)
      .slice(0, count)
      .map(({ person }) => person),
  );
}

/** Maps of the photographs and of the ready-made ones, as one data set. */
async function makeDataset(
  { photos, foreign, model, templateSkin, onProgress }: TrainTextureOptions,
  listed: readonly TexturePhoto[],
  { folder, size }: { readonly folder: string; readonly size: number },
): Promise<TextureDataset> {
  const progress = (done: number, of: number): void => onProgress?.('maps', done / of);
  const own = { out: folder, model, templateSkin, size };
  const unwrapped =
    photos === undefined
      ? undefined
      : await buildMaps({
          ...own,
          photos: listed.filter(({ id, path }) => !(id.startsWith('uv-') && path === foreign?.folder)),
          onProgress: progress,
        });
  if (!foreign) {
    if (!unwrapped) throw new Error('train texture: neither photographs nor ready-made maps were given.');
    return unwrapped;
  }
  const splits = new Map(listed.map(({ id, split }) => [id, split]));
  const resampled = await resampleMaps({
    ...foreign,
    ...own,
    splitOf: (person) => splits.get(`uv-${person}`) ?? 'train',
    onProgress: progress,
  });
  const maps = [...(unwrapped?.maps ?? []), ...resampled.maps];
  if (maps.length === 0) throw new Error('train texture: no file gave an albedo map.');
  const dataset: TextureDataset = {
    format: DATASET_FORMAT,
    size,
    model: { name: model.name, version: model.version },
    maps,
    left: [...(unwrapped?.left ?? []), ...resampled.left],
  };
  await writeWhole(join(folder, 'dataset.json'), `${JSON.stringify(dataset, null, 2)}\n`);
  return dataset;
}

/** Samples that the strength of detail is calibrated on: 8 times 8. */
const CALIBRATION_BATCH = 8;
const CALIBRATION_BATCHES = 8;

async function inBatches(draw: (batch: number) => Promise<Float32Array>): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  for (let batch = 0; batch < CALIBRATION_BATCHES; batch++) parts.push(await draw(batch));
  const out = new Float32Array(parts.length * parts[0].length);
  parts.forEach((part, i) => out.set(part, i * part.length));
  return out;
}

async function trainGanStage(
  options: GanStageOptions & {
    readonly out: string;
    readonly folder: string;
    readonly dataset: TextureDataset;
    readonly seed: number;
    /** The linear model's file. */
    readonly bytes: Uint8Array;
    readonly listed: readonly TexturePhoto[];
    readonly runtime: Runtime;
  },
): Promise<GanStageResult> {
  const { out, folder, dataset, seed, runtime } = options;
  const window = FACE_WINDOW;
  if (dataset.size !== window.mapSize)
    throw new Error(
      `train texture: the GAN draws maps of ${window.mapSize} texels, the data set has ${dataset.size}.`,
    );
  const maps = dataset.maps.filter(({ split }) => split === 'train');
  const albedos = await Promise.all(maps.map((map) => readAlbedo(folder, map)));
  const pyramids = albedos.map((albedo) => windowPyramid(albedo, window));
  const config: GanConfig = { ...GAN_DEFAULTS, window, seed, ...options.config };
  const { exemplars: count = 0 } = config.architecture;
  const exemplars = count > 0 ? chooseExemplars(pyramids, window, count, window.topLevel - 3) : undefined;
  const started = performance.now();
  const finished = await trainGan({
    config,
    folder: join(out, 'gan'),
    sampler: createMapSampler(pyramids, window),
    exemplars,
    runtime,
    threads: options.threads,
    now: () => performance.now(),
    shouldStop: () =>
      options.shouldStop?.() === true ||
      (options.minutes !== undefined && performance.now() - started > 60_000 * options.minutes),
    onReport: options.onReport,
  });
  const run = await loadRun(join(out, 'gan'));
  // What has reached its full size can be used, and trained on.
  const point = run && pointAt(config.phases, run.state.shown);
  const whole = finished || (point?.phase.level === window.topLevel && point.share === 1);
  if (!run || !whole) return { finished: false };
  const space = await readLatentSpace(join(out, 'gan', LATENT_SPACE_FILE));
  const texture = readLinearTexture(options.bytes);
  const latents = albedos.map((albedo) =>
    invertLinearTexture(texture, imageOf(albedo, dataset.size), new Uint8Array(dataset.size ** 2).fill(1), {
      stride: 4,
    }),
  );
  const average = Object.entries(run.checkpoint.state).filter(([name]) => name.startsWith('average/g/'));
  const weights = Object.fromEntries(average.map(([name, value]) => [name.slice('average/'.length), value]));
  const draw = (batch: number, lent: Exemplars | undefined): Promise<Float32Array> =>
    sampleImages({
      architecture: config.architecture,
      weights,
      latents: normal(foldIn(randomKey(seed), batch), [CALIBRATION_BATCH, config.architecture.latent]),
      level: window.topLevel,
      share: 1,
      space,
      exemplars: lent,
      runtime,
      threads: options.threads,
    });
  const gain = exemplars
    ? calibrateDetail(
        await inBatches((batch) => draw(batch, undefined)),
        await inBatches((batch) => draw(batch, exemplars)),
        pyramids.map((levels) => levels[window.topLevel]),
        window,
      ).gain
    : undefined;
  const bytes = exportGenerator(
    config.architecture,
    weights,
    window,
    fitContinuation(pyramids, latents, texture),
    space,
    exemplars,
    gain,
  );
  const description: GeneratorDescription = {
    format: GENERATOR_FORMAT,
    name: GAN_NAME,
    version: GAN_VERSION,
    headModel: dataset.model.name,
    latentSize: config.architecture.latent,
    size: dataset.size,
    range: [0, 1],
    ...(space ? { encoder: GAN_ENCODER } : {}),
  };
  const manifest: ModelManifest & { readonly generator: GeneratorDescription } = {
    format: 'model-manifest/1',
    name: GAN_NAME,
    version: GAN_VERSION,
    kind: 'texture',
    licence: 'CC-BY-4.0',
    description: `Progressive GAN over albedo in the chart of ${dataset.model.name} ${dataset.model.version}, ${dataset.size} x ${dataset.size}.`,
    file: `${GAN_NAME}.onnx`,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    command: `likeness train texture --photos DIR -o DIR --seed ${seed} --gan`,
    sources: sourcesOf(options.listed),
    figures: {
      maps: maps.length,
      images: run.state.shown,
      steps: run.state.steps,
      ...(gain === undefined ? {} : { detailGain: gain }),
    },
    generator: description,
  };
  const file = join(out, manifest.file);
  await writeWhole(file, bytes);
  if (space) await writeWhole(join(out, GAN_ENCODER), writeTextureEncoder(exportEncoder(space)));
  await writeWhole(join(out, `${GAN_NAME}.json`), `${JSON.stringify(manifest, null, 2)}\n`);
  return { finished, manifest, file };
}

export const GAN_NAME = 'likeness-skin';
export const GAN_VERSION = '1.0.0';
/** Where inversions start, beside the generator. */
export const GAN_ENCODER: string = `${GAN_NAME}-encoder.safetensors`;

/** [3, S, S] -> sRGB8 RGB. */
function imageOf(planar: Uint8Array, size: number): Image {
  const plane = size * size;
  const data = Uint8Array.from({ length: 3 * plane }, (_, i) => planar[(i % 3) * plane + Math.floor(i / 3)]);
  return { width: size, height: size, channels: 3, data };
}

/** Inverts every validation map and compares where its photo showed something. */
export async function inversionError(
  folder: string,
  dataset: TextureDataset,
  texture: LinearTexture,
): Promise<InversionError> {
  const held = dataset.maps.filter(({ split }) => split === 'validation');
  const none = new Float32Array(texture.modeCount);
  const meanImage = evaluateLinearTexture(texture, none);
  let l1 = 0;
  let l1OfMean = 0;
  for (const map of held) {
    const planar = await readAlbedo(folder, map);
    const confidence = Float32Array.from(await readConfidence(folder, map), (value) => value / 255);
    const target = imageOf(planar, texture.size);
    const found = evaluateLinearTexture(texture, invertLinearTexture(texture, target, confidence));
    l1 += difference(found, target, confidence) / held.length;
    l1OfMean += difference(meanImage, target, confidence) / held.length;
  }
  return { maps: held.length, l1: round(l1), l1OfMean: round(l1OfMean) };
}

function difference(a: Image, b: Image, weights: Float32Array): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    total += 3 * weights[i];
    for (let c = 0; c < 3; c++) sum += (weights[i] * Math.abs(a.data[i * 3 + c] - b.data[i * 3 + c])) / 255;
  }
  return total > 0 ? sum / total : 0;
}

const round = (value: number): number => Math.round(value * 1e5) / 1e5;

/** The open sets by name; other photographs are the user's own, and so is their licence. */
function sourcesOf(photos: readonly TexturePhoto[]): ModelManifest['sources'] {
  const known = SOURCES.filter((_, index) =>
    photos.some(({ person }) => person.startsWith(SOURCE_PREFIXES[index])),
  );
  const own = photos.some(({ person }) => !SOURCE_PREFIXES.some((prefix) => person.startsWith(prefix)));
  const mine: ModelManifest['sources'][number] = {
    name: 'Photographs given to the command',
    url: '',
    version: '',
    licence: 'of their owner',
    copyright: 'their owner',
    use: 'unwrapped',
  };
  return own ? [...known, mine] : known;
}

const SOURCE_PREFIXES = ['london-', 'canada-'] as const;

const SOURCES: ModelManifest['sources'] = [
  {
    name: 'Face Research Lab London Set',
    url: 'https://doi.org/10.6084/m9.figshare.5047666.v5',
    version: 'v5, through debruine/webmorphR.stim fa8b78f',
    licence: 'CC-BY-4.0',
    copyright: 'Lisa DeBruine and Benedict Jones (2017)',
    use: 'neutral and smiling photographs, unwrapped',
  },
  {
    name: 'Young Adult White Faces with Manipulated Versions',
    url: 'https://doi.org/10.6084/m9.figshare.4220517.v1',
    version: 'v1, through debruine/webmorphR.stim fa8b78f',
    licence: 'CC-BY-4.0',
    copyright: 'Lisa DeBruine and Benedict Jones (2017)',
    use: 'photographs, unwrapped',
  },
];

/** Under a passing name first: a stopped run leaves no half file. */
async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.part`, content);
  await rename(`${path}.part`, path);
}
