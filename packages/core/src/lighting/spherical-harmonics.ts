/**
 * Irradiance from a distant light as second-order spherical harmonics: nine numbers a channel are enough for a
 * matte surface (Ramamoorthi & Hanrahan 2001), and shading stays linear in them, so it can be solved for.
 *
 *   shading_c(n) = sum_b coefficients[c * 9 + b] H_b(n)      in linear RGB, n the world-frame unit normal
 *
 * with the basis H_b = a_l c_l * polynomial of Deng et al. 2019 (a = cosine kernel, c = normalisation), in its order and signs:
 * 1, -y, z, -x, xy, -yz, (3 z^2 - 1) / (2 sqrt 3), -xz, (x^2 - y^2) / 2.
 */
export interface SphericalHarmonicsLight {
  /** [3, 9] red, green, blue. */
  readonly coefficients: Float32Array;
}

/** Number of basis functions of bands 0, 1 and 2. */
export const SH_COUNT = 9;

const BAND0 = Math.PI * (1 / Math.sqrt(4 * Math.PI));
const BAND1 = ((2 * Math.PI) / Math.sqrt(3)) * (Math.sqrt(3) / Math.sqrt(4 * Math.PI));
const BAND2 = ((2 * Math.PI) / Math.sqrt(8)) * ((3 * Math.sqrt(5)) / Math.sqrt(12 * Math.PI));

/** H_0..H_8 at the unit normal (x, y, z), written to `out` from `offset`. */
export function shBasis(x: number, y: number, z: number, out: Float32Array | Float64Array, offset = 0): void {
  out[offset] = BAND0;
  out[offset + 1] = -BAND1 * y;
  out[offset + 2] = BAND1 * z;
  out[offset + 3] = -BAND1 * x;
  out[offset + 4] = BAND2 * x * y;
  out[offset + 5] = -BAND2 * y * z;
  out[offset + 6] = (BAND2 / (2 * Math.sqrt(3))) * (3 * z * z - 1);
  out[offset + 7] = -BAND2 * x * z;
  out[offset + 8] = (BAND2 / 2) * (x * x - y * y);
}

/**
 * Shading at N normals.
 *
 * @param normals [N, 3] world-frame unit normals.
 * @returns [N, 3] linear RGB; never below 0 (a second-order fit may ring under zero on the dark side).
 */
export function shadeNormals(
  light: SphericalHarmonicsLight,
  normals: Float32Array,
  out: Float32Array = new Float32Array(normals.length),
): Float32Array {
  const basis = new Float64Array(SH_COUNT);
  const { coefficients } = light;
  for (let i = 0; i < normals.length; i += 3) {
    shBasis(normals[i], normals[i + 1], normals[i + 2], basis);
    for (let channel = 0; channel < 3; channel++) {
      let sum = 0;
      for (let b = 0; b < SH_COUNT; b++) sum += coefficients[channel * SH_COUNT + b] * basis[b];
      out[i + channel] = Math.max(0, sum);
    }
  }
  return out;
}

/** Light of equal strength from everywhere: shading is `rgb` at every normal. */
export function ambientLight(rgb: readonly [number, number, number]): SphericalHarmonicsLight {
  const coefficients = new Float32Array(3 * SH_COUNT);
  for (let channel = 0; channel < 3; channel++) coefficients[channel * SH_COUNT] = rgb[channel] / BAND0;
  return { coefficients };
}

/**
 * A distant point light over ambient light, projected to the basis.
 *
 * @param direction towards the light, world frame; normalised here.
 * @param rgb shading (linear RGB) of a surface that faces the light, from this light alone (before the projection's smoothing).
 */
export function directionalLight(
  direction: readonly [number, number, number],
  rgb: readonly [number, number, number],
  ambient: readonly [number, number, number] = [0, 0, 0],
): SphericalHarmonicsLight {
  const length = Math.hypot(...direction);
  if (!(length > 0)) throw new RangeError('directionalLight: the direction must not be zero.');
  const basis = new Float64Array(SH_COUNT);
  shBasis(direction[0] / length, direction[1] / length, direction[2] / length, basis);
  const coefficients = ambientLight(ambient).coefficients.slice();
  // The clamped cosine max(0, n.l) = 1/4 + (n.l)/2 + 5/16 (3 (n.l)^2 - 1)/2 + ...; each band of the basis
  // reproduces its Legendre polynomial: sum_m H_lm(n) H_lm(l) = K_l P_l(n.l).
  const gains = [1 / 4 / BAND0 ** 2, 1 / 2 / BAND1 ** 2, 5 / 16 / (BAND2 ** 2 / 3)];
  for (let channel = 0; channel < 3; channel++) {
    for (let b = 0; b < SH_COUNT; b++) {
      const gain = gains[b === 0 ? 0 : b < 4 ? 1 : 2];
      coefficients[channel * SH_COUNT + b] += rgb[channel] * gain * basis[b];
    }
  }
  return { coefficients };
}
