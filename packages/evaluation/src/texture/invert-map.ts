/**
 * How well a model reproduces a person it was not trained on: the model's best map for a real one, compared where the photograph
 * showed something and, on a head from the front, by identity networks.
 *
 * The linear model is measured twice: with all the components it ships with, and with so few that it stores as many numbers
 * (mean, components) as the generator's file: what "the same number of parameters" is taken to mean. As many latent numbers is
 * not possible, since a linear model cannot have more components than training maps.
 */
import {
  evaluateLinearTexture,
  invertLinearTexture,
  invertTexture,
  type LinearTexture,
} from '@likeness/core/texture';
import type { Image } from '@likeness/core/image';
import type { TextureMap } from '@likeness/training/texture';
import { embeddingSimilarity } from '@likeness/core/analysis';
import { packFloats } from '../faces/packed-floats.ts';
import { createSpectrumMeter, luminanceSquare, topOctave } from './radial-spectrum.ts';
import { toBytes, type TextureSource } from './texture-source.ts';
import type { TextureWorld } from './texture-world.ts';

/** How a model's best map compares with the real one. */
export interface InversionFigures {
  /** Mean absolute difference over the texels the photo showed, weighted by how well, sRGB-encoded 0..1. */
  readonly l1: number;
  /** Cosine of FaceRes' embeddings of the two renders. */
  readonly inside: number;
  /** Distance of dlib's embeddings of the two renders: below 0.6 counts as one person. */
  readonly outside?: number;
  /** Energy in the top octave, relative to the real map's. */
  readonly topOctave: number;
  /** Packed latent. */
  readonly latent: string;
  readonly milliseconds: number;
}

export interface InversionItem {
  readonly kind: 'inversion';
  readonly map: string;
  readonly person: string;
  readonly generator?: InversionFigures;
  readonly linear: InversionFigures;
  /** With as many stored numbers as the generator. */
  readonly linearSame?: InversionFigures;
}

/** Numbers that a linear texture model stores. */
export function linearNumbers(
  { size, modeCount, coarseSize, box }: LinearTexture,
  modes: number = modeCount,
): number {
  return 3 * size * size + modes * 3 * (coarseSize * coarseSize + box.width * box.height);
}

/** The most components with which a linear model stores no more than `numbers`; at least one. */
export function modesOfNumbers(linear: LinearTexture, numbers: number): number {
  const perMode = linearNumbers(linear, 1) - linearNumbers(linear, 0);
  return Math.max(1, Math.min(linear.modeCount, Math.floor((numbers - linearNumbers(linear, 0)) / perMode)));
}

/** The same model with fewer components. */
export function truncated(linear: LinearTexture, modes: number): LinearTexture {
  const cut = (values: Float32Array): Float32Array =>
    values.slice(0, (values.length / linear.modeCount) * modes);
  return { ...linear, modeCount: modes, coarse: cut(linear.coarse), detail: cut(linear.detail) };
}

export async function invertMap(world: TextureWorld, map: TextureMap): Promise<InversionItem> {
  const target = await world.albedo(map);
  const confidence = await world.confidence(map);
  const weights = Float32Array.from(confidence, (value) => value / 255);
  const image = interleaved(target, world.mapSize);
  const truth = await pictureOf(world, target);
  const figures = async (
    drawn: Uint8Array,
    latent: Float32Array,
    milliseconds: number,
  ): Promise<InversionFigures> => {
    const found = await pictureOf(world, drawn);
    return {
      l1: rounded(weightedL1(drawn, target, weights)),
      inside: rounded(embeddingSimilarity(found.inside, truth.inside)),
      ...(found.outside && truth.outside ? { outside: rounded(distance(found.outside, truth.outside)) } : {}),
      topOctave: rounded(detailOf(world, drawn) / detailOf(world, target)),
      latent: packFloats(latent),
      milliseconds: Math.round(milliseconds),
    };
  };
  const linear = async (model: LinearTexture): Promise<InversionFigures> => {
    const started = performance.now();
    const latent = invertLinearTexture(model, image, weights);
    const drawn = planar(evaluateLinearTexture(model, latent));
    return figures(drawn, latent, performance.now() - started);
  };
  const generator = world.sources.get('generator');
  return {
    kind: 'inversion',
    map: map.id,
    person: map.person,
    ...(generator
      ? {
          generator: await (async () => {
            const started = performance.now();
            const latent = await invertWith(world, generator, image, weights);
            return figures(toBytes(await generator.draw(latent)), latent, performance.now() - started);
          })(),
          linearSame: await linear(
            truncated(world.linear, modesOfNumbers(world.linear, generator.storedNumbers)),
          ),
        }
      : {}),
    linear: await linear(world.linear),
  };
}

async function invertWith(
  world: TextureWorld,
  source: TextureSource,
  image: Image,
  weights: Float32Array,
): Promise<Float32Array> {
  const { latent } = await invertTexture(source.model, image, weights, {
    runtime: world.runtime,
    threads: world.threads,
  });
  return latent;
}

interface Seen {
  readonly inside: Float32Array;
  readonly outside: Float32Array | undefined;
}

async function pictureOf(world: TextureWorld, map: Uint8Array): Promise<Seen> {
  const dressed = world.dressed(map);
  return { inside: await world.embed(dressed), outside: await world.embedOutside(dressed) };
}

/** Side of the square whose spectrum is measured. */
export const SPECTRUM_PX = 256;
const meter = createSpectrumMeter(SPECTRUM_PX);

/** The square in the middle of the face's window. */
export function spectrumSquare(world: TextureWorld, map: ArrayLike<number>): Float32Array {
  const [height, width] = world.windowSize;
  const { x, y } = world.window;
  return luminanceSquare(
    map,
    world.mapSize,
    x + (width - SPECTRUM_PX) / 2,
    y + (height - SPECTRUM_PX) / 2,
    SPECTRUM_PX,
  );
}

function detailOf(world: TextureWorld, map: Uint8Array): number {
  return topOctave(meter.measure([spectrumSquare(world, map)])[0]);
}

function weightedL1(a: Uint8Array, b: Uint8Array, weights: Float32Array): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    total += 3 * weights[i];
    for (let c = 0; c < 3; c++)
      sum += (weights[i] * Math.abs(a[c * weights.length + i] - b[c * weights.length + i])) / 255;
  }
  return total > 0 ? sum / total : 0;
}

function distance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0));
}

export function interleaved(map: Uint8Array, size: number): Image {
  const plane = size * size;
  const data = new Uint8Array(3 * plane);
  for (let i = 0; i < plane; i++) for (let c = 0; c < 3; c++) data[i * 3 + c] = map[c * plane + i];
  return { width: size, height: size, channels: 3, data };
}

export function planar({ width, height, data }: Image): Uint8Array {
  const plane = width * height;
  const out = new Uint8Array(3 * plane);
  for (let i = 0; i < plane; i++) for (let c = 0; c < 3; c++) out[c * plane + i] = data[i * 3 + c];
  return out;
}

const rounded = (value: number): number => Number(value.toFixed(5));
