/**
 * Trains the linear texture model: principal components of the albedo maps and their mirror images. With far fewer maps
 * than texels the components are combinations of maps, found from the Gram matrix of the maps (Sirovich and Kirby 1987).
 */
import { enlarge, type ChartModel, type LinearTexture, type TexelBox } from '@likeness/core/texture';
import { compile, matmul, transpose } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { leadingEigenvectors } from '../shape/leading-eigenvectors.ts';
import type { TextureDataset } from './build-maps.ts';
import { mirrored, mirrorSources, readAlbedo, readConfidence } from './dataset.ts';

export interface TrainLinearTextureOptions {
  /** Folder of the data set. */
  readonly folder: string;
  readonly dataset: TextureDataset;
  readonly model: ChartModel;
  /** Components kept (default 40). */
  readonly modes?: number | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

export const TRAIN_LINEAR_TEXTURE_DEFAULTS: { readonly modes: number } = { modes: 40 };

export const LINEAR_TEXTURE_NAME = 'likeness-skin-linear';
export const LINEAR_TEXTURE_VERSION = '1.0.0';

/** Mean confidence from which a texel belongs to the box of full detail. */
const BOX_CONFIDENCE = 0.3 * 255;
const BOX_MARGIN = 6;
/** Texels per side of the coarse images, as a share of the map's. */
const COARSE = 4;

export interface TrainedLinearTexture {
  readonly texture: LinearTexture;
  /** Share of the training maps' variance that the kept components hold. */
  readonly varianceKept: number;
  /** Maps learned from, mirror images counted. */
  readonly maps: number;
}

/** @throws RangeError where there are fewer maps than components. */
export async function trainLinearTexture(options: TrainLinearTextureOptions): Promise<TrainedLinearTexture> {
  const { folder, dataset, model } = options;
  const { size } = dataset;
  const sources = mirrorSources(model, size);
  const albedos: Uint8Array[] = [];
  const confidence = new Float64Array(size * size);
  const used = dataset.maps.filter(({ split }) => split === 'train');
  for (const [index, map] of used.entries()) {
    options.onProgress?.((0.4 * index) / used.length);
    const albedo = await readAlbedo(folder, map);
    albedos.push(albedo, mirrored(albedo, sources));
    (await readConfidence(folder, map)).forEach((value, i) => (confidence[i] += value / used.length));
  }
  const modes = options.modes ?? TRAIN_LINEAR_TEXTURE_DEFAULTS.modes;
  if (albedos.length <= modes)
    throw new RangeError(`train texture: ${modes} components need more than ${albedos.length} maps.`);
  const mean = meanOf(albedos);
  const n = albedos.length;
  const products = new MapProducts(albedos, mean);
  const gram = await products.gram((fraction) => options.onProgress?.(0.4 + 0.3 * fraction));
  const trace = gram.reduce((sum, value, i) => (i % (n + 1) === 0 ? sum + value : sum), 0);
  const { values, vectors } = leadingEigenvectors(gram, n, modes);
  const varianceKept = values.subarray(0, modes).reduce((a, b) => a + b, 0) / trace;

  const coarseSize = size / COARSE;
  const box = detailBox(confidence, size);
  const coarse = new Float32Array(modes * 3 * coarseSize * coarseSize);
  const detail = new Float32Array(modes * 3 * box.height * box.width);
  // A sample's coordinate is sqrt(N) u_ik, of unit variance, so the mode is A' u_k / sqrt(N).
  const rows = Float32Array.from(vectors.subarray(0, modes * n), (value) => value / Math.sqrt(n));
  const images = await products.combine(rows, (fraction) => options.onProgress?.(0.7 + 0.3 * fraction));
  for (let k = 0; k < modes; k++) {
    const mode = images.subarray(k * mean.length, (k + 1) * mean.length);
    const small = shrink(mode, size, COARSE);
    coarse.set(small, k * small.length);
    const rest = enlarge(small, coarseSize, size);
    let at = k * 3 * box.height * box.width;
    for (let c = 0; c < 3; c++)
      for (let y = box.y; y < box.y + box.height; y++)
        for (let x = box.x; x < box.x + box.width; x++) {
          const texel = (c * size + y) * size + x;
          detail[at++] = mode[texel] - rest[texel];
        }
  }
  const texture: LinearTexture = {
    name: LINEAR_TEXTURE_NAME,
    version: LINEAR_TEXTURE_VERSION,
    headModel: dataset.model.name,
    size,
    mean,
    modeCount: modes,
    coarseSize,
    coarse,
    box,
    detail,
  };
  return { texture, varianceKept, maps: n };
}

function meanOf(albedos: readonly Uint8Array[]): Float32Array {
  const sum = new Float64Array(albedos[0].length);
  for (const albedo of albedos) for (let i = 0; i < sum.length; i++) sum[i] += albedo[i];
  return Float32Array.from(sum, (value) => value / (255 * albedos.length));
}

/** Texels of one product: 364 maps of 16,384 texels are 24 MB. */
const BLOCK = 16_384;

/** The two products over all maps, block of texels by block; on the graph's runtime they take seconds, in loops minutes. */
class MapProducts {
  private readonly albedos: readonly Uint8Array[];
  private readonly mean: Float32Array;
  private readonly runtime = nodeRuntime();

