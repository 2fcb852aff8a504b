/**
 * The identity modes: PCA over sampled heads and their mirror images, rigid motion removed.
 *
 * Decisions (measured in docs/decisions/head-model.md):
 * - Each head counts with its mirror image. Then the covariance splits into that of the symmetric and that of the
 *   antisymmetric parts, x = (x + Mx)/2 + (x - Mx)/2, and every mode is exactly symmetric or exactly antisymmetric: a mirrored
 *   head has the same coefficients but for signs, and left and right are equally likely.
 * - Rotation and translation are removed (weighted Procrustes onto the mean), because the fit has a pose of its own and
 *   would pay for it twice. Scale stays: the unit is the millimetre, and size is identity.
 * - The metric weighs by area, and the face above the rest. For the prior it is irrelevant - any basis of the span
 *   describes the same Gaussian - it only decides what the truncation to 100 modes drops.
 */
import { alignPoints } from '@likeness/core/geometry';
import { leadingEigenvectors } from './leading-eigenvectors.ts';

export interface IdentityBasisInput {
  /** [V, 3] mm. */
  readonly mean: Float32Array;
  /** [V] */
  readonly mirror: Uint32Array;
  /** [V] sum 1: the metric of alignment and PCA. */
  readonly weights: Float64Array;
  /** [K, V, 3] mm: modes of the source on this mesh. */
  readonly sourceModes: readonly Float32Array[];
  /** [N, K] coefficients of the sampled heads. */
  readonly coefficients: Float64Array;
  readonly modes: number;
  readonly onProgress?: (fraction: number) => void;
}

export interface IdentityBasis {
  /** [modes, V, 3] mm at one standard deviation, by falling standard deviation. */
  readonly deltas: Float32Array;
  /** [modes] weighted RMS displacement at one standard deviation, mm. */
  readonly standardDeviationsMm: Float32Array;
  /** [modes] +1 symmetric, -1 antisymmetric. */
  readonly symmetry: Int8Array;
  /** Share of the samples' weighted variance that the modes keep. */
  readonly varianceKept: number;
}

/** Below this the samples differ by rounding only. */
const NO_VARIANCE_MM2 = 1e-9;

/** @throws RangeError when the samples span fewer directions than modes are asked for */
export function identityBasis(input: IdentityBasisInput): IdentityBasis {
  const { mean, mirror, weights, modes, onProgress } = input;
  const size = mean.length;
  const count = input.coefficients.length / input.sourceModes.length;
  // Vertices of one half and the midline carry the parts; the other half follows.
  const half = [...mirror.keys()].filter((v) => v <= mirror[v]);
  const columns = half.length * 3;
  const symmetric = new Float32Array(count * columns);
  const antisymmetric = new Float32Array(count * columns);
  const head = new Float32Array(size);
  for (let n = 0; n < count; n++) {
    sampleDisplacement(input, n, head);
    for (const [h, v] of half.entries()) {
      const m = mirror[v];
      for (let c = 0; c < 3; c++) {
        const own = head[v * 3 + c];
        const other = c === 0 ? -head[m * 3 + c] : head[m * 3 + c];
        symmetric[n * columns + h * 3 + c] = (own + other) / 2;
        antisymmetric[n * columns + h * 3 + c] = (own - other) / 2;
      }
    }
    if (n % 50 === 0) onProgress?.((0.4 * n) / count);
  }
  // A vertex off the midline stands for two.
  const metric = Float64Array.from({ length: columns }, (_, i) => {
    const v = half[Math.floor(i / 3)];
    return weights[v] + (mirror[v] === v ? 0 : weights[mirror[v]]);
  });
  removeMean(symmetric, count, columns);
  const parts = [symmetric, antisymmetric].map((rows, part) => {
    const gram = gramMatrix(rows, metric, count, columns, (fraction) =>
      onProgress?.(0.4 + 0.25 * (part + fraction)),
    );
    let variance = 0;
    for (let n = 0; n < count; n++) variance += gram[n * count + n] / count;
    const { values, vectors } = leadingEigenvectors(gram, count, Math.min(modes, count));
    return { rows, sign: part === 0 ? 1 : -1, variance, values, vectors };
  });
  const total = parts.reduce((sum, { variance }) => sum + variance, 0);
  const ranked = parts
    .flatMap((part) => Array.from(part.values, (value, k) => ({ part, k, value: value / count })))
    .sort((a, b) => b.value - a.value)
    .slice(0, modes);
  const smallest = ranked.at(-1);
  if (ranked.length < modes || !smallest || smallest.value < 1e-12 * total || total < NO_VARIANCE_MM2)
    throw new RangeError(`identityBasis: the samples span fewer than ${modes} directions.`);

  const deltas = new Float32Array(modes * size);
  const standardDeviationsMm = new Float32Array(modes);
  const symmetry = new Int8Array(modes);
  for (const [k, { part, k: index, value }] of ranked.entries()) {
    const mode = new Float64Array(columns);
    for (let n = 0; n < count; n++) {
      const weight = part.vectors[index * count + n] / Math.sqrt(count);
      for (let i = 0; i < columns; i++) mode[i] += weight * part.rows[n * columns + i];
    }
    // The sign of an eigenvector is arbitrary: the largest displacement points to +.
    const sign = mode.reduce((best, x) => (Math.abs(x) > Math.abs(best) ? x : best), 0) < 0 ? -1 : 1;
    for (const [h, v] of half.entries())
      for (let c = 0; c < 3; c++) {
        const x = sign * mode[h * 3 + c];
        deltas[k * size + v * 3 + c] = x;
        if (mirror[v] !== v) deltas[k * size + mirror[v] * 3 + c] = part.sign * (c === 0 ? -x : x);
      }
    standardDeviationsMm[k] = Math.sqrt(value);
    symmetry[k] = part.sign;
    if (k % 10 === 0) onProgress?.(0.9 + (0.1 * k) / modes);
  }
  const kept = ranked.reduce((sum, { value }) => sum + value, 0);
  return { deltas, standardDeviationsMm, symmetry, varianceKept: kept / total };
}

