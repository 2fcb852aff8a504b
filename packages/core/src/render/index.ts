export { RASTERIZE_DEFAULTS, rasterize, rasterizeVisibility } from './rasterize.ts';
export type { Rasterization, RasterizeOptions, VisibilityBuffer } from './rasterize.ts';
export { DEFAULT_LIGHT, isSheerPart, RENDER_HEAD_DEFAULTS, renderHead } from './render-head.ts';
export type { RenderHeadOptions, RenderSurface } from './render-head.ts';
export { pixelBarycentrics } from './barycentrics.ts';
export { decodeSrgb, encodeSrgb } from './encode-srgb.ts';
export { interpolate } from './interpolate.ts';
export { createRasterInput, rasterInput, rasterSpecs, shownTriangles } from './raster-input.ts';
export type {
  PictureSize,
  RasterInput,
  RasterInputOptions,
  RasterSurface,
  RasterTensors,
} from './raster-input.ts';
export { coveredPixels, packedRasterSpecs, packRaster } from './packed-raster.ts';
export type { PackedRaster, PackedRasterTensors, PackedSurface } from './packed-raster.ts';
export { renderFace } from './render-face.ts';
export type { FaceLight, RenderedFace, RenderFaceOptions } from './render-face.ts';
export { SAMPLE_TEXTURE_DEFAULTS, sampleTexture } from './sample-texture.ts';
export type { SampleTextureOptions } from './sample-texture.ts';
export { smoothNormals } from './vertex-normals.ts';
export { antialias } from './antialias.ts';
export type { AntialiasedPicture, SilhouetteTensors } from './antialias.ts';
export { findSilhouette } from './silhouette.ts';
export type { Silhouette } from './silhouette.ts';
export { mipLevel } from './mip-level.ts';
export type { ChartSurface } from './mip-level.ts';
