/**
 * `likeness train texture`: from photographs to texture models of a head's chart, in stages that leave their results in one
 * run directory: `maps` (the data set), `linear` (principal components).
 */
import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Image } from '@likeness/core/image';
import type { MorphableModel } from '@likeness/core/model';
import {
  evaluateLinearTexture,
  invertLinearTexture,
  readLinearTexture,
  writeLinearTexture,
  type LinearTexture,
} from '@likeness/core/texture';
import type { ModelManifest } from '@likeness/models';
import { BUILD_MAPS_DEFAULTS, buildMaps, type TextureDataset } from './build-maps.ts';
import { readAlbedo, readConfidence } from './dataset.ts';
import { TRAIN_LINEAR_TEXTURE_DEFAULTS, trainLinearTexture } from './linear-model.ts';
import { TEXTURE_PHOTO_DEFAULTS, texturePhotos, type TexturePhoto } from './texture-photos.ts';

export interface TrainTextureOptions {
  /** Folder of photographs (see `texturePhotos` for its layouts). */
  readonly photos: string;
  /** Run directory; made if absent, continued if it holds maps already. */
  readonly out: string;
  readonly model: MorphableModel;
  readonly templateSkin?: Image | undefined;
  readonly size?: number | undefined;
  readonly seed?: number | undefined;
  readonly validationPeople?: number | undefined;
  /** Components of the linear model. */
  readonly modes?: number | undefined;
  /** Only list the photographs and how they are split. */
  readonly dryRun?: boolean | undefined;
  readonly onProgress?: ((stage: string, fraction: number) => void) | undefined;
}

/** How well maps of people who were not learned from are reproduced. */
export interface InversionError {
  readonly maps: number;
  /** Mean absolute difference over what the photos show, sRGB-encoded, 0..1. */
  readonly l1: number;
  /** The same for the mean texture: what there is to explain. */
  readonly l1OfMean: number;
}

export interface TrainTextureResult {
  readonly photos: { readonly train: number; readonly validation: number; readonly people: number };
  /** Absent after a dry run. */
  readonly dataset?: TextureDataset;
  readonly linear?: { readonly manifest: ModelManifest; readonly file: string };
}

/** @throws Error where there are no photographs or too few for the model. */
export async function trainTexture(options: TrainTextureOptions): Promise<TrainTextureResult> {
  const seed = options.seed ?? TEXTURE_PHOTO_DEFAULTS.seed;
  const validationPeople = options.validationPeople ?? TEXTURE_PHOTO_DEFAULTS.validationPeople;
  const size = options.size ?? BUILD_MAPS_DEFAULTS.size;
  const modes = options.modes ?? TRAIN_LINEAR_TEXTURE_DEFAULTS.modes;
  const listed = await texturePhotos(options.photos, { seed, validationPeople });
  const photos = {
    train: listed.filter(({ split }) => split === 'train').length,
    validation: listed.filter(({ split }) => split === 'validation').length,
    people: new Set(listed.map(({ person }) => person)).size,
  };
  if (options.dryRun === true) return { photos };
  await mkdir(options.out, { recursive: true });
  await writeWhole(
    join(options.out, 'config.json'),
    `${JSON.stringify({ seed, validationPeople, size, modes, model: { name: options.model.name, version: options.model.version } }, null, 2)}\n`,
  );
  const folder = join(options.out, 'maps');
  const dataset = await buildMaps({
    photos: listed,
    out: folder,
    model: options.model,
    templateSkin: options.templateSkin,
    size,
    onProgress: (done, of) => options.onProgress?.('maps', done / of),
  });
  const trained = await trainLinearTexture({
    folder,
    dataset,
    model: options.model,
    modes,
    onProgress: (fraction) => options.onProgress?.('linear', fraction),
  });
  const bytes = writeLinearTexture(trained.texture);
  const inversion = await inversionError(folder, dataset, readLinearTexture(bytes));
  options.onProgress?.('linear', 1);
  const { name, version } = trained.texture;
  const manifest: ModelManifest = {
    format: 'model-manifest/1',
    name,
    version,
    kind: 'texture',
    licence: 'CC-BY-4.0',
    description: `Linear albedo model T = m + U p of ${modes} components in the chart of ${dataset.model.name} ${dataset.model.version}, ${size} x ${size}.`,
    file: `${name}.safetensors`,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    command: `likeness train texture --photos DIR -o DIR --seed ${seed} --modes ${modes}`,
    sources: sourcesOf(listed),
    figures: {
      ...photos,
      maps: dataset.maps.length,
      left: dataset.left.length,
      learnedFromWithMirrorImages: trained.maps,
      varianceKept: round(trained.varianceKept),
      validation: inversion,
    },
  };
  const file = join(options.out, manifest.file);
  await writeWhole(file, bytes);
  await writeWhole(join(options.out, `${name}.json`), `${JSON.stringify(manifest, null, 2)}\n`);
  return { photos, dataset, linear: { manifest, file } };
}

