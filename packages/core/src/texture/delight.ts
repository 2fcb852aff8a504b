/**
 * From observed skin to skin under even light: fits spherical-harmonic light to the unwrapped texels against the template
 * skin, splits skin tone from light, and takes out what nine coefficients cannot say (cast shadow, gloss).
 *
 * Everything is in log linear RGB, where light is a sum. Per texel: log albedo = log observed - log shading - residual.
 */
import {
  estimateLight,
  shadeNormals,
  splitSkinAndLight,
  type LightEvidence,
  type LightSamples,
  type SphericalHarmonicsLight,
} from '../lighting/index.ts';
import { blur, erode, weightedBlurs } from './plane-filters.ts';
import type { UvChart } from './uv-chart.ts';
import type { Unwrapped } from './unwrap.ts';

export interface DelightOptions {
  /** Width of what counts as leftover light, as a fraction of the chart. */
  readonly residualSigma?: number;
  /** How much of the left-right difference at that width is light: people are more symmetric than their lighting. */
  readonly asymmetry?: number;
  /** How much of what is brighter (gloss) and darker (shade) than the template on both sides alike is light. */
  readonly gloss?: number;
  readonly shade?: number;
  /** How much of the wide differences in chroma is light. */
  readonly chroma?: number;
  /** Width of the rim of what is seen, as a fraction of the chart, and how much of what differs there is light. */
  readonly rimWidth?: number;
  readonly rim?: number;
  /** What is known of the light's strength besides the skin. */
  readonly evidence?: LightEvidence | undefined;
  /**
   * The light where it is known (the joint fit's): its strength and colour where the face is lit well are kept, so they
   * decide between skin tone and light. Its shape over the normals is still estimated from the texels: nine free numbers a
   * channel, fitted to a face, are coloured at will where no normal of the face points, and would tint chin and neck.
   */
  readonly light?: SphericalHarmonicsLight | undefined;
}

export const DELIGHT_DEFAULTS: Required<Omit<DelightOptions, 'evidence' | 'light'>> = {
  residualSigma: 0.035,
  asymmetry: 0.9,
  gloss: 0.55,
  shade: 0.2,
  chroma: 0.75,
  rimWidth: 0.05,
  rim: 0.9,
};

export interface Delit {
  readonly light: SphericalHarmonicsLight;
  /** [S, S, 3] log(albedo) - log(template) of seen texels, 0 elsewhere. */
  readonly offset: Float32Array;
  /** [S, S, 3] log of everything that was divided out: shading and residual. */
  readonly logLight: Float32Array;
  /** Median log(albedo / template), the person's tone. */
  readonly tone: readonly [number, number, number];
  /** Median log albedo of plain skin as it is shown, gloss that was left included: what skin that is not seen continues. */
  readonly shown: readonly [number, number, number];
}

/** Least shading relative to its mean: darker than this it is not divided out, it would only amplify noise. */
const SHADING_FLOOR = 0.14;
/** About two 8-bit steps of the darkest sRGB: keeps the logarithm finite without lifting dark skin in shade. */
const DARK = 0.0006;

/**
 * @param template [S, S, 3] log linear RGB of the template skin, zero mean over the face.
 */
export function delight(
  chart: UvChart,
  unwrapped: Unwrapped,
  template: Float32Array,
  options: DelightOptions = {},
): Delit {
  const { size } = chart;
  const { confidence, plain, observed, normals } = unwrapped;
  const count = size * size;
  const seen: number[] = [];
  for (let i = 0; i < count; i++) if (plain[i] > 0.3) seen.push(i);
  if (seen.length < 30) throw new RangeError('Too little of the face is visible for a texture.');

  const gather = (plane: Float32Array): Float32Array => {
    const out = new Float32Array(seen.length * 3);
    for (let n = 0, o = 0; n < seen.length; n++) {
      const i = seen[n] * 3;
      out[o++] = plane[i];
      out[o++] = plane[i + 1];
      out[o++] = plane[i + 2];
    }
    return out;
  };
  const seenNormals = gather(normals);
  const seenObserved = gather(observed);
  const weights = Float32Array.from(seen, (i) => plain[i]);
  const { light, exposure, trust } = estimatedLight(
    { normals: seenNormals, observed: seenObserved, albedo: gather(template).map(Math.exp), weights },
    options,
  );

  const shading = shadeNormals(light, normals);
  const logLight = new Float32Array(count * 3);
  const offset = new Float32Array(count * 3);
  for (let i = 0; i < count; i++) {
    if (!unwrapped.skin[i]) continue;
    for (let c = 0; c < 3; c++) {
      logLight[i * 3 + c] = Math.log(Math.max(shading[i * 3 + c], SHADING_FLOOR * exposure[c]));
      if (confidence[i] > 0)
        offset[i * 3 + c] = Math.log(observed[i * 3 + c] + DARK) - logLight[i * 3 + c] - template[i * 3 + c];
    }
  }
  const seenOffset = gather(offset);
  const medians = (values: Float32Array, weight: Float32Array): [number, number, number] => {
    const median = (c: number): number => weightedQuantile(values, weight, c, 0.5);
    return [median(0), median(1), median(2)];
  };
  const tone = medians(seenOffset, trust);
  const rim = rimOf(chart, unwrapped, options.rimWidth ?? DELIGHT_DEFAULTS.rimWidth);
  removeResidual({ chart, unwrapped, template, offset, logLight, tone, rim }, options);
  const skin = gather(offset);
  seen.forEach((i, n) => {
    for (let c = 0; c < 3; c++) skin[n * 3 + c] += template[i * 3 + c];
  });
  return { light, offset, logLight, tone, shown: medians(skin, weights) };
}

