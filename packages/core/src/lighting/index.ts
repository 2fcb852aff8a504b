export { SH_COUNT, ambientLight, directionalLight, shBasis, shadeNormals } from './spherical-harmonics.ts';
export type { SphericalHarmonicsLight } from './spherical-harmonics.ts';
export { ESTIMATE_LIGHT_DEFAULTS, estimateLight, meanShading } from './estimate-light.ts';
export type { EstimateLightOptions, LightEstimate, LightSamples } from './estimate-light.ts';
export { SKIN_TONE_PRIOR, splitSkinAndLight } from './skin-tone.ts';
export type { LightEvidence, LinearRgb, SkinTonePrior } from './skin-tone.ts';
