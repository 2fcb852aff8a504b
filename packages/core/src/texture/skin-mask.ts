/**
 * Which pixels of the photo show the face's own skin (brows, lips and beard included) and not hair, glasses, hands' shadows,
 * clothes or background. No segmentation network is at hand, so it is a small Bayesian classifier, learned from each photo:
 *
 * 1. Seeds on cheeks and nose, which are bare on nearly everybody, give the person's own skin colour after the light has
 *    been divided out (spherical harmonics from the fitted normals): log luminance, log R/G, log B/G and fine texture.
 * 2. What lies off the fitted head, and what on its scalp does not look like the seeds, gives the other side: a few clusters.
 * 3. Where on the head a pixel lies gives the prior odds: the middle of the face is skin unless the colour says otherwise
 *    strongly; the scalp is hair unless it looks just like the seeds.
 * 4. The log odds are smoothed along the picture's edges (guided filter), and only what hangs together with the seeds counts.
 */
import { estimateLight, shadeNormals, type LightEstimate } from '../lighting/index.ts';
import type { MorphableModel } from '../model/index.ts';
import type { Rasterization } from '../render/index.ts';
import type { FaceAreas } from './face-areas.ts';
import type { HeadView } from './head-view.ts';
import type { PhotoWindow } from './photo-window.ts';
import { blur, erode, guidedFilter } from './plane-filters.ts';
import { clusterMixture, logDensity, type Mixture } from './mixture.ts';

export interface SkinMaskInput {
  readonly window: PhotoWindow;
  /** The head rasterised at the window's pixels. */
  readonly raster: Rasterization;
  readonly model: Pick<MorphableModel, 'triangles' | 'regions' | 'parts'>;
  readonly view: HeadView;
  readonly areas: FaceAreas;
}

export interface SkinMask {
  /** [H, W] 0..1 in window pixels: the photo's own skin. */
  readonly mask: Float32Array;
  /** Median linear RGB of the seeds after division by `light`'s shading. */
  readonly seedTone: readonly [number, number, number];
  /** [H, W] the same with the openings of eyes and mouth filled: its border is hair, jaw or background only. */
  readonly solid: Float32Array;
  /** [H, W] 1 where the mask shows plain skin, 0 on lips, brows and lids, whose colour says nothing about light. */
  readonly plain: Float32Array;
  /** Whether dark frames were found before the eyes. */
  readonly glasses: boolean;
  /** First estimate, against an even albedo. */
  readonly light: LightEstimate['light'];
}

/** Features a pixel: log luminance, log R/G, log B/G, log fine texture. */
const FEATURES = 4;
/** Least standard deviations of skin: the light's own error, blush, sensor noise. */
const DEVIATION_FLOOR = [0.2, 0.06, 0.08, 0.45];
const DARK = 0.004;