/** Displacement of sampled head n from the mean, rigid motion removed; [V, 3] written to `out`. */
export function sampleDisplacement(
  input: Pick<IdentityBasisInput, 'mean' | 'weights' | 'sourceModes' | 'coefficients'>,
  n: number,
  out: Float32Array,
): void {
  const { mean, sourceModes, coefficients } = input;
  out.set(mean);
  for (const [k, mode] of sourceModes.entries()) {
    const weight = coefficients[n * sourceModes.length + k];
    for (let i = 0; i < out.length; i++) out[i] += weight * mode[i];
  }
  const { rotation: r, translation: t } = alignPoints(out, mean, { scale: 'rigid', weights: input.weights });
  for (let i = 0; i < out.length; i += 3) {
    const [x, y, z] = [out[i], out[i + 1], out[i + 2]];
    for (let c = 0; c < 3; c++)
      out[i + c] = r[c * 3] * x + r[c * 3 + 1] * y + r[c * 3 + 2] * z + t[c] - mean[i + c];
  }
}

function removeMean(rows: Float32Array, count: number, columns: number): void {
  for (let i = 0; i < columns; i++) {
    let mean = 0;
    for (let n = 0; n < count; n++) mean += rows[n * columns + i] / count;
    for (let n = 0; n < count; n++) rows[n * columns + i] -= mean;
  }
}

/** G[a, b] = sum_i metric[i] rows[a, i] rows[b, i]. */
function gramMatrix(
  rows: Float32Array,
  metric: Float64Array,
  count: number,
  columns: number,
  onProgress: (fraction: number) => void,
): Float64Array {
  const gram = new Float64Array(count * count);
  const weighted = new Float64Array(columns);
  for (let a = 0; a < count; a++) {
    for (let i = 0; i < columns; i++) weighted[i] = metric[i] * rows[a * columns + i];
    // Four rows a pass: each weighted number is read once for all, and no addition waits for another.
    for (let b = 0; b <= a; b += 4) {
      const [r0, r1, r2, r3] = [0, 1, 2, 3].map((k) => Math.min(b + k, a) * columns);
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      for (let i = 0; i < columns; i++) {
        const w = weighted[i];
        s0 += w * rows[r0 + i];
        s1 += w * rows[r1 + i];
        s2 += w * rows[r2 + i];
        s3 += w * rows[r3 + i];
      }
      for (const [k, sum] of [s0, s1, s2, s3].entries()) {
        if (b + k > a) break;
        gram[a * count + b + k] = sum;
        gram[(b + k) * count + a] = sum;
      }
    }
    if (a % 50 === 0) onProgress((a / count) ** 2);
  }
  return gram;
}