/**
 * [S, S] 1 at the border of what is seen, 0 from `width` of the chart inwards. There skin turns away from the camera and
 * from most lights, hair throws its shade, and the fitted normals are worth least: what looks like pattern is mostly light.
 */
function rimOf({ size }: UvChart, { core }: Unwrapped, width: number): Float32Array {
  const inside = core.map((x) => (x > 0.3 ? 1 : 0));
  const margin = Math.max(1, Math.round((width * size) / 2));
  const rim = blur(erode(inside, size, size, margin), size, size, margin / 2);
  for (let i = 0; i < rim.length; i++) rim[i] = 1 - rim[i];
  return rim;
}

interface KnownLight {
  readonly light: SphericalHarmonicsLight;
  /** Shading where the face is lit well, per channel. */
  readonly exposure: readonly [number, number, number];
  /** [N] the samples' weights, what the light does not explain taken down. */
  readonly trust: Float32Array;
}

/** The light that explains the samples, split from the skin's tone: by a light that is known, else by what is probable. */
function estimatedLight(samples: LightSamples, { light: known, evidence }: DelightOptions): KnownLight {
  const { normals, observed } = samples;
  const estimate = estimateLight(samples);
  // The split of tone and light happens where the face is lit well, because that is what photographs are exposed for.
  const shading = shadeNormals(estimate.light, normals);
  const typical = [0, 1, 2].map((c) => weightedQuantile(shading, estimate.weights, c, 0.5));
  const bright = wellLit(shading, estimate.weights);
  const observedBright = [0, 1, 2].map(
    (c) => (weightedQuantile(observed, estimate.weights, c, 0.5) * bright[c]) / Math.max(typical[c], 1e-6),
  );
  const exposure =
    known === undefined
      ? splitSkinAndLight([observedBright[0], observedBright[1], observedBright[2]], evidence).light
      : wellLit(shadeNormals(known, normals), estimate.weights);
  const coefficients = estimate.light.coefficients.slice();
  for (let c = 0; c < 3; c++) {
    // estimate.light shades a skin of tone 1; where the face is lit well it becomes `exposure`, and the tone the rest.
    const gain = exposure[c] / Math.max(bright[c], 1e-6);
    for (let b = 0; b < 9; b++) coefficients[c * 9 + b] *= gain;
  }
  return { light: { coefficients }, exposure, trust: estimate.weights };
}

function wellLit(shading: Float32Array, weights: Float32Array): [number, number, number] {
  const quantile = (c: number): number => weightedQuantile(shading, weights, c, WELL_LIT);
  return [quantile(0), quantile(1), quantile(2)];
}

interface ResidualInput {
  readonly chart: UvChart;
  readonly unwrapped: Unwrapped;
  readonly template: Float32Array;
  /** Changed in place, as is `logLight`. */
  readonly offset: Float32Array;
  readonly logLight: Float32Array;
  readonly tone: readonly number[];
  readonly rim: Float32Array;
}

/** Darker than this at the rim (log) is a beard or hair rather than shade, and mostly stays. */
const RIM_LIMIT = 0.35;
/** Width of what is shade there, as a fraction of the chart: hair's shade is narrow. */
const RIM_SIGMA = 0.016;