/** Inverts every validation map and compares where its photo showed something. */
export async function inversionError(
  folder: string,
  dataset: TextureDataset,
  texture: LinearTexture,
): Promise<InversionError> {
  const held = dataset.maps.filter(({ split }) => split === 'validation');
  const none = new Float32Array(texture.modeCount);
  const meanImage = evaluateLinearTexture(texture, none);
  let l1 = 0;
  let l1OfMean = 0;
  for (const map of held) {
    const planar = await readAlbedo(folder, map);
    const confidence = Float32Array.from(await readConfidence(folder, map), (value) => value / 255);
    const plane = texture.size ** 2;
    const data = Uint8Array.from(
      { length: 3 * plane },
      (_, i) => planar[(i % 3) * plane + Math.floor(i / 3)],
    );
    const target: Image = { width: texture.size, height: texture.size, channels: 3, data };
    const found = evaluateLinearTexture(texture, invertLinearTexture(texture, target, confidence));
    l1 += difference(found, target, confidence) / held.length;
    l1OfMean += difference(meanImage, target, confidence) / held.length;
  }
  return { maps: held.length, l1: round(l1), l1OfMean: round(l1OfMean) };
}

function difference(a: Image, b: Image, weights: Float32Array): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    total += 3 * weights[i];
    for (let c = 0; c < 3; c++) sum += (weights[i] * Math.abs(a.data[i * 3 + c] - b.data[i * 3 + c])) / 255;
  }
  return total > 0 ? sum / total : 0;
}

const round = (value: number): number => Math.round(value * 1e5) / 1e5;

/** The open sets by name; other photographs are the user's own, and so is their licence. */
function sourcesOf(photos: readonly TexturePhoto[]): ModelManifest['sources'] {
  const known = SOURCES.filter((_, index) =>
    photos.some(({ person }) => person.startsWith(SOURCE_PREFIXES[index])),
  );
  const own = photos.some(({ person }) => !SOURCE_PREFIXES.some((prefix) => person.startsWith(prefix)));
  const mine: ModelManifest['sources'][number] = {
    name: 'Photographs given to the command',
    url: '',
    version: '',
    licence: 'of their owner',
    copyright: 'their owner',
    use: 'unwrapped',
  };
  return own ? [...known, mine] : known;
}

const SOURCE_PREFIXES = ['london-', 'canada-'] as const;

const SOURCES: ModelManifest['sources'] = [
  {
    name: 'Face Research Lab London Set',
    url: 'https://doi.org/10.6084/m9.figshare.5047666.v5',
    version: 'v5, through debruine/webmorphR.stim fa8b78f',
    licence: 'CC-BY-4.0',
    copyright: 'Lisa DeBruine and Benedict Jones (2017)',
    use: 'neutral and smiling photographs, unwrapped',
  },
  {
    name: 'Young Adult White Faces with Manipulated Versions',
    url: 'https://doi.org/10.6084/m9.figshare.4220517.v1',
    version: 'v1, through debruine/webmorphR.stim fa8b78f',
    licence: 'CC-BY-4.0',
    copyright: 'Lisa DeBruine and Benedict Jones (2017)',
    use: 'photographs, unwrapped',
  },
];

/** Under a passing name first: a stopped run leaves no half file. */
async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.part`, content);
  await rename(`${path}.part`, path);
}
