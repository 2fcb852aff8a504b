/**
 * Where the default models lie. This package holds data and addresses only: reading is the caller's (files on Node, fetch in
 * a browser), so that a bundler can copy the files that a page uses.
 */
export type { ModelManifest, ModelSource } from './manifest.ts';

export interface ModelEntry {
  readonly name: string;
  readonly kind: 'head' | 'skin' | 'texture';
  /** The data file. */
  readonly file: URL;
  /** A `ModelManifest` as JSON. */
  readonly manifest: URL;
}

/** `import.meta.url` is known to bundlers in exactly this form: both addresses are spelled out. */
export const LIKENESS_HEAD: ModelEntry = {
  name: 'likeness-head',
  kind: 'head',
  file: new URL('../data/likeness-head.safetensors', import.meta.url),
  manifest: new URL('../data/likeness-head.json', import.meta.url),
};

/** sRGB PNG in likeness-head's chart: what completes a texture where the photo shows nothing. */
export const TEMPLATE_SKIN: ModelEntry = {
  name: 'template-skin',
  kind: 'skin',
  file: new URL('../data/template-skin.png', import.meta.url),
  manifest: new URL('../data/template-skin.json', import.meta.url),
};

/** T = m + U p over albedo in likeness-head's chart. */
export const LIKENESS_SKIN_LINEAR: ModelEntry = {
  name: 'likeness-skin-linear',
  kind: 'texture',
  file: new URL('../data/likeness-skin-linear.safetensors', import.meta.url),
  manifest: new URL('../data/likeness-skin-linear.json', import.meta.url),
};

/** Progressive GAN over albedo in likeness-head's chart: ONNX, with its description in the manifest and an encoder beside it. */
export const LIKENESS_SKIN: ModelEntry = {
  name: 'likeness-skin',
  kind: 'texture',
  file: new URL('../data/likeness-skin.onnx', import.meta.url),
  manifest: new URL('../data/likeness-skin.json', import.meta.url),
};

/** Every model of this package. */
export const MODELS: readonly ModelEntry[] = [
  LIKENESS_HEAD,
  TEMPLATE_SKIN,
  LIKENESS_SKIN_LINEAR,
  LIKENESS_SKIN,
];

/** The model of that name, or undefined. */
export function findModel(name: string): ModelEntry | undefined {
  return MODELS.find((model) => model.name === name);
}
