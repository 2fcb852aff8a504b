export { SH_COUNT, ambientLight, directionalLight, shBasis, shadeNormals } from './spherical-harmonics.ts';
export type { SphericalHarmonicsLight } from './spherical-harmonics.ts';
