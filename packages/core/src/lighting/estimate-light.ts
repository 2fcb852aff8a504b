/**
 * Light from a face: solve observed = albedo * (H(n) . coefficients) for the nine coefficients of each channel.
 *
 * The face shows only the normals of the front hemisphere, on which the nine functions are nearly dependent, and part of
 * it does not follow the model (cast shadow, highlight, hair that slipped through). So the squares are reweighted
 * (Cauchy), bands 1 and 2 are drawn towards zero, and what still rings under zero somewhere is windowed
 * (Sloan 2008): light is never negative.
 */
import { SH_COUNT, shadeNormals, shBasis, type SphericalHarmonicsLight } from './spherical-harmonics.ts';

export interface LightSamples {
  /** [N, 3] world-frame unit normals. */
  readonly normals: Float32Array;
  /** [N, 3] observed linear RGB. */
  readonly observed: Float32Array;
  /** [N, 3] prior albedo, linear RGB > 0. */
  readonly albedo: Float32Array;
  /** [N] trust 0..1. */
  readonly weights: Float32Array;
}

export interface EstimateLightOptions {
  /** Rounds of reweighting. */
  readonly rounds?: number;
  /** Pull of bands 1 and 2 towards zero, relative to the data. */
  readonly ridge?: readonly [number, number];
  /** Pull of each channel's bands 1 and 2 towards the shape that all three share, relative to the data. */
  readonly chroma?: number;
  /** Samples used at most; more are thinned out evenly. */
  readonly maxSamples?: number;
  /** Least shading anywhere on the sphere, relative to the mean. */
  readonly floor?: number;
}

export const ESTIMATE_LIGHT_DEFAULTS: Required<EstimateLightOptions> = {
  rounds: 4,
  ridge: [0.002, 0.01],
  chroma: 0.1,
  maxSamples: 3000,
  floor: 0.08,
};

export interface LightEstimate {
  readonly light: SphericalHarmonicsLight;
  /** [N] the samples' final weights, robust weight included. */
  readonly weights: Float32Array;
  /** Median of |observed / (albedo shading) - 1| in luminance. */
  readonly medianResidual: number;
}

/** @throws RangeError when no sample has weight. */
export function estimateLight(samples: LightSamples, options: EstimateLightOptions = {}): LightEstimate {
  const rounds = options.rounds ?? ESTIMATE_LIGHT_DEFAULTS.rounds;
  const ridge = options.ridge ?? ESTIMATE_LIGHT_DEFAULTS.ridge;
  const chroma = options.chroma ?? ESTIMATE_LIGHT_DEFAULTS.chroma;
  const { observed, albedo } = samples;
  const count = samples.weights.length;
  const seen: number[] = [];
  for (let i = 0; i < count; i++) if (samples.weights[i] > 0) seen.push(i);
  if (seen.length === 0) throw new RangeError('estimateLight: no sample has any weight.');
  const step = Math.max(
    1,
    Math.ceil(seen.length / (options.maxSamples ?? ESTIMATE_LIGHT_DEFAULTS.maxSamples)),
  );
  const used = seen.filter((_, k) => k % step === 0);
  const packed = packSamples(used, samples);
  const { basis } = packed;

  const coefficients = new Float32Array(3 * SH_COUNT);
  const weights = samples.weights.slice();
  const residuals = new Float32Array(used.length);
  let medianResidual = 0;
  for (let round = 0; round < rounds; round++) {
    // The sum of the channels first: its shape is what all three have in common.
    const sum = normalEquations(packed, weights, 3);
    const floor = options.floor ?? ESTIMATE_LIGHT_DEFAULTS.floor;
    const { shape, stiffness } = solvePositive(sum, ridge, floor);
    for (let channel = 0; channel < 3; channel++) {
      const own = normalEquations(packed, weights, channel);
      const gain = projectOnto(own, shape);
      const pull = shape.map((x) => gain * x);
      const solution = solveWithPull(own, pull, [
        ridge[0] * stiffness + chroma,
        ridge[1] * stiffness + chroma,
      ]);
      window(solution, floor);
      // Windowing takes light away; its strength is known much better than its shape.
      const strength = projectOnto(own, solution);
      coefficients.set(
        solution.map((x) => x * strength),
        channel * SH_COUNT,
      );
    }
    // Residuals relative to the prediction: shadows and highlights err in proportion to the light.
    used.forEach((i, k) => {
      let predicted = 0;
      let seen = 0;
      for (let channel = 0; channel < 3; channel++) {
        let shading = 0;
        for (let b = 0; b < SH_COUNT; b++)
          shading += coefficients[channel * SH_COUNT + b] * basis[k * SH_COUNT + b];
        predicted += Math.max(shading, 0) * albedo[i * 3 + channel];
        seen += observed[i * 3 + channel];
      }
      residuals[k] = seen / Math.max(predicted, 1e-4) - 1;
    });
    medianResidual = median(residuals.map(Math.abs));
    const spread = Math.max(0.03, 1.4826 * medianResidual) * 1.5;
    used.forEach((i, k) => {
      weights[i] = samples.weights[i] / (1 + (residuals[k] / spread) ** 2);
    });
  }
  return { light: { coefficients }, weights, medianResidual };
}

