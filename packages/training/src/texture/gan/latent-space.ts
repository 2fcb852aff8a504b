/**
 * A latent space with a meaning: principal components of small images of the training maps, whitened. A map's latent is then
 * known in closed form, so that the GAN can also be asked to reproduce maps (as generative latent optimisation does,
 * Bojanowski et al., ICML 2018, without having to search the latents), and the leading components are drawn by a linear
 * model of which the generator learns the rest only. With few people to learn from, tone and broad shading need no
 * adversary, and an inversion can start where the encoder says.
 */
import { readFile } from 'node:fs/promises';
import { readSafetensors, writeSafetensors } from '@likeness/core/model';
import { symmetricEigen } from '@likeness/core/geometry';
import {
  add,
  averagePool2d,
  compile,
  constant,
  matmul,
  mul,
  reshape,
  resize2d,
  sliceAxis,
  sub,
  transpose,
  type Runtime,
  type Tensor,
} from '@likeness/graph';
import { foldIn, normal, type RandomKey } from '@likeness/graph/random';
import { halveImage, levelSize, type FaceWindow } from './face-window.ts';
import type { MapSampler } from './map-sampler.ts';

/** How the space is made. */
export interface LatentSpaceConfig {
  /** Level of the small images. */
  readonly level: number;
  /** Leading components that the linear model draws, and its level. */
  readonly modes: number;
  readonly modesLevel: number;
  /** Minibatch images that the components are learned from. */
  readonly samples: number;
}

/** Makes a constant of numbers, in the precision it likes. */
export type StoreConstant = (data: Float32Array, shape: readonly number[]) => Tensor;

export interface LatentSpace extends LatentSpaceConfig {
  readonly window: FaceWindow;
  /** [3 h w] mean of the small images, -1..1. */
  readonly mean: Float32Array;
  /** [3 h w, L]: latent = (image - mean) encoder; each number of variance 1 over the samples. */
  readonly encoder: Float32Array;
  /** By level, 0..modesLevel: mean image [3 h w] and modes [K, 3 h w] of the linear model. */
  readonly means: readonly Float32Array[];
  readonly images: readonly Float32Array[];
}

/** Rounds of subspace iteration: what it has not separated after these, it has still whitened. */
const ROUNDS = 6;
const EXTRA = 16;

/** @param latent numbers in a latent, at most the small images' */
export async function fitLatentSpace(
  { level, modes, modesLevel, samples }: LatentSpaceConfig,
  latent: number,
  sampler: MapSampler,
  window: FaceWindow,
  key: RandomKey,
  runtime: Runtime,
): Promise<LatentSpace> {
  const size = length(window, level);
  const count = Math.min(size, latent + EXTRA);
  if (latent > size)
    throw new RangeError(`fitLatentSpace: ${latent} components of images of ${size} numbers.`);
  const small = sampler.sample(foldIn(key, 0), samples, level);
  const mean = meanOf(small, size);
  for (let i = 0; i < small.length; i++) small[i] -= mean[i % size];
  const covariance = (
    await product(transposed(small, samples, size), small, [size, samples, size], runtime)
  ).map((value) => value / samples);
  let basis: Float32Array = normal(foldIn(key, 1), [count, size]);
  for (let round = 0; round < ROUNDS; round++)
    basis = orthonormal(await product(basis, covariance, [count, size, size], runtime), count, size);
  const image = await product(basis, covariance, [count, size, size], runtime);
  const projected = await product(image, transposed(basis, count, size), [count, size, count], runtime);
  const { values, vectors } = symmetricEigen(Float64Array.from(projected), count);
  const rotation = new Float32Array(latent * count);
  for (let k = 0; k < latent; k++)
    for (let j = 0; j < count; j++)
      rotation[k * count + j] = vectors[k * count + j] / Math.sqrt(Math.max(values[k], 1e-9));
  const encoder = transposed(await product(rotation, basis, [latent, count, size], runtime), latent, size);

  // The modes at their own level: with white latents least squares is the mean of image times latent.
  const width = length(window, modesLevel);
  const sums = new Float64Array(modes * width);
  const total = new Float64Array(width);
  const step = 200;
  const blocks = Math.ceil(samples / step);
  for (let block = 0; block < blocks; block++) {
    const images = sampler.sample(foldIn(foldIn(key, 2), block), step, modesLevel);
    const below = shrink(images, step, window, modesLevel, level);
    const latents = await encode({ mean, encoder }, below, step, runtime);
    const leading = new Float32Array(modes * step);
    for (let i = 0; i < step; i++)
      for (let k = 0; k < modes; k++) leading[k * step + i] = latents[i * latent + k];
    const part = await product(leading, images, [modes, step, width], runtime);
    part.forEach((value, i) => (sums[i] += value / (step * blocks)));
    for (let i = 0; i < images.length; i++) total[i % width] += images[i] / (step * blocks);
  }
  return withPyramid(
    { level, modes, modesLevel, samples, window, mean, encoder },
    Float32Array.from(total),
    Float32Array.from(sums),
  );
}