  constructor(albedos: readonly Uint8Array[], mean: Float32Array) {
    this.albedos = albedos;
    this.mean = mean;
  }

  private block(start: number): Float32Array {
    const out = new Float32Array(this.albedos.length * BLOCK);
    const end = Math.min(this.mean.length, start + BLOCK);
    this.albedos.forEach((albedo, n) => {
      for (let i = start; i < end; i++) out[n * BLOCK + i - start] = albedo[i] / 255 - this.mean[i];
    });
    return out;
  }

  /** Gram matrix [N, N] of the centred maps. */
  async gram(onProgress: (fraction: number) => void): Promise<Float64Array> {
    const n = this.albedos.length;
    const gram = new Float64Array(n * n);
    const program = await compile(
      ({ maps }) => matmul(maps, transpose(maps, [1, 0])),
      { maps: { shape: [n, BLOCK] } },
      { runtime: this.runtime },
    );
    for (let start = 0; start < this.mean.length; start += BLOCK) {
      onProgress(start / this.mean.length);
      const { output } = await program.run({ maps: this.block(start) });
      for (let i = 0; i < gram.length; i++) gram[i] += output[i];
    }
    await program.dispose();
    return gram;
  }

  /** [K, N] weights times the centred maps: [K, 3, S, S]. */
  async combine(weights: Float32Array, onProgress: (fraction: number) => void): Promise<Float32Array> {
    const n = this.albedos.length;
    const count = weights.length / n;
    const length = this.mean.length;
    const out = new Float32Array(count * length);
    const program = await compile(
      ({ maps, rows }) => matmul(rows, maps),
      { maps: { shape: [n, BLOCK] }, rows: { shape: [count, n] } },
      { runtime: this.runtime },
    );
    for (let start = 0; start < length; start += BLOCK) {
      onProgress(start / length);
      const { output } = await program.run({ maps: this.block(start), rows: weights });
      const used = Math.min(BLOCK, length - start);
      for (let k = 0; k < count; k++)
        out.set(output.subarray(k * BLOCK, k * BLOCK + used), k * length + start);
    }
    await program.dispose();
    return out;
  }
}

/** Means of `factor` x `factor` blocks of each of the three planes. */
function shrink(image: Float32Array, size: number, factor: number): Float32Array {
  const small = size / factor;
  const out = new Float32Array(3 * small * small);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++)
        out[(c * small + Math.floor(y / factor)) * small + Math.floor(x / factor)] +=
          image[(c * size + y) * size + x] / (factor * factor);
  return out;
}

/** Where photographs show something on average, with a margin. */
function detailBox(confidence: Float64Array, size: number): TexelBox {
  let [left, top, right, bottom] = [size, size, -1, -1];
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      if (confidence[y * size + x] < BOX_CONFIDENCE) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  if (right < 0) return { x: 0, y: 0, width: size, height: size };
  const x = Math.max(0, left - BOX_MARGIN);
  const y = Math.max(0, top - BOX_MARGIN);
  return {
    x,
    y,
    width: Math.min(size, right + 1 + BOX_MARGIN) - x,
    height: Math.min(size, bottom + 1 + BOX_MARGIN) - y,
  };
}
