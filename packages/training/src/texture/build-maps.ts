/**
 * The data set of the texture model: each photograph is fitted, unwrapped and delit into an albedo map in the head's
 * chart, with a map of how well the photo showed each texel. A run can be stopped at any moment: a photo's record is
 * written last, and what has a record is not made again.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAnalyser } from '@likeness/core/analysis';
import { fitLandmarks } from '@likeness/core/fitting';
import type { Image } from '@likeness/core/image';
import { evaluateModel, type MorphableModel } from '@likeness/core/model';
import { buildAlbedo } from '@likeness/core/texture';
import { nodeRuntime } from '@likeness/graph/node';
import { decodePhoto, encodePng, readAnalysisNetworks } from '@likeness/node';
import type { Split, TexturePhoto } from './texture-photos.ts';

export interface BuildMapsOptions {
  readonly photos: readonly TexturePhoto[];
  /** Folder of the data set; made if absent. */
  readonly out: string;
  readonly model: MorphableModel;
  /** Skin for what no photo shows (sRGB8, in the model's chart). */
  readonly templateSkin?: Image | undefined;
  /** Texels per side (default 512, as in GANFIT). */
  readonly size?: number | undefined;
  /** A photo that shows less of the face than this is left out (default 0.45; 1 is a bare face from the front). */
  readonly leastSeen?: number | undefined;
  readonly threads?: number | undefined;
  readonly onProgress?: ((done: number, of: number, id: string) => void) | undefined;
}

export const BUILD_MAPS_DEFAULTS: {
  readonly size: number;
  readonly leastSeen: number;
  readonly threads: number;
} = { size: 512, leastSeen: 0.45, threads: 2 };

/** One albedo map of the data set. */
export interface TextureMap {
  readonly id: string;
  readonly person: string;
  readonly split: Split;
  /** PNG files below the data set's folder: sRGB8 albedo; 8-bit confidence (255: the photo showed it well). */
  readonly albedo: string;
  readonly confidence: string;
  /** Median skin reflectance, linear RGB. */
  readonly skinTone: readonly [number, number, number];
  /** Share of the face that the photo shows. */
  readonly faceSeen: number;
}

/** `dataset.json`. */
export interface TextureDataset {
  /** `texture-maps/1`. */
  readonly format: string;
  readonly size: number;
  readonly model: { readonly name: string; readonly version: string };
  readonly maps: readonly TextureMap[];
  /** Photos that gave no map, and why. */
  readonly left: readonly { readonly id: string; readonly why: string }[];
}

export const DATASET_FORMAT = 'texture-maps/1';

type ItemRecord = TextureMap | { readonly id: string; readonly why: string };

/** @throws Error where no photo gave a map. */
export async function buildMaps(options: BuildMapsOptions): Promise<TextureDataset> {
  const { photos, out, model } = options;
  const size = options.size ?? BUILD_MAPS_DEFAULTS.size;
  for (const folder of ['albedo', 'confidence', 'records'])
    await mkdir(join(out, folder), { recursive: true });
  const key = { size, model: { name: model.name, version: model.version } };
  const records: ItemRecord[] = [];
  let analyser: Awaited<ReturnType<typeof createAnalyser>> | undefined;
  try {
    for (const [index, photo] of photos.entries()) {
      options.onProgress?.(index, photos.length, photo.id);
      const file = join(out, 'records', `${photo.id}.json`);
      const known = await readRecord(file, key);
      if (known) {
        // The split belongs to this run's seed, not to the map.
        records.push('why' in known ? known : { ...known, person: photo.person, split: photo.split });
        continue;
      }
      analyser ??= await createAnalyser(await readAnalysisNetworks(), {
        runtime: nodeRuntime(),
        threads: options.threads ?? BUILD_MAPS_DEFAULTS.threads,
      });
      const record = await makeMap(photo, analyser, size, options);
      await writeWhole(file, `${JSON.stringify({ ...key, record })}\n`);
      records.push(record);
    }
  } finally {
    await analyser?.dispose();
  }
  options.onProgress?.(photos.length, photos.length, '');
  const maps = records.filter((record): record is TextureMap => !('why' in record));
  const left = records.filter((record) => 'why' in record);
  if (maps.length === 0) throw new Error('train texture: no photo gave an albedo map.');
  const dataset: TextureDataset = { format: DATASET_FORMAT, ...key, maps, left };
  await writeWhole(join(out, 'dataset.json'), `${JSON.stringify(dataset, null, 2)}\n`);
  return dataset;
}

async function makeMap(
  photo: TexturePhoto,
  analyser: Awaited<ReturnType<typeof createAnalyser>>,
  size: number,
  { model, out, templateSkin, leastSeen = BUILD_MAPS_DEFAULTS.leastSeen }: BuildMapsOptions,
): Promise<ItemRecord> {
  const { id, person, split } = photo;
  const picture = await decodePhoto(photo.path);
  const face = (await analyser.analyse(picture)).at(0);
  if (!face) return { id, why: 'no face found' };
  const { parameters } = fitLandmarks(model, face, { widthPx: picture.width, heightPx: picture.height });
  const result = buildAlbedo({
    photo: picture,
    model,
    positions: evaluateModel(model, parameters.identity, parameters.expression),
    camera: parameters.camera,
    landmarks: face.landmarks.points,
    size,
    ...(templateSkin ? { templateSkin } : {}),
  });
  const faceSeen = Math.round(result.faceSeen * 1000) / 1000;
  if (faceSeen < leastSeen) return { id, why: `only ${Math.round(100 * faceSeen)} % of the face is seen` };
  const albedo = join('albedo', `${id}.png`);
  const confidence = join('confidence', `${id}.png`);
  await writeWhole(join(out, albedo), await encodePng(result.albedo));
  await writeWhole(join(out, confidence), await encodePng(eightBit(result.seen)));
  return { id, person, split, albedo, confidence, skinTone: result.skinTone, faceSeen };
}

function eightBit({ width, height, data }: Image<Float32Array>): Image {
  return {
    width,
    height,
    channels: 1,
    data: Uint8Array.from(data, (x) => Math.round(255 * Math.min(1, Math.max(0, x)))),
  };
}

/** A record made with the same size and model; anything else is made again. */
async function readRecord(file: string, key: object): Promise<ItemRecord | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { record, ...made } = JSON.parse(text) as { readonly record: ItemRecord };
  return JSON.stringify(made) === JSON.stringify(key) ? record : undefined;
}

/** Under a passing name first: a stopped run leaves no half file. */
async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.part`, content);
  await rename(`${path}.part`, path);
}