/** Small images' latents, [n, L]. @param images [n, 3 h w] of the space's level, -1..1 */
export function encode(
  { mean, encoder }: Pick<LatentSpace, 'mean' | 'encoder'>,
  images: Float32Array,
  n: number,
  runtime: Runtime,
): Promise<Float32Array> {
  const size = mean.length;
  const centred = images.map((value, i) => value - mean[i % size]);
  return product(centred, encoder, [n, size, encoder.length / size], runtime);
}

/** The same in a graph, of images of a level at or above the space's. @param images [n, 3, h, w] */
export function encodeTensor(
  { mean, encoder, level: own }: LatentSpace,
  images: Tensor,
  level: number,
): Tensor {
  const size = mean.length;
  const factor = 2 ** (level - own);
  const small = factor > 1 ? averagePool2d(images, { kernel: [factor, factor] }) : images;
  const centred = sub(reshape(small, [images.shape[0], size]), constant(mean, [1, size]));
  return matmul(centred, constant(encoder, [size, encoder.length / size]));
}

/**
 * What the linear model draws of latents [n, L] at a level: [n, 3, h, w].
 * @param store how the modes are kept in the graph
 */
export function drawLinear(
  space: LatentSpace,
  z: Tensor,
  level: number,
  store: StoreConstant = constant,
): Tensor {
  const at = Math.min(level, space.modesLevel);
  const [n, latent] = z.shape;
  const [h, w] = levelSize(space.window, at);
  const size = 3 * h * w;
  // Of the latent only the leading numbers: rows of zeros would be multiplied out.
  const select = new Float32Array(latent * space.modes);
  for (let k = 0; k < space.modes; k++) select[k * space.modes + k] = 1;
  const leading = matmul(z, constant(select, [latent, space.modes]));
  const image = add(
    matmul(leading, store(space.images[at], [space.modes, size])),
    constant(space.means[at], [1, size]),
  );
  const placed = reshape(image, [n, 3, h, w]);
  return at === level ? placed : resize2d(placed, { size: levelSize(space.window, level) });
}

/**
 * A picture made to have the latents it was drawn from: the components behind the leading ones are measured in its small
 * picture, and what is missing is added. What a latent says about a small picture need not be learned; the leading components,
 * tone among them, stay the generator's, because people's are not normally distributed.
 * @param picture [n, 3, h, w] of a level at or above the space's; @param z [n, L]; @returns as `picture`
 */
export function keepComponents(
  { mean, encoder, modes, level: own, window }: LatentSpace,
  picture: Tensor,
  z: Tensor,
  level: number,
  store: StoreConstant = constant,
): Tensor {
  const size = mean.length;
  const latent = encoder.length / size;
  const count = latent - modes;
  if (level < own || count === 0) return picture;
  // The encoder's columns are orthogonal, each as long as one over its component's deviation.
  const basis = new Float32Array(size * count);
  const deviations = new Float32Array(count);
  for (let k = 0; k < count; k++) {
    let squares = 0;
    for (let i = 0; i < size; i++) squares += encoder[i * latent + modes + k] ** 2;
    deviations[k] = 1 / Math.sqrt(squares);
    for (let i = 0; i < size; i++) basis[i * count + k] = encoder[i * latent + modes + k] * deviations[k];
  }
  const columns = store(basis, [size, count]);
  const [n] = z.shape;
  const factor = 2 ** (level - own);
  const small = factor > 1 ? averagePool2d(picture, { kernel: [factor, factor] }) : picture;
  const found = matmul(sub(reshape(small, [n, size]), constant(mean, [1, size])), columns);
  const wanted = mul(sliceAxis(z, 1, modes, latent), constant(deviations, [1, count]));
  const missing = matmul(sub(wanted, found), transpose(columns, [1, 0]));
  const [h, w] = levelSize(window, own);
  const placed = reshape(missing, [n, 3, h, w]);
  return add(picture, factor > 1 ? resize2d(placed, { size: levelSize(window, level) }) : placed);
}

