/** The benchmark's work, item by item, and what each leaves: small JSON, so that a run can be stopped and summarised later. */
import { foldIn, key, type RandomKey } from '@likeness/graph/random';
import {
  createMapSampler,
  windowPyramid,
  type MapSampler,
  type TextureMap,
} from '@likeness/training/texture';
import { packFloats } from '../faces/packed-floats.ts';
import type { DescriptorStore } from './descriptor-store.ts';
import { spectrumSquare, SPECTRUM_PX } from './invert-map.ts';
import { pyramidLevels } from './laplacian-pyramid.ts';
import { DESCRIPTOR_LENGTH, patchDescriptors, PATCHES_PER_IMAGE } from './patch-descriptors.ts';
import { PATH_LENGTH_DEFAULTS, pathStep } from './path-length.ts';
import { createSpectrumMeter, type SpectrumMeter } from './radial-spectrum.ts';
import { slicedWasserstein } from './sliced-wasserstein.ts';
import { sampleLatent, toBytes } from './texture-source.ts';
import type { SourceName, TextureWorld } from './texture-world.ts';

/** Sets of images whose patches are compared. */
export type ImageSet = SourceName | 'real' | 'training';

/** Images first, first + 1, ... of one set. */
export interface ChunkItem {
  readonly kind: 'chunk';
  readonly set: ImageSet;
  readonly images: number;
  /** Packed sum of the spectra of so many of them. */
  readonly spectrum: string;
  readonly spectra: number;
  /** Of drawn images: packed embeddings [n, 1024] of the first ones. */
  readonly embeddings?: string;
  /** Of drawn images: how many were judged, which of them show no face at its place, and the others' mean landmark error. */
  readonly judged?: number;
  readonly incoherent?: readonly number[];
  readonly error?: number;
}

/** Embeddings of all real maps. */
export interface PeopleItem {
  readonly kind: 'people';
  readonly maps: readonly { readonly id: string; readonly person: string; readonly split: string }[];
  readonly embeddings: string;
  readonly incoherent: readonly string[];
}

export interface PathItem {
  readonly kind: 'path';
  readonly source: SourceName;
  /** Squared distances of unit embeddings, one per pair. */
  readonly distances: readonly number[];
}

/** Distances at one level. */
export interface LevelItem {
  readonly kind: 'level';
  readonly level: number;
  /** By set: distance to the real maps. */
  readonly distances: Readonly<Record<string, number>>;
}

export interface Workshop {
  readonly world: TextureWorld;
  readonly store: DescriptorStore;
  readonly seed: number;
  readonly samples: number;
  readonly chunk: number;
}

/**
 * Images of a set that spectra are averaged over, and samples that are looked at by networks: means settle long before 2,000,
 * and only the generator has to prove that hardly any sample fails.
 */
const SPECTRA = 500;
const EMBEDDED: Readonly<Record<SourceName, number>> = { generator: 1000, linear: 500 };
const JUDGED: Readonly<Record<SourceName, number>> = { generator: Infinity, linear: 500 };

/** Keys of the parts of a run: no two draw the same numbers. */
const PURPOSES = { latents: 1, patches: 2, training: 3, path: 4, directions: 5 } as const;
const SETS: readonly ImageSet[] = ['real', 'training', 'generator', 'linear'];

const keyOf = (seed: number, purpose: keyof typeof PURPOSES): RandomKey =>
  foldIn(key(seed), PURPOSES[purpose]);

export function latentOf({ world, seed }: Workshop, source: SourceName, index: number): Float32Array {
  const size = world.sources.get(source)?.model.latentSize ?? 0;
  return sampleLatent(foldIn(keyOf(seed, 'latents'), SETS.indexOf(source)), index, size);
}

const meters = new Map<number, SpectrumMeter>();
function meterOf(size: number): SpectrumMeter {
  let meter = meters.get(size);
  if (!meter) meters.set(size, (meter = createSpectrumMeter(size)));
  return meter;
}

