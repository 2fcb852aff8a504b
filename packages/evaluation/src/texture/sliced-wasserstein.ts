/**
 * Sliced Wasserstein distance between sets of patches, per level of the Laplacian pyramid (Karras et al. 2018, section 5, after
 * Rabin et al. 2011): descriptors of each set are brought to mean 0 and deviation 1 in every colour channel, projected onto
 * random directions, sorted, and compared in order; the mean over 4 x 128 directions. Small at a level means that the sets look
 * alike in that octave, in appearance and in variety.
 */
import { compile, matmul, transpose, type Runtime } from '@likeness/graph';
import { foldIn, normal, type RandomKey } from '@likeness/graph/random';
import { DESCRIPTOR_LENGTH, PATCH_PX } from './patch-descriptors.ts';
import { createFloatSorter } from './sort-floats.ts';

/** Descriptors of one set at one level, in chunks of any length: [n, 147] each. */
export type DescriptorChunks = readonly Int16Array[];

export interface SlicedWassersteinOptions {
  readonly runtime: Runtime;
  readonly threads?: number | undefined;
  readonly key: RandomKey;
  /** Directions (default 512, the paper's). */
  readonly directions?: number | undefined;
  /** Told between batches of directions, 0..1. */
  readonly onProgress?: ((fraction: number) => void | Promise<void>) | undefined;
}

export const SLICED_WASSERSTEIN_DEFAULTS: { readonly directions: number } = { directions: 512 };

/** Directions projected at once: 64 x 256,000 floats are 65 MB a set. */
const BATCH = 64;
/** Descriptors of one product. */
const BLOCK = 16_384;

/**
 * @param sets with equally many descriptors each
 * @param pairs indices of the sets to compare
 * @returns a distance for each pair (the paper's tables show it times 1,000)
 * @throws RangeError where the sets have different or no lengths
 */
export async function slicedWasserstein(
  sets: readonly DescriptorChunks[],
  pairs: readonly (readonly [number, number])[],
  options: SlicedWassersteinOptions,
): Promise<number[]> {
  const { runtime, threads, key } = options;
  const directions = options.directions ?? SLICED_WASSERSTEIN_DEFAULTS.directions;
  const counts = sets.map(
    (chunks) => chunks.reduce((sum, chunk) => sum + chunk.length, 0) / DESCRIPTOR_LENGTH,
  );
  const [count] = counts;
  if (!(count > 0) || counts.some((n) => n !== count))
    throw new RangeError(
      `slicedWasserstein: the sets must have equally many descriptors, they have ${counts.join(', ')}.`,
    );
  const batch = Math.min(BATCH, directions);
  const program = await compile(
    ({ rows, descriptors }) => matmul(rows, transpose(descriptors, [1, 0])),
    { rows: { shape: [batch, DESCRIPTOR_LENGTH] }, descriptors: { shape: [BLOCK, DESCRIPTOR_LENGTH] } },
    { runtime, threads },
  );
  try {
    const statistics = sets.map(channelStatistics);
    const sorter = createFloatSorter(count);
    const block = new Float32Array(BLOCK * DESCRIPTOR_LENGTH);
    const projections = sets.map(() => new Float32Array(batch * count));
    const sums = pairs.map(() => 0);
    for (let start = 0; start < directions; start += batch) {
      await options.onProgress?.(start / directions);
      const unit = unitDirections(foldIn(key, start), batch);
      const used = Math.min(batch, directions - start);
      for (const [index, chunks] of sets.entries()) {
        const { mean, deviation } = statistics[index];
        // The set's own standardisation, folded into the directions.
        const rows = new Float32Array(unit.length);
        const shifts = new Float64Array(batch);
        for (let d = 0; d < batch; d++)
          for (let j = 0; j < DESCRIPTOR_LENGTH; j++) {
            const c = Math.floor(j / PATCH_PX ** 2);
            rows[d * DESCRIPTOR_LENGTH + j] = unit[d * DESCRIPTOR_LENGTH + j] / deviation[c];
            shifts[d] += (unit[d * DESCRIPTOR_LENGTH + j] * mean[c]) / deviation[c];
          }
        const projected = projections[index];
        for (const { from, length } of blocksOf(chunks, block)) {
          const { output } = await program.run({ rows, descriptors: block });
          for (let d = 0; d < used; d++) {
            const shift = shifts[d];
            for (let i = 0; i < length; i++) projected[d * count + from + i] = output[d * BLOCK + i] - shift;
          }
        }
        for (let d = 0; d < used; d++) sorter.sort(projected.subarray(d * count, (d + 1) * count));
      }
      pairs.forEach(([a, b], p) => {
        let sum = 0;
        for (let i = 0; i < used * count; i++) sum += Math.abs(projections[a][i] - projections[b][i]);
        sums[p] += sum / (count * directions);
      });
    }
    return sums;
  } finally {
    await program.dispose();
  }
}

/** Fills `block` with descriptors over and over; chunks need not end where blocks do. */
function* blocksOf(
  chunks: DescriptorChunks,
  block: Float32Array,
): Generator<{ readonly from: number; readonly length: number }> {
  let filled = 0;
  let from = 0;
  for (const chunk of chunks)
    for (let at = 0; at < chunk.length;) {
      const take = Math.min(block.length - filled, chunk.length - at);
      for (let i = 0; i < take; i++) block[filled + i] = chunk[at + i];
      filled += take;
      at += take;
      if (filled === block.length) {
        yield { from, length: filled / DESCRIPTOR_LENGTH };
        from += filled / DESCRIPTOR_LENGTH;
        filled = 0;
      }
    }
  if (filled > 0) yield { from, length: filled / DESCRIPTOR_LENGTH };
}

/** Over all patches of a set, for each colour channel. */
function channelStatistics(chunks: DescriptorChunks): { mean: number[]; deviation: number[] } {
  const sum = [0, 0, 0];
  const squares = [0, 0, 0];
  let count = 0;
  const plane = PATCH_PX ** 2;
  for (const chunk of chunks)
    for (let at = 0; at < chunk.length; at += DESCRIPTOR_LENGTH) {
      count += plane;
      for (let c = 0; c < 3; c++)
        for (let i = at + c * plane; i < at + (c + 1) * plane; i++) {
          sum[c] += chunk[i];
          squares[c] += chunk[i] * chunk[i];
        }
    }
  const mean = sum.map((value) => value / count);
  return {
    mean,
    // A set without any contrast at a level stays at 0.
    deviation: squares.map((value, c) => Math.sqrt(Math.max(value / count - mean[c] ** 2, 0)) || 1),
  };
}

/** [n, 147], each of length 1, uniform on the sphere. */
function unitDirections(key: RandomKey, n: number): Float32Array {
  const out = normal(key, [n, DESCRIPTOR_LENGTH]);
  for (let d = 0; d < n; d++) {
    const row = out.subarray(d * DESCRIPTOR_LENGTH, (d + 1) * DESCRIPTOR_LENGTH);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    for (let j = 0; j < row.length; j++) row[j] /= length;
  }
  return out;
}
