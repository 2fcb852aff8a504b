export { RASTERIZE_DEFAULTS, rasterize, rasterizeVisibility } from './rasterize.ts';
export type { Rasterization, RasterizeOptions, VisibilityBuffer } from './rasterize.ts';
