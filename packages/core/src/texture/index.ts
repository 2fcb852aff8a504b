export { BUILD_ALBEDO_DEFAULTS, buildAlbedo } from './build-albedo.ts';
export type { AlbedoResult, BuildAlbedoInput } from './build-albedo.ts';
