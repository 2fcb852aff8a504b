/**
 * Second-order spherical-harmonic irradiance (Ramamoorthi & Hanrahan 2001; constants as in Deng et al. 2019):
 * shading_c(n) = sum_b coefficients[c * 9 + b] H_b(n), in linear RGB, n the world-frame unit normal.
 */
export interface SphericalHarmonicsLight {
  /** [3, 9] red, green, blue. */
  readonly coefficients: Float32Array;
}