/** Sums descriptors and spectra of images, whatever they come from. */
function createTally(shop: Workshop, set: ImageSet, first: number, count: number) {
  const { world, store, seed } = shop;
  const [height, width] = world.windowSize;
  const levels = pyramidLevels(height, width);
  const perImage = PATCHES_PER_IMAGE * DESCRIPTOR_LENGTH;
  const descriptors = new Int16Array(levels * count * perImage);
  const meter = meterOf(SPECTRUM_PX);
  const spectrum = new Float64Array(meter.length);
  const patches = foldIn(keyOf(seed, 'patches'), SETS.indexOf(set));
  let waiting: Float32Array | undefined;
  let spectra = 0;
  const addSpectra = (pictures: readonly Float32Array[]): void => {
    for (const found of meter.measure(pictures)) found.forEach((value, r) => (spectrum[r] += value));
  };
  return {
    /** @param window [3, h, w] in 0..255 @param draw luminance of the square whose spectrum is measured */
    add(index: number, window: Float32Array, draw: () => Float32Array): void {
      patchDescriptors(
        window,
        height,
        width,
        foldIn(patches, first + index),
        descriptors,
        index * perImage,
        count * perImage,
      );
      if (first + index >= SPECTRA) return;
      spectra++;
      const square = draw();
      if (waiting) {
        addSpectra([waiting, square]);
        waiting = undefined;
      } else waiting = square;
    },
    finish(): Pick<ChunkItem, 'spectrum' | 'spectra'> {
      if (waiting) addSpectra([waiting]);
      store.write(`${set}-${first}`, descriptors);
      return { spectrum: packFloats(spectrum), spectra };
    },
  };
}

/** Samples of a model: what they look like, whether they are faces, and whose. */
export async function drawChunk(
  shop: Workshop,
  set: SourceName,
  first: number,
  count: number,
): Promise<ChunkItem> {
  const { world } = shop;
  const source = world.sources.get(set);
  if (!source) throw new RangeError(`There is no texture model ${set}.`);
  const tally = createTally(shop, set, first, count);
  const embedded = Math.max(0, Math.min(count, EMBEDDED[set] - first));
  const judged = Math.max(0, Math.min(count, JUDGED[set] - first));
  const embeddings = new Float32Array(embedded * 1024);
  const incoherent: number[] = [];
  let [errors, located] = [0, 0];
  for (let i = 0; i < count; i++) {
    const map = toBytes(await source.draw(latentOf(shop, set, first + i)));
    tally.add(i, world.windowOf(map), () => spectrumSquare(world, map));
    const dressed = world.dressed(map);
    if (i < judged) {
      const { coherent, error } = await world.judge(dressed);
      if (!coherent) incoherent.push(first + i);
      if (error !== undefined) {
        errors += error;
        located++;
      }
    }
    if (i < embedded) embeddings.set(await world.embed(dressed), i * 1024);
  }
  return {
    kind: 'chunk',
    set,
    images: count,
    ...tally.finish(),
    ...(embedded > 0 ? { embeddings: packFloats(embeddings) } : {}),
    judged,
    incoherent,
    ...(located > 0 ? { error: Number((errors / located).toFixed(5)) } : {}),
  };
}

/**
 * Real maps: everybody's and their mirror images, over and over with other patches until there are as many as samples; the
 * sliced distance needs equal numbers.
 */
export async function realChunk(
  shop: Workshop,
  windows: readonly Uint8Array[],
  first: number,
  count: number,
): Promise<ChunkItem> {
  const { world } = shop;
  const [height, width] = world.windowSize;
  const tally = createTally(shop, 'real', first, count);
  for (let i = 0; i < count; i++) {
    const at = (first + i) % (2 * windows.length);
    const window = Float32Array.from(windows[at % windows.length]);
    if (at >= windows.length)
      for (let row = 0; row < window.length; row += width) window.subarray(row, row + width).reverse();
    tally.add(i, window, () => squareOfWindow(window, height, width));
  }
  return { kind: 'chunk', set: 'real', images: count, ...tally.finish() };
}

/** What the generator was shown: mixtures, moved tones and mirror images of the training maps. */
export function trainingChunk(shop: Workshop, sampler: MapSampler, first: number, count: number): ChunkItem {
  const { world, seed } = shop;
  const [height, width] = world.windowSize;
  const tally = createTally(shop, 'training', first, count);
  for (let i = 0; i < count; i++) {
    const image = sampler.sample(foldIn(keyOf(seed, 'training'), first + i), 1, world.window.topLevel);
    const window = image.map((value) => 127.5 * (value + 1));
    tally.add(i, window, () => squareOfWindow(window, height, width));
  }
  return { kind: 'chunk', set: 'training', images: count, ...tally.finish() };
}

