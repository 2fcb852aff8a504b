/** The template of the default shape model: triangulation, UV chart and eyeballs, and the transfer of modes to it. */
export { buildTemplate, TEMPLATE_DEFAULTS } from './build-template.ts';
export type { TemplateOptions } from './build-template.ts';
export { eyeballDeltas, GAZE_DEGREES, IRIS_RADIUS_MM } from './eyeballs.ts';
export type { EyeballMotion } from './eyeballs.ts';
export { mouthInteriorDeltas } from './mouth-interior.ts';
export { readTemplateSource } from './source.ts';
export { transferDeltas } from './transfer.ts';
export type {
  Eyeball,
  HeadTemplate,
  LoopName,
  MouthInterior,
  RegionName,
  SourceBinding,
  TemplatePart,
  TemplateSource,
} from './types.ts';