interface NormalEquations {
  /** Lower triangle of [9, 9]. */
  readonly matrix: Float64Array;
  readonly right: Float64Array;
  /** Sum of w a^2: the size that ridges are relative to. */
  readonly scale: number;
}

/** Entries of the lower triangle of [9, 9]. */
const PAIRS = (SH_COUNT * (SH_COUNT + 1)) / 2;

/** Samples laid out for the accumulation, which runs over them twenty times. */
interface PackedSamples {
  readonly used: readonly number[];
  /** [N, 9] */
  readonly basis: Float64Array;
  /** [N, 45] products of the basis, lower triangle row by row. */
  readonly products: Float32Array;
  /** [4, N] prior albedo and observation of red, green, blue and their sum. */
  readonly albedo: Float32Array;
  readonly observed: Float32Array;
}

function packSamples(used: readonly number[], samples: LightSamples): PackedSamples {
  const n = used.length;
  const basis = new Float64Array(n * SH_COUNT);
  const products = new Float32Array(n * PAIRS);
  const albedo = new Float32Array(n * 4);
  const observed = new Float32Array(n * 4);
  for (let k = 0; k < n; k++) {
    const i = used[k] * 3;
    shBasis(samples.normals[i], samples.normals[i + 1], samples.normals[i + 2], basis, k * SH_COUNT);
    let at = k * PAIRS;
    for (let p = 0; p < SH_COUNT; p++)
      for (let q = 0; q <= p; q++) products[at++] = basis[k * SH_COUNT + p] * basis[k * SH_COUNT + q];
    for (let c = 0; c < 3; c++) {
      albedo[c * n + k] = samples.albedo[i + c];
      observed[c * n + k] = samples.observed[i + c];
      albedo[3 * n + k] += samples.albedo[i + c];
      observed[3 * n + k] += samples.observed[i + c];
    }
  }
  return { used, basis, products, albedo, observed };
}

/** @param channel 0, 1, 2 for a colour, 3 for their sum. */
function normalEquations(
  { used, basis, products, albedo, observed }: PackedSamples,
  weights: Float32Array,
  channel: number,
): NormalEquations {
  const n = used.length;
  const lower = new Float64Array(PAIRS);
  const right = new Float64Array(SH_COUNT);
  let scale = 0;
  for (let k = 0; k < n; k++) {
    const a = albedo[channel * n + k];
    const w = weights[used[k]] * a;
    const waa = w * a;
    const seen = w * observed[channel * n + k];
    scale += waa;
    const at = k * PAIRS;
    for (let j = 0; j < PAIRS; j++) lower[j] += waa * products[at + j];
    for (let p = 0; p < SH_COUNT; p++) right[p] += seen * basis[k * SH_COUNT + p];
  }
  const matrix = new Float64Array(SH_COUNT * SH_COUNT);
  for (let p = 0, j = 0; p < SH_COUNT; p++)
    for (let q = 0; q <= p; q++) matrix[p * SH_COUNT + q] = lower[j++];
  return { matrix, right, scale };
}

/** Least squares with bands 1 and 2 drawn towards `pull`. */
function solveWithPull(
  { matrix, right, scale }: NormalEquations,
  pull: Float64Array,
  ridge: readonly [number, number],
): Float64Array {
  const m = matrix.slice();
  const r = right.slice();
  for (let p = 0; p < SH_COUNT; p++) {
    const strength = scale * (p === 0 ? 1e-6 : ridge[p < 4 ? 0 : 1]);
    m[p * SH_COUNT + p] += strength;
    r[p] += strength * pull[p];
  }
  return solveSymmetric(m, r, SH_COUNT);
}

