export type { SphericalHarmonicsLight } from './spherical-harmonics.ts';