/** [n, 3 h w] of one level at a coarser one: means of blocks. */
export function shrink(
  images: Float32Array,
  n: number,
  window: FaceWindow,
  from: number,
  to: number,
): Float32Array {
  const size = images.length / n;
  const out = new Float32Array(n * length(window, to));
  for (let i = 0; i < n; i++) {
    let image = images.subarray(i * size, (i + 1) * size);
    for (let level = from; level > to; level--) image = halveImage(image, ...levelSize(window, level));
    out.set(image, i * image.length);
  }
  return out;
}

/** File bytes, and back. */
export function writeLatentSpace(space: LatentSpace): Uint8Array {
  const { level, modes, modesLevel, samples, window, mean, encoder } = space;
  const size = length(window, modesLevel);
  return writeSafetensors(
    new Map([
      ['mean', { shape: [mean.length], data: mean }],
      ['encoder', { shape: [mean.length, encoder.length / mean.length], data: encoder }],
      ['linear/mean', { shape: [size], data: space.means[modesLevel] }],
      ['linear/modes', { shape: [modes, size], data: space.images[modesLevel] }],
    ]),
    { config: JSON.stringify({ level, modes, modesLevel, samples, window }) },
  );
}

/** @returns undefined where there is no such file */
export async function readLatentSpace(path: string): Promise<LatentSpace | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  if (!bytes) return undefined;
  const { tensors, metadata } = readSafetensors(bytes);
  const numbers = (name: string): Float32Array => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`${path} holds no tensor "${name}": delete it, and the run makes it anew.`);
    return tensor.data as Float32Array;
  };
  const config = JSON.parse(metadata['config']) as LatentSpaceConfig & { readonly window: FaceWindow };
  return withPyramid(
    { ...config, mean: numbers('mean'), encoder: numbers('encoder') },
    numbers('linear/mean'),
    numbers('linear/modes'),
  );
}

function withPyramid(
  space: Omit<LatentSpace, 'means' | 'images'>,
  mean: Float32Array,
  modes: Float32Array,
): LatentSpace {
  const { window, modesLevel } = space;
  const at = (images: Float32Array, n: number): Float32Array[] =>
    Array.from({ length: modesLevel + 1 }, (_, level) => shrink(images, n, window, modesLevel, level));
  return { ...space, means: at(mean, 1), images: at(modes, space.modes) };
}

const length = (window: FaceWindow, level: number): number => {
  const [h, w] = levelSize(window, level);
  return 3 * h * w;
};

function meanOf(images: Float32Array, size: number): Float32Array {
  const sum = new Float64Array(size);
  for (let i = 0; i < images.length; i++) sum[i % size] += images[i];
  return Float32Array.from(sum, (value) => (value * size) / images.length);
}

/** Rows made orthonormal (Gram-Schmidt, twice). */
function orthonormal(rows: Float32Array, count: number, size: number): Float32Array {
  const out = Float64Array.from(rows);
  for (let a = 0; a < count; a++) {
    for (let pass = 0; pass < 2; pass++)
      for (let b = 0; b < a; b++) {
        let dot = 0;
        for (let i = 0; i < size; i++) dot += out[a * size + i] * out[b * size + i];
        for (let i = 0; i < size; i++) out[a * size + i] -= dot * out[b * size + i];
      }
    let norm = 0;
    for (let i = 0; i < size; i++) norm += out[a * size + i] ** 2;
    norm = Math.sqrt(norm) || 1;
    for (let i = 0; i < size; i++) out[a * size + i] /= norm;
  }
  return Float32Array.from(out);
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) out[j * rows + i] = matrix[i * columns + j];
  return out;
}

/** a [m, k] times b [k, n] on the graph's runtime: in loops this takes minutes. */
async function product(
  a: Float32Array,
  b: Float32Array,
  [m, k, n]: readonly [number, number, number],
  runtime: Runtime,
): Promise<Float32Array> {
  const program = await compile(
    (given) => matmul(given['a'], given['b']),
    { a: { shape: [m, k] }, b: { shape: [k, n] } },
    { runtime },
  );
  const { output } = await program.run({ a, b });
  await program.dispose();
  return output;
}