export function skinMask(input: SkinMaskInput): SkinMask {
  const { window, raster, areas } = input;
  const { width, height, linear } = window;
  const count = width * height;
  const { skinWeight, frontality } = headPlanes(input);
  const seeds = chooseSeeds(areas, skinWeight, frontality);
  const { light, shading, seedTone } = firstLight(input, seeds, skinWeight);

  const features = new Float32Array(count * FEATURES);
  const luminance = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const red = linear[i * 3];
    const green = linear[i * 3 + 1];
    const blue = linear[i * 3 + 2];
    const y = Math.log(0.25 * red + 0.6 * green + 0.15 * blue + DARK);
    luminance[i] = y;
    let redShade = 0;
    let greenShade = 0;
    let blueShade = 0;
    if (raster.triangleIds[i] >= 0) {
      redShade = Math.log(Math.max(shading[i * 3], 0.02));
      greenShade = Math.log(Math.max(shading[i * 3 + 1], 0.02));
      blueShade = Math.log(Math.max(shading[i * 3 + 2], 0.02));
    }
    const logGreen = Math.log(green + DARK) - greenShade;
    features[i * FEATURES] = y - (0.25 * redShade + 0.6 * greenShade + 0.15 * blueShade);
    features[i * FEATURES + 1] = Math.log(red + DARK) - redShade - logGreen;
    features[i * FEATURES + 2] = Math.log(blue + DARK) - blueShade - logGreen;
  }
  addTexture(features, luminance, width, height);

  const skin = robustGaussian(features, seeds);
  const others = otherMixtures(input, features, skin, skinWeight);
  const glasses = hasDarkFrames(areas, features, skin, width);
  const odds = logOdds(input, features, skin, others, skinWeight, seeds, glasses);
  const sigma = Math.max(1, areas.eyeDistancePx * 0.025);
  const smooth = guidedFilter(odds, luminance, width, height, sigma, 0.02);
  const mask = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const p = 1 / (1 + Math.exp(-smooth[i]));
    mask[i] = skinWeight[i] > 0 ? Math.min(1, Math.max(0, (p - 0.45) / 0.4)) : 0;
  }
  keepConnected(mask, seeds, width, height);
  const shrunk = erode(mask, width, height, Math.max(1, Math.round(areas.eyeDistancePx * 0.012)));
  if (glasses) widenFrames(mask, shrunk, areas, width, height);
  blur(shrunk, width, height, 1);
  const solid = shrunk.slice();
  for (let i = 0; i < count; i++) {
    if (areas.openings[i]) shrunk[i] = 0;
    if (areas.lids[i] || areas.lips[i]) solid[i] = skinWeight[i];
  }
  const plain = new Float32Array(count);
  for (let i = 0; i < count; i++) if (!areas.lips[i] && !areas.brows[i] && !areas.lids[i]) plain[i] = 1;
  return { mask: shrunk, solid, plain, glasses, seedTone, light };
}

interface HeadPlanes {
  /** [H, W] 1 where the head is, else 0. */
  readonly skinWeight: Float32Array;
  /** [H, W] cosine to the camera of the skin part, 0 on other parts. */
  readonly frontality: Float32Array;
}

function headPlanes({ raster, model, view }: SkinMaskInput): HeadPlanes {
  const count = raster.triangleIds.length;
  const skinWeight = new Float32Array(count);
  const frontality = new Float32Array(count);
  const skin = model.parts.find(({ name }) => name === 'skin');
  const first = skin?.triangleStart ?? 0;
  const end = skin ? skin.triangleStart + skin.triangleCount : model.triangles.length / 3;
  for (let i = 0; i < count; i++) {
    const id = raster.triangleIds[i];
    if (id < 0) continue;
    // Eyeballs and mouth count as well: where eyes and mouth open in the photo is told by its landmarks, not by the fit.
    skinWeight[i] = 1;
    if (id >= first && id < end) frontality[i] = interpolate(view.frontality, model.triangles, raster, i);
  }
  return { skinWeight, frontality };
}

function interpolate(values: Float32Array, triangles: Uint32Array, raster: Rasterization, i: number): number {
  const t = raster.triangleIds[i] * 3;
  return (
    raster.barycentrics[i * 3] * values[triangles[t]] +
    raster.barycentrics[i * 3 + 1] * values[triangles[t + 1]] +
    raster.barycentrics[i * 3 + 2] * values[triangles[t + 2]]
  );
}

/** Pixel indices of the seeds; the whole inner face where too few are in view. */
function chooseSeeds(areas: FaceAreas, skinWeight: Float32Array, frontality: Float32Array): number[] {
  const choose = (flags: Uint8Array, least: number): number[] => {
    const out: number[] = [];
    for (let i = 0; i < flags.length; i++)
      if (flags[i] && skinWeight[i] > 0 && frontality[i] > least) out.push(i);
    return out;
  };
  for (const [flags, least] of [
    [areas.seeds, 0.4],
    [areas.innerFace, 0.2],
    [areas.oval, 0],
  ] as const) {
    const found = choose(flags, least);
    if (found.length >= 40) return found;
  }
  throw new RangeError(
    'The fitted head shows no skin in this photo: the fit and the photo do not belong together.',
  );
}

