export { BUILD_ALBEDO_DEFAULTS, buildAlbedo, prepareTexture } from './build-albedo.ts';
export type { AlbedoResult, BuildAlbedoInput } from './build-albedo.ts';
export { blur, erode, guidedFilter, weightedBlur } from './plane-filters.ts';
export { pullPush } from './pull-push.ts';
export { NO_PART, uvChart } from './uv-chart.ts';
export type { ChartModel, UvChart } from './uv-chart.ts';
