/** The texture data set on disk, read back: maps as planar bytes, mirrored on demand in the head's own chart. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { uvChart, type ChartModel } from '@likeness/core/texture';
import { decodePhoto } from '@likeness/node';
import { DATASET_FORMAT, type TextureDataset, type TextureMap } from './build-maps.ts';

/** @throws Error where the folder holds no data set of this format. */
export async function readDataset(folder: string): Promise<TextureDataset> {
  const text = await readFile(join(folder, 'dataset.json'), 'utf8').catch(() => undefined);
  const dataset = text === undefined ? undefined : (JSON.parse(text) as TextureDataset);
  if (dataset?.format !== DATASET_FORMAT)
    throw new Error(`train texture: ${folder} holds no dataset.json of format ${DATASET_FORMAT}.`);
  return dataset;
}

/** A map's albedo: [3, S, S] sRGB8. */
export async function readAlbedo(folder: string, map: TextureMap): Promise<Uint8Array> {
  const { data, width, height } = await decodePhoto(join(folder, map.albedo));
  const plane = width * height;
  const out = new Uint8Array(3 * plane);
  for (let i = 0; i < plane; i++) for (let c = 0; c < 3; c++) out[c * plane + i] = data[i * 3 + c];
  return out;
}

/** A map's confidence: [S, S], 0..255. */
export async function readConfidence(folder: string, map: TextureMap): Promise<Uint8Array> {
  const { data, width, height } = await decodePhoto(join(folder, map.confidence));
  return Uint8Array.from({ length: width * height }, (_, i) => data[i * 3]);
}

/**
 * For each texel the one it takes its value from when the face is mirrored. Texels without a counterpart keep their own.
 */
export function mirrorSources(model: ChartModel, size: number): Int32Array {
  const { mirror, padding } = uvChart(model, size);
  return Int32Array.from({ length: size * size }, (_, i) => {
    if (!mirror) return i;
    // In the gaps between islands: what the island's border takes, so that filtering never sees the other side.
    const at = padding[i] >= 0 ? padding[i] : i;
    return mirror[at] >= 0 ? mirror[at] : i;
  });
}

/** [3, S, S] -> the mirrored face. */
export function mirrored(albedo: Uint8Array, sources: Int32Array): Uint8Array {
  const plane = sources.length;
  const out = new Uint8Array(albedo.length);
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < plane; i++) out[c * plane + i] = albedo[c * plane + sources[i]];
  return out;
}