/** Draws of the training set's own augmentation. */
export async function trainingSampler(world: TextureWorld): Promise<MapSampler> {
  const { topLevel } = world.window;
  const pyramids: Float32Array[][] = [];
  for (const map of world.dataset.maps.filter(({ split }) => split === 'train')) {
    const whole = windowPyramid(await world.albedo(map), world.window);
    // The sampler reads the coarsest level, for tones, and the one it draws.
    const kept: Float32Array[] = [];
    kept[0] = whole[0];
    kept[topLevel] = whole[topLevel];
    pyramids.push(kept);
  }
  return createMapSampler(pyramids, world.window);
}

/** The faces' windows of all real maps as bytes, 50 MB for 202. */
export async function realWindows(world: TextureWorld): Promise<Uint8Array[]> {
  const out: Uint8Array[] = [];
  for (const map of world.dataset.maps) out.push(Uint8Array.from(world.windowOf(await world.albedo(map))));
  return out;
}

function squareOfWindow(window: Float32Array, height: number, width: number): Float32Array {
  const out = new Float32Array(SPECTRUM_PX * SPECTRUM_PX);
  const [top, left] = [(height - SPECTRUM_PX) / 2, (width - SPECTRUM_PX) / 2];
  const plane = height * width;
  for (let y = 0; y < SPECTRUM_PX; y++)
    for (let x = 0; x < SPECTRUM_PX; x++) {
      const at = (y + top) * width + x + left;
      out[y * SPECTRUM_PX + x] =
        0.2126 * window[at] + 0.7152 * window[plane + at] + 0.0722 * window[2 * plane + at];
    }
  return out;
}

/** Every real map on the mean head. */
export async function measurePeople({ world }: Workshop): Promise<PeopleItem> {
  const { maps } = world.dataset;
  const embeddings = new Float32Array(maps.length * 1024);
  const incoherent: string[] = [];
  for (const [i, map] of maps.entries()) {
    const dressed = world.dressed(await world.albedo(map));
    embeddings.set(await world.embed(dressed), i * 1024);
    if (!(await world.judge(dressed)).coherent) incoherent.push(map.id);
  }
  return {
    kind: 'people',
    maps: maps.map(({ id, person, split }: TextureMap) => ({ id, person, split })),
    embeddings: packFloats(embeddings),
    incoherent,
  };
}

/** Steps on random walks through a model's latents. */
export async function measurePath(shop: Workshop, source: SourceName, pairs: number): Promise<PathItem> {
  const { world, seed } = shop;
  const drawn = world.sources.get(source);
  if (!drawn) throw new RangeError(`There is no texture model ${source}.`);
  const base = foldIn(keyOf(seed, 'path'), SETS.indexOf(source));
  const distances: number[] = [];
  for (let i = 0; i < pairs; i++) {
    const latents = pathStep(foldIn(base, i), drawn.model.latentSize, PATH_LENGTH_DEFAULTS.step);
    const seen: Float32Array[] = [];
    for (const latent of latents) seen.push(await world.embed(world.dressedFloat(await drawn.draw(latent))));
    distances.push(seen[0].reduce((sum, x, k) => sum + (x - seen[1][k]) ** 2, 0));
  }
  return { kind: 'path', source, distances };
}

/** Compares all sets with the real maps at one level. */
export async function measureLevel(
  shop: Workshop,
  sets: readonly ImageSet[],
  level: number,
): Promise<LevelItem> {
  const { world, store, seed, samples, chunk } = shop;
  const levels = pyramidLevels(...world.windowSize);
  const read = (set: ImageSet): Int16Array[] => {
    const out: Int16Array[] = [];
    for (let first = 0; first < samples; first += chunk)
      out.push(store.read(`${set}-${first}`, level, levels));
    return out;
  };
  const others = sets.filter((set) => set !== 'real');
  const distances = await slicedWasserstein(
    [read('real'), ...others.map(read)],
    others.map((_, i) => [0, i + 1] as const),
    {
      runtime: world.runtime,
      threads: world.threads,
      key: foldIn(keyOf(seed, 'directions'), level),
    },
  );
  return {
    kind: 'level',
    level,
    distances: Object.fromEntries(others.map((set, i) => [set, distances[i]])),
  };
}
