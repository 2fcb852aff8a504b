/** `likeness bench texture` as a benchmark: chunks of samples first, then what compares them. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TextureModel } from '@likeness/core/texture';
import { nodeRuntime } from '@likeness/graph/node';
import { LIKENESS_SKIN_LINEAR } from '@likeness/models';
import { loadDefaultGenerator, loadHeadModel, loadTextureGenerator } from '@likeness/node';
import { readDataset } from '@likeness/training/texture';
import { BenchInputError } from '../bench-input-error.ts';
import type { Benchmark, BenchmarkItem } from '../run/benchmark.ts';
import { createDescriptorStore } from './descriptor-store.ts';
import { invertMap, type InversionItem } from './invert-map.ts';
import { pyramidLevels } from './laplacian-pyramid.ts';
import { summariseTexture } from './summarise-texture.ts';
import {
  drawChunk,
  measureLevel,
  measurePath,
  measurePeople,
  realChunk,
  realWindows,
  trainingChunk,
  trainingSampler,
  type ChunkItem,
  type ImageSet,
  type LevelItem,
  type PathItem,
  type PeopleItem,
  type Workshop,
} from './texture-items.ts';
import { openTextureWorld, type SourceName } from './texture-world.ts';

export interface TextureBenchmarkOptions {
  /** Folder of the maps (`RUN/maps` of `likeness train texture`). */
  readonly maps: string;
  /** Generator to judge, `NAME.onnx` with `NAME.json` beside it; default: the one that comes with this version, if any. */
  readonly generator?: string | undefined;
  /** Linear model to compare with (`.safetensors`); default: the shipped one. */
  readonly linear?: string | undefined;
  /** Samples of each model (default 2,000). */
  readonly samples?: number | undefined;
  readonly seed?: number | undefined;
  readonly threads?: number | undefined;
  /** Where descriptors are kept between items (1.5 GB for 2,000 samples of both models); a passing folder where absent. */
  readonly scratch?: string | undefined;
}

export const TEXTURE_BENCHMARK_DEFAULTS: {
  readonly samples: number;
  readonly seed: number;
  readonly threads: number;
} = { samples: 2000, seed: 1, threads: 2 };

/** Samples of one item: half a minute's work is the most that a stopped run loses. */
const CHUNK = 100;
/** Walks for the path length: an eighth as many as samples, at most these. */
const MOST_PATHS = 250;

export type TextureItem = ChunkItem | PeopleItem | PathItem | LevelItem | InversionItem;