/** The factor g that makes g * shape fit best. */
function projectOnto({ matrix, right }: NormalEquations, shape: Float64Array): number {
  let top = 0;
  let bottom = 0;
  for (let p = 0; p < SH_COUNT; p++) {
    top += right[p] * shape[p];
    for (let q = 0; q < SH_COUNT; q++)
      bottom += shape[p] * shape[q] * matrix[Math.max(p, q) * SH_COUNT + Math.min(p, q)];
  }
  return bottom > 0 ? top / bottom : 1;
}

/** Directions for the check of positivity: a Fibonacci sphere. */
const PROBES: Float32Array = Float32Array.from({ length: 128 * 3 }, (_, i) => {
  const k = Math.floor(i / 3);
  const z = 1 - (2 * k + 1) / 128;
  const angle = k * Math.PI * (3 - Math.sqrt(5));
  return i % 3 === 2 ? z : Math.sqrt(1 - z * z) * (i % 3 === 0 ? Math.cos(angle) : Math.sin(angle));
});

/** Least shading over the probes and the mean shading. */
function extremes(c: Float64Array): { readonly least: number; readonly mean: number } {
  const basis = new Float64Array(SH_COUNT);
  let least = Infinity;
  for (let i = 0; i < PROBES.length; i += 3) {
    shBasis(PROBES[i], PROBES[i + 1], PROBES[i + 2], basis);
    let sum = 0;
    for (let b = 0; b < SH_COUNT; b++) sum += c[b] * basis[b];
    least = Math.min(least, sum);
  }
  shBasis(0, 0, 1, basis);
  return { least, mean: c[0] * basis[0] };
}

/** By how much of the mean a fit may ring under the floor; windowing mends that, more is a fit gone wrong. */
const RINGING = 0.5;

/** Stiffer and stiffer until no side of the head would be lit by less than nothing; at last it is even light. */
function solvePositive(
  equations: NormalEquations,
  ridge: readonly [number, number],
  floor: number,
): { readonly shape: Float64Array; readonly stiffness: number } {
  const none = new Float64Array(SH_COUNT);
  for (let stiffness = 1; ; stiffness *= 2.5) {
    const shape = solveWithPull(equations, none, [ridge[0] * stiffness, ridge[1] * stiffness]);
    const { least, mean } = extremes(shape);
    if ((mean > 0 && least >= (floor - RINGING) * mean) || stiffness > 1e6) return { shape, stiffness };
  }
}

/** Shrinks band 2, then band 1, until no probe falls below `floor` times the mean. */
function window(c: Float64Array, floor: number): void {
  const basis = new Float64Array(SH_COUNT);
  let factor = 1;
  for (let i = 0; i < PROBES.length; i += 3) {
    shBasis(PROBES[i], PROBES[i + 1], PROBES[i + 2], basis);
    let first = 0;
    let second = 0;
    for (let b = 1; b < 4; b++) first += c[b] * basis[b];
    for (let b = 4; b < SH_COUNT; b++) second += c[b] * basis[b];
    const room = (floor - 1) * c[0] * basis[0];
    // Band 2 is multiplied by f^3, band 1 by f: the higher band rings first.
    while (factor > 0 && factor * first + factor ** 3 * second < room) factor -= 0.02;
  }
  factor = Math.max(0, factor);
  for (let b = 1; b < SH_COUNT; b++) c[b] *= b < 4 ? factor : factor ** 3;
}

/** Cholesky solution of a symmetric positive definite system given by its lower triangle. */
function solveSymmetric(matrix: Float64Array, right: Float64Array, n: number): Float64Array {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k] * matrix[j * n + k];
      matrix[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-30)) : sum / matrix[j * n + j];
    }
  }
  const x = right.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= matrix[i * n + k] * x[k];
    x[i] /= matrix[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= matrix[k * n + i] * x[k];
    x[i] /= matrix[i * n + i];
  }
  return x;
}

function median(values: Float32Array): number {
  const sorted = values.slice().sort();
  return sorted[sorted.length >> 1];
}

/** Mean shading over the sphere per channel (band 0), a scale to compare lights by. */
export function meanShading(light: SphericalHarmonicsLight): [number, number, number] {
  const all = shadeNormals(light, PROBES);
  const sum: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < all.length; i++) sum[i % 3] += all[i] / (all.length / 3);
  return sum;
}