function removeResidual(
  { chart, unwrapped: { plain, confidence }, template, offset, logLight, tone, rim }: ResidualInput,
  options: DelightOptions,
): void {
  const { size, mirror } = chart;
  const count = size * size;
  const sigma = (options.residualSigma ?? DELIGHT_DEFAULTS.residualSigma) * size;
  const asymmetry = options.asymmetry ?? DELIGHT_DEFAULTS.asymmetry;
  const gloss = options.gloss ?? DELIGHT_DEFAULTS.gloss;
  const shade = options.shade ?? DELIGHT_DEFAULTS.shade;
  const chroma = options.chroma ?? DELIGHT_DEFAULTS.chroma;
  const both = new Float32Array(count);
  if (mirror) for (let i = 0; i < count; i++) if (mirror[i] >= 0) both[i] = plain[i] * plain[mirror[i]];
  const rimShare = options.rim ?? DELIGHT_DEFAULTS.rim;
  const planes: Float32Array[] = [];
  const shown: Float32Array[] = [];
  const differences: Float32Array[] = [];
  for (let c = 0; c < 3; c++) {
    const plane = new Float32Array(count);
    // Clipped, so that a mole or a strand does not count as light.
    for (let i = 0; i < count; i++)
      if (plain[i] > 0) plane[i] = clamp(offset[i * 3 + c] - tone[c], -0.9, 0.7);
    const difference = new Float32Array(count);
    if (mirror)
      for (let i = 0; i < count; i++) if (both[i] > 0) difference[i] = 0.5 * (plane[i] - plane[mirror[i]]);
    planes.push(plane);
    const own = new Float32Array(count);
    for (let i = 0; i < count; i++) if (plain[i] > 0) own[i] = plane[i] + template[i * 3 + c];
    shown.push(own);
    differences.push(difference);
  }
  const odd = weightedBlurs(differences, both, size, size, sigma);
  const even = weightedBlurs(planes, plain, size, size, sigma);
  // The template is a mean of photographs, whose temples and jaws are in shade: at the rim its pattern is no evidence.
  const wide = weightedBlurs(shown, plain, size, size, RIM_SIGMA * size);
  const level = wide.map((plane) => innerMean(plane, plain, rim));
  for (let c = 0; c < 3; c++) for (let i = 0; i < count; i++) even[c][i] -= odd[c][i];
  const residual = new Float32Array(count * 3);
  const mean = [0, 0, 0];
  let total = 0;
  for (let i = 0; i < count; i++) {
    const oddY = LUMA[0] * odd[0][i] + LUMA[1] * odd[1][i] + LUMA[2] * odd[2][i];
    const evenY = LUMA[0] * even[0][i] + LUMA[1] * even[1][i] + LUMA[2] * even[2][i];
    const weight = plain[i] * (1 - rim[i]);
    total += weight;
    const share = confidence[i] > 0 ? rim[i] : 0;
    const y =
      LUMA[0] * (wide[0][i] - level[0]) +
      LUMA[1] * (wide[1][i] - level[1]) +
      LUMA[2] * (wide[2][i] - level[2]);
    const kept = share > 0 ? RIM_LIMIT * Math.tanh(y / RIM_LIMIT) - y : 0;
    const wideLight = asymmetry * oddY + (evenY > 0 ? gloss : shade) * evenY;
    for (let c = 0; c < 3; c++) {
      let value = wideLight + chroma * (odd[c][i] - oddY + even[c][i] - evenY);
      if (share > 0) value += share * (rimShare * (wide[c][i] - level[c] + kept) - value);
      residual[i * 3 + c] = value;
      mean[c] += weight * value;
    }
  }
  // Only its shape is residual; its mean is tone or light and was settled above.
  for (let c = 0; c < 3; c++) {
    const middle = mean[c] / Math.max(total, 1e-6);
    for (let i = c; i < residual.length; i += 3) {
      const value = residual[i] - middle;
      offset[i] -= value;
      logLight[i] += value;
    }
  }
}

/** Mean of a plane over plain skin away from the rim. */
function innerMean(plane: Float32Array, plain: Float32Array, rim: Float32Array): number {
  let [sum, total] = [0, 1e-6];
  for (let i = 0; i < plane.length; i++) {
    const weight = plain[i] * (1 - rim[i]);
    sum += weight * plane[i];
    total += weight;
  }
  return sum / total;
}

/** Weights of log luminance. */
const LUMA = [0.25, 0.6, 0.15] as const;

function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}

/** Quantile of the shading that counts as well lit: the side towards the light, but not a single glossy spot. */
const WELL_LIT = 0.9;

/** Samples a quantile is taken from: sorting all of them cost more than the whole light fit. */
const MEDIAN_SAMPLES = 4000;

/** Weighted quantile of one of three interleaved channels. */
function weightedQuantile(
  values: Float32Array,
  weights: Float32Array,
  channel: number,
  quantile: number,
): number {
  const step = Math.max(1, Math.floor(weights.length / MEDIAN_SAMPLES));
  const count = Math.ceil(weights.length / step);
  // Value and place in one number each: numbers are sorted without a function being called for every two of them.
  const bits = new Float32Array(1);
  const word = new Uint32Array(bits.buffer);
  const order = new Float64Array(count);
  let total = 0;
  for (let n = 0; n < count; n++) {
    // Adding 0 makes -0 to 0. A float's bits are in its order when the sign's is turned, all of them for negative ones.
    bits[0] = values[n * step * 3 + channel] + 0;
    const rank = word[0] >= 0x80000000 ? 0xffffffff - word[0] : word[0] + 0x80000000;
    order[n] = rank * count + n;
    total += weights[n * step];
  }
  order.sort();
  let sum = 0;
  let i = 0;
  for (let n = 0; n < count; n++) {
    i = (order[n] % count) * step;
    sum += weights[i];
    if (sum >= total * quantile) break;
  }
  return values[i * 3 + channel];
}