/** @throws BenchInputError, ModelFileError where maps or models are not what they should be */
export async function openTextureBenchmark(
  options: TextureBenchmarkOptions,
): Promise<Benchmark<TextureItem>> {
  const samples = options.samples ?? TEXTURE_BENCHMARK_DEFAULTS.samples;
  const seed = options.seed ?? TEXTURE_BENCHMARK_DEFAULTS.seed;
  const threads = options.threads ?? TEXTURE_BENCHMARK_DEFAULTS.threads;
  if (!existsSync(join(options.maps, 'dataset.json')))
    throw new BenchInputError(
      `The folder ${options.maps} of --maps holds no dataset.json: give the folder maps of a run of likeness train texture.`,
    );
  const dataset = await readDataset(options.maps);
  const model = await loadHeadModel(dataset.model.name);
  const generator =
    options.generator === undefined
      ? await loadDefaultGenerator(model)
      : await loadTextureGenerator(options.generator);
  const linearPath = options.linear ?? fileURLToPath(LIKENESS_SKIN_LINEAR.file);
  const linear = await readFile(linearPath).catch(() => {
    throw new BenchInputError(`The linear model ${linearPath} of --linear cannot be read: check the name.`);
  });
  if (generator) checkGenerator(generator, dataset.size, dataset.model.name);
  const world = await openTextureWorld({
    runtime: nodeRuntime(),
    threads,
    model,
    maps: options.maps,
    dataset,
    generator,
    linear,
  });
  const drawn: SourceName[] = generator ? ['generator', 'linear'] : ['linear'];
  const sets: ImageSet[] = ['real', 'training', ...drawn];
  const passing =
    options.scratch === undefined ? await mkdtemp(join(tmpdir(), 'likeness-bench-')) : undefined;
  const store = createDescriptorStore(passing ?? options.scratch ?? '');
  const shop: Workshop = { world, store, seed, samples, chunk: CHUNK };
  const works = new Map<string, () => Promise<TextureItem>>();
  const labels = new Map<string, string>();
  const add = (id: string, label: string, work: () => Promise<TextureItem>): void => {
    works.set(id, work);
    labels.set(id, label);
  };

  // Held only while the sets of real maps are worked through.
  let windows: ReturnType<typeof realWindows> | undefined;
  let sampler: ReturnType<typeof trainingSampler> | undefined;
  for (const set of sets)
    for (let first = 0; first < samples; first += CHUNK) {
      const count = Math.min(CHUNK, samples - first);
      add(`${set}-${String(first).padStart(5, '0')}`, `${set} ${first + count} of ${samples}`, async () => {
        if (set === 'real') return realChunk(shop, await (windows ??= realWindows(world)), first, count);
        windows = undefined;
        if (set === 'training')
          return trainingChunk(shop, await (sampler ??= trainingSampler(world)), first, count);
        sampler = undefined;
        return drawChunk(shop, set, first, count);
      });
    }
  for (let level = 0; level < pyramidLevels(...world.windowSize); level++)
    add(`level-${level}`, `sliced distances, level ${level}`, () => measureLevel(shop, sets, level));
  add('people', 'the people of the maps', () => measurePeople(shop));
  const pairs = Math.max(1, Math.min(MOST_PATHS, Math.floor(samples / 8)));
  for (const source of drawn)
    add(`path-${source}`, `path length, ${source}`, () => measurePath(shop, source, pairs));
  for (const map of onePerPerson(dataset.maps.filter(({ split }) => split === 'validation')))
    add(`inversion-${map.id}`, `inversion of ${map.id}`, () => invertMap(world, map));

  const items: BenchmarkItem[] = [...works.keys()].map((id) => ({ id, label: labels.get(id) ?? id }));
  return {
    name: 'texture',
    settings: {
      generator: generator ? `${generator.name} ${generator.version}` : null,
      linear: `${world.linear.name} ${world.linear.version}`,
      maps: dataset.maps.length,
      samples,
      seed,
    },
    items,
    notes: [
      ...(generator ? [] : ['SKIPPED: the generator; give one with --generator FILE.onnx.']),
      ...(world.outsideName === undefined
        ? [
            'SKIPPED: the network outside the loss; install the npm package @vladmandic/face-api to measure it.',
          ]
        : []),
    ],
    work: (item) => {
      const work = works.get(item.id);
      if (!work) throw new RangeError(`There is no item ${item.id}.`);
      return work();
    },
    summarise: async (results) => {
      const summary = await summariseTexture(shop, results);
      store.clear();
      return summary;
    },
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]();
      if (passing !== undefined) store.clear();
    },
  };
}

function checkGenerator(generator: TextureModel, size: number, head: string): void {
  if (generator.size !== size || generator.headModel !== head)
    throw new BenchInputError(
      `The generator ${generator.name} draws ${generator.size} x ${generator.size} texels in the chart of ${generator.headModel}, but the maps have ${size} x ${size} in that of ${head}: give others.`,
    );
}

/** The first map of each person: a neutral face where there are several. */
function onePerPerson<T extends { readonly person: string }>(maps: readonly T[]): T[] {
  const seen = new Set<string>();
  return maps.filter(({ person }) => {
    if (seen.has(person)) return false;
    seen.add(person);
    return true;
  });
}