function firstLight(
  { window, raster, model, view, areas }: SkinMaskInput,
  seeds: readonly number[],
  skinWeight: Float32Array,
): { light: LightEstimate['light']; shading: Float32Array; seedTone: [number, number, number] } {
  const { linear } = window;
  const trust = new Float32Array(skinWeight.length);
  const pixels: number[] = [];
  for (let i = 0; i < skinWeight.length; i += 3) {
    if (!areas.innerFace[i] || skinWeight[i] <= 0 || areas.lips[i] || areas.orbits[i] || areas.beard[i])
      continue;
    trust[i] = 0.3;
    pixels.push(i);
  }
  for (const i of seeds) {
    if (trust[i] === 0) pixels.push(i);
    trust[i] = 1;
  }
  const normals = new Float32Array(pixels.length * 3);
  const observed = new Float32Array(pixels.length * 3);
  const albedo = new Float32Array(pixels.length * 3).fill(1);
  pixels.forEach((pixel, n) => {
    normalAt(view, model.triangles, raster, pixel, normals, n * 3);
    for (let c = 0; c < 3; c++) observed[n * 3 + c] = linear[pixel * 3 + c];
  });
  const tone = [0, 1, 2].map((c) => Math.max(medianOf(seeds.map((i) => linear[i * 3 + c])), 1e-3));
  for (let i = 0; i < albedo.length; i++) albedo[i] = tone[i % 3];
  const { light } = estimateLight(
    { normals, observed, albedo, weights: Float32Array.from(pixels, (pixel) => trust[pixel]) },
    { ridge: [0.01, 0.05] },
  );
  const vertexShading = shadeNormals(light, view.normals);
  const shading = new Float32Array(linear.length);
  for (let i = 0; i < skinWeight.length; i++) {
    const id = raster.triangleIds[i] * 3;
    if (id < 0) continue;
    const at = i * 3;
    const [wa, wb, wc] = [raster.barycentrics[at], raster.barycentrics[at + 1], raster.barycentrics[at + 2]];
    const a = model.triangles[id] * 3;
    const b = model.triangles[id + 1] * 3;
    const c = model.triangles[id + 2] * 3;
    for (let k = 0; k < 3; k++)
      shading[at + k] = wa * vertexShading[a + k] + wb * vertexShading[b + k] + wc * vertexShading[c + k];
  }
  const seedTone = [0, 1, 2].map((c) =>
    medianOf(seeds.map((i) => linear[i * 3 + c] / Math.max(shading[i * 3 + c], 0.02))),
  );
  return { light, shading, seedTone: [seedTone[0], seedTone[1], seedTone[2]] };
}

/** Interpolated, renormalised vertex normal at a raster pixel. */
export function normalAt(
  view: HeadView,
  triangles: Uint32Array,
  raster: Pick<Rasterization, 'triangleIds' | 'barycentrics'>,
  pixel: number,
  out: Float32Array,
  at: number,
): void {
  const id = raster.triangleIds[pixel];
  let length = 0;
  for (let c = 0; c < 3; c++) {
    let sum = 0;
    for (let k = 0; k < 3; k++)
      sum += raster.barycentrics[pixel * 3 + k] * view.normals[triangles[id * 3 + k] * 3 + c];
    out[at + c] = sum;
    length += sum * sum;
  }
  length = Math.sqrt(length) || 1;
  for (let c = 0; c < 3; c++) out[at + c] /= length;
}

/** Feature 4: log of the local deviation of log luminance from its blur; hair is combed, skin is smooth. */
function addTexture(features: Float32Array, luminance: Float32Array, width: number, height: number): void {
  const low = blur(luminance.slice(), width, height, 1.5);
  const energy = new Float32Array(low.length);
  for (let i = 0; i < low.length; i++) energy[i] = (luminance[i] - low[i]) ** 2;
  blur(energy, width, height, 2);
  for (let i = 0; i < low.length; i++) features[i * FEATURES + 3] = 0.5 * Math.log(energy[i] + 1e-4);
}

