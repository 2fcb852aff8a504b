export { RASTERIZE_DEFAULTS, rasterize, rasterizeVisibility } from './rasterize.ts';
export type { Rasterization, RasterizeOptions, VisibilityBuffer } from './rasterize.ts';
export { DEFAULT_LIGHT, isSheerPart, RENDER_HEAD_DEFAULTS, renderHead } from './render-head.ts';
export type { RenderHeadOptions, RenderSurface } from './render-head.ts';
