/**
 * What is known of light before a photograph is looked at, as differentiable penalties: -log of a Gaussian density, up to a constant. A face
 * alone cannot tell a dark skin in strong light from a light one in weak light, nor a reddish skin from a reddish light;
 * without these, texture and light drift against each other.
 */
import { add, constant, div, mean, mul, sub, sum, type Tensor } from '@likeness/graph';
import type { PhongLight } from './shade-phong.ts';
import { shBasis, SH_COUNT } from './spherical-harmonics.ts';

/**
 * Means and deviations of `harmonicsPrior`, in units of shading at each function's largest value: 1 leaves the albedo as it is.
 */
export interface HarmonicsPriorOptions {
  /** [9] grey part of each function. */
  readonly means?: readonly number[] | undefined;
  /** Deviation of the grey part, by band. */
  readonly deviations?: readonly [number, number, number] | undefined;
  /** Deviation of each channel from grey, by band (Deng et al. 2019 penalise the same difference). */
  readonly chroma?: readonly [number, number, number] | undefined;
}

/**
 * The means, and the deviations times about one and a half, of the lights that the draft fit found in 19 photographs (8 from the wild, 11
 * portraits): light from above and the front, nearly grey. Widened, because that fit itself draws lights towards evenness.
 */
export const HARMONICS_PRIOR_DEFAULTS: {
  readonly means: readonly number[];
  readonly deviations: readonly [number, number, number];
  readonly chroma: readonly [number, number, number];
} = {
  means: [0.55, -0.17, 0.28, 0, 0, -0.05, 0.05, 0, 0],
  deviations: [0.25, 0.27, 0.12],
  chroma: [0.07, 0.04, 0.025],
};

/** Largest value of each basis function over the sphere. */
const PEAKS: Float64Array = (() => {
  const peaks = new Float64Array(SH_COUNT);
  const at = new Float64Array(SH_COUNT);
  const r = Math.SQRT1_2;
  for (const [x, y, z] of [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [r, r, 0],
    [0, r, r],
    [r, 0, r],
  ]) {
    shBasis(x, y, z, at);
    at.forEach((value, b) => (peaks[b] = Math.max(peaks[b], Math.abs(value))));
  }
  return peaks;
})();

/** @param coefficients [3, 9] @returns scalar >= 0 */
export function harmonicsPrior(coefficients: Tensor, options: HarmonicsPriorOptions = {}): Tensor {
  const means = options.means ?? HARMONICS_PRIOR_DEFAULTS.means;
  const deviations = options.deviations ?? HARMONICS_PRIOR_DEFAULTS.deviations;
  const chroma = options.chroma ?? HARMONICS_PRIOR_DEFAULTS.chroma;
  if (means.length !== SH_COUNT)
    throw new RangeError(`harmonicsPrior: expected ${SH_COUNT} means, received ${means.length}.`);
  const row = (value: (b: number) => number): Tensor =>
    constant(
      Array.from({ length: SH_COUNT }, (_, b) => value(b)),
      [1, SH_COUNT],
      coefficients.dtype,
    );
  const band = (b: number): number => (b === 0 ? 0 : b < 4 ? 1 : 2);
  const shading = mul(
    coefficients,
    row((b) => PEAKS[b]),
  );
  const grey = mean(shading, { axes: [0], keepDims: true });
  const off = div(
    sub(
      grey,
      row((b) => means[b]),
    ),
    row((b) => deviations[band(b)]),
  );
  const tint = div(
    sub(shading, grey),
    row((b) => chroma[band(b)]),
  );
  return mul(add(sum(mul(off, off)), sum(mul(tint, tint))), 0.5);
}

/** Means and deviations of `phongPrior`. */
export interface PhongPriorOptions {
  /** Ambient light and the point light's colour, grey: mean and deviation. */
  readonly ambient?: readonly [number, number] | undefined;
  readonly colour?: readonly [number, number] | undefined;
  /** Deviation of each channel of both from grey. */
  readonly chroma?: number | undefined;
  /** Mean and deviation of the highlight's strength. */
  readonly specular?: readonly [number, number] | undefined;
  /** Where the light is thought to be, world millimetres, and the deviation along each axis. */
  readonly position?: readonly [number, number, number] | undefined;
  readonly positionDeviationMm?: number | undefined;
}

/** Defaults of `phongPrior`: a lamp above and before the face. */
export const PHONG_PRIOR_DEFAULTS: {
  readonly ambient: readonly [number, number];
  readonly colour: readonly [number, number];
  readonly chroma: number;
  readonly specular: readonly [number, number];
  readonly position: readonly [number, number, number];
  readonly positionDeviationMm: number;
} = {
  ambient: [0.45, 0.25],
  colour: [0.5, 0.3],
  chroma: 0.08,
  specular: [0.08, 0.08],
  position: [0, 500, 1500],
  positionDeviationMm: 1500,
};

/** @returns scalar >= 0 */
export function phongPrior(light: PhongLight, options: PhongPriorOptions = {}): Tensor {
  const defaults = PHONG_PRIOR_DEFAULTS;
  const chroma = options.chroma ?? defaults.chroma;
  const squares = (x: Tensor, centre: number | Tensor, deviation: number): Tensor => {
    const off = div(sub(x, centre), deviation);
    return sum(mul(off, off));
  };
  const colour = (x: Tensor, [centre, deviation]: readonly [number, number]): Tensor => {
    const grey = mean(x);
    return add(squares(grey, centre, deviation), squares(x, grey, chroma));
  };
  const [highlight, highlightDeviation] = options.specular ?? defaults.specular;
  return mul(
    [
      colour(light.ambient, options.ambient ?? defaults.ambient),
      colour(light.colour, options.colour ?? defaults.colour),
      squares(light.specular, highlight, highlightDeviation),
      squares(
        light.position,
        constant([...(options.position ?? defaults.position)], [3], light.position.dtype),
        options.positionDeviationMm ?? defaults.positionDeviationMm,
      ),
    ].reduce((total, term) => add(total, term)),
    0.5,
  );
}