interface Gaussian {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

function robustGaussian(features: Float32Array, pixels: readonly number[]): Gaussian {
  const mean: number[] = [];
  const deviation: number[] = [];
  for (let f = 0; f < FEATURES; f++) {
    const values = pixels.map((i) => features[i * FEATURES + f]);
    const middle = medianOf(values);
    mean.push(middle);
    deviation.push(Math.max(DEVIATION_FLOOR[f], 1.4826 * medianOf(values.map((x) => Math.abs(x - middle)))));
  }
  return { mean, deviation };
}

function distanceSquared(features: Float32Array, i: number, { mean, deviation }: Gaussian): number {
  let sum = 0;
  for (let f = 0; f < FEATURES; f++) sum += ((features[i * FEATURES + f] - mean[f]) / deviation[f]) ** 2;
  return sum;
}

/**
 * The same within the face's outline, where gloss and shade are to be expected: a highlight adds white light, so it is
 * brighter and anything between the skin's chroma and none; shade only darkens.
 */
function faceDistanceSquared(features: Float32Array, i: number, { mean, deviation }: Gaussian): number {
  const at = i * FEATURES;
  const brighter = features[at] - mean[0];
  let sum = ((brighter > 0 ? 0.3 : 0.7) * (brighter / deviation[0])) ** 2;
  const white = brighter > 0 ? 1 - Math.exp(-1.5 * brighter) : 0;
  for (const f of [1, 2]) {
    const paled = mean[f] * (1 - white);
    const low = Math.min(mean[f], paled);
    const high = Math.max(mean[f], paled);
    const x = features[at + f];
    sum += ((x < low ? low - x : x > high ? x - high : 0) / deviation[f]) ** 2;
  }
  return sum + (0.7 * ((features[at + 3] - mean[3]) / deviation[3])) ** 2;
}

interface Others {
  /** Everything off the head, and the scalp's pixels that do not look like the seeds. */
  readonly anywhere: Mixture | undefined;
  /** What may hang into the face: the scalp's pixels, and what is dark beside the head. A bright wall may not. */
  readonly hair: Mixture | undefined;
}

/** Pixels that do not look like the seeds, as mixtures. */
function otherMixtures(
  { raster, model }: SkinMaskInput,
  features: Float32Array,
  skin: Gaussian,
  skinWeight: Float32Array,
): Others {
  const scalp = model.regions['scalp'];
  const onScalp: number[] = [];
  const outside: number[] = [];
  for (let i = 0; i < skinWeight.length; i++) {
    if (raster.triangleIds[i] < 0) {
      if (distanceSquared(features, i, skin) > 9) outside.push(i);
    } else if (skinWeight[i] > 0 && scalp && interpolate(scalp, model.triangles, raster, i) > 0.9) {
      if (distanceSquared(features, i, skin) > 14) onScalp.push(i);
    }
  }
  const darker = outside.filter((i) => features[i * FEATURES] < skin.mean[0] - 0.4);
  const learn = (lists: readonly number[][]): Mixture | undefined => {
    // Hair matters most, so it gets as many samples as the rest of the picture.
    const pixels = lists.flatMap((list) => thin(list, 1500));
    return pixels.length < 60
      ? undefined
      : clusterMixture(features, FEATURES, pixels, CLUSTERS, DEVIATION_FLOOR);
  };
  return { anywhere: learn([onScalp, outside]), hair: learn([onScalp, darker]) };
}

const CLUSTERS = 6;

function thin(list: readonly number[], limit: number): number[] {
  const step = Math.max(1, Math.floor(list.length / limit));
  return list.filter((_, k) => k % step === 0);
}

function logOdds(
  { raster, model, areas }: SkinMaskInput,
  features: Float32Array,
  skin: Gaussian,
  others: Others,
  skinWeight: Float32Array,
  seeds: readonly number[],
  glasses: boolean,
): Float32Array {
  const odds = new Float32Array(skinWeight.length).fill(-4);
  const { scalp, ears, neck } = model.regions;
  const region = (values: Float32Array | undefined, i: number): number =>
    values ? interpolate(values, model.triangles, raster, i) : 0;
  const normaliser = skin.deviation.reduce((sum, d) => sum - Math.log(d), 0);
  for (let i = 0; i < odds.length; i++) {
    if (skinWeight[i] === 0) continue;
    const own =
      normaliser -
      0.5 * (areas.oval[i] ? faceDistanceSquared(features, i, skin) : distanceSquared(features, i, skin));
    // A broad floor stands for things never met: a red scarf is not skin even if the background is grey.
    const broad = normaliser - 0.5 * 9 - FEATURES * 0.25;
    const other = areas.oval[i] ? others.hair : others.anywhere;
    const against = other ? Math.max(logDensity(other, features, i), broad) : broad;
    const evidence = Math.min(5, Math.max(-6, own - against));
    let prior = 0.3;
    if (areas.innerFace[i]) prior = 3.5;
    else if (areas.oval[i]) prior = 1.5;
    prior -= 2 * region(scalp, i) * (areas.oval[i] ? 0.4 : 1) + 0.8 * region(ears, i) + 0.5 * region(neck, i);
    let value = prior + evidence;
    const darker = features[i * FEATURES] < skin.mean[0] + 0.1;
    if (areas.orbits[i] && !glasses) value += 2;
    if (areas.nose[i]) value = Math.max(value + 2, -1);
    if (areas.brows[i] || areas.lips[i] || areas.lids[i]) value = Math.max(value, 2);
    if (areas.beard[i] && darker) value = Math.max(value, 2);
    odds[i] = value;
  }
  for (const i of seeds) odds[i] = Math.max(odds[i], -1) + 1;
  return odds;
}

/** Log luminance below the skin's by which a line across the nose counts as a frame's bridge. */
const FRAME_DARKNESS = 0.6;

/**
 * Glasses' bridge: going down the nose from between the eyes, each of several parallel lines meets something much darker than
 * skin. Only frames that contrast with the skin are found; rimless ones are not.
 */
function hasDarkFrames(areas: FaceAreas, features: Float32Array, skin: Gaussian, width: number): boolean {
  const darkest = areas.bridgeLines.map((line) =>
    line.reduce((least, [x, y]) => {
      const i = (Math.floor(y) * width + Math.floor(x)) * FEATURES;
      const value = features[i];
      return value < least ? value : least;
    }, Infinity),
  );
  return darkest.length > 0 && medianOf(darkest) - skin.mean[0] < -FRAME_DARKNESS;
}

/** Around frames more is cut: their edge is blurred by the lens and throws a shadow. Lids and brows stay. */
function widenFrames(
  mask: Float32Array,
  shrunk: Float32Array,
  areas: FaceAreas,
  width: number,
  height: number,
): void {
  const wide = erode(mask, width, height, Math.round(areas.eyeDistancePx * 0.035));
  for (let i = 0; i < mask.length; i++)
    if (areas.spectacles[i] && !areas.lids[i] && !areas.brows[i]) shrunk[i] = Math.min(shrunk[i], wide[i]);
}

/** Clears what is not connected to a seed through mask >= 1/2. */
function keepConnected(mask: Float32Array, seeds: readonly number[], width: number, height: number): void {
  const reached = new Uint8Array(mask.length);
  const queue = seeds.filter((i) => mask[i] >= 0.5);
  for (const i of queue) reached[i] = 1;
  for (let head = 0; head < queue.length; head++) {
    const i = queue[head];
    const column = i % width;
    for (const j of [
      column > 0 ? i - 1 : -1,
      column + 1 < width ? i + 1 : -1,
      i - width,
      i + width < width * height ? i + width : -1,
    ]) {
      if (j < 0 || reached[j] || mask[j] < 0.5) continue;
      reached[j] = 1;
      queue.push(j);
    }
  }
  // The soft rim next to what is connected stays, so that the mask keeps its slope.
  const rim = reached.slice();
  for (let i = 0; i < mask.length; i++) {
    if (reached[i] || mask[i] === 0) continue;
    const column = i % width;
    if (
      (column > 0 && reached[i - 1]) ||
      (column + 1 < width && reached[i + 1]) ||
      (i >= width && reached[i - width]) ||
      (i + width < mask.length && reached[i + width])
    )
      rim[i] = 1;
  }
  for (let i = 0; i < mask.length; i++) if (!rim[i]) mask[i] = 0;
}

function medianOf(values: readonly number[]): number {
  const sorted = Float32Array.from(values).sort();
  return sorted[sorted.length >> 1];
}
