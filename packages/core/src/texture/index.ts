export { BUILD_ALBEDO_DEFAULTS, buildAlbedo, prepareTexture } from './build-albedo.ts';
export type { AlbedoResult, BuildAlbedoInput } from './build-albedo.ts';
export { OBSERVE_SKIN_DEFAULTS, observeSkin } from './observe-skin.ts';
export type { LightStatistics, ObserveSkinInput, PhotoMask, SkinObservation } from './observe-skin.ts';
export { skinTexels } from './unwrap.ts';
export { blur, erode, guidedFilter, weightedBlur } from './plane-filters.ts';
export { pullPush } from './pull-push.ts';
export { NO_PART, uvChart } from './uv-chart.ts';
export type { ChartModel, UvChart } from './uv-chart.ts';
export { replaceSkin } from './replace-skin.ts';
export type { TextureModel } from './texture-model.ts';
export { textureAtSize } from './texture-at-size.ts';
export {
  enlarge,
  evaluateLinearTexture,
  INVERT_LINEAR_TEXTURE_DEFAULTS,
  invertLinearTexture,
  linearTextureModel,
  readLinearTexture,
  writeLinearTexture,
} from './linear-texture.ts';
export type { InvertLinearTextureOptions, LinearTexture, TexelBox } from './linear-texture.ts';
export { toneTexture } from './tone-texture.ts';
export { GENERATOR_FORMAT, generatorTexture, readGeneratorDescription } from './generator-texture.ts';
export type { GeneratorDescription } from './generator-texture.ts';
export { INVERT_TEXTURE_DEFAULTS, invertTexture } from './invert-texture.ts';
export type { InversionStage, InvertTextureOptions, TextureInversion } from './invert-texture.ts';
export {
  ENCODE_TEXTURE_DEFAULTS,
  ENCODER_FORMAT,
  encodeTexture,
  readTextureEncoder,
  writeTextureEncoder,
} from './texture-encoder.ts';
export type { EncodeTextureOptions, TextureEncoder } from './texture-encoder.ts';
export { nostrilTexels } from './nostrils.ts';
export type { NostrilTexels } from './nostrils.ts';
