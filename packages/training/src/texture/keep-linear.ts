/**
 * The linear stage of a run takes half a minute to a minute, and the GAN's stage is stopped and resumed many times. What it was
 * made from is remembered by a digest beside it; where that has not changed, the file of the last time is taken.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelManifest } from '@likeness/models';
import type { TextureDataset } from './build-maps.ts';

/** Beside the linear model: the digest of what it was made from. */
export const LINEAR_INPUTS_FILE = 'linear-inputs.json';

export interface KeptLinear {
  readonly manifest: ModelManifest;
  readonly bytes: Uint8Array;
}

/**
 * @param folder of the data set
 * @param settings whatever else the stage depends on, versions included
 * @returns sha256 over the settings, the maps' records and the bytes of their pictures
 */
export async function linearDigest(
  folder: string,
  dataset: TextureDataset,
  settings: Readonly<Record<string, string | number>>,
): Promise<string> {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([settings, dataset]));
  for (const { albedo, confidence } of dataset.maps)
    for (const file of [albedo, confidence]) hash.update(await readFile(join(folder, file)));
  return hash.digest('hex');
}

/** @returns the linear model in the run directory `out`, if it is whole and was made from what the digest says */
export async function keptLinear(out: string, name: string, digest: string): Promise<KeptLinear | undefined> {
  try {
    const inputs = JSON.parse(await readFile(join(out, LINEAR_INPUTS_FILE), 'utf8')) as {
      readonly digest?: unknown;
    };
    if (inputs.digest !== digest) return undefined;
    const manifest = JSON.parse(await readFile(join(out, `${name}.json`), 'utf8')) as ModelManifest;
    const bytes = await readFile(join(out, manifest.file));
    return createHash('sha256').update(bytes).digest('hex') === manifest.sha256
      ? { manifest, bytes }
      : undefined;
  } catch {
    // Never made, or stopped half way: it is made again.
    return undefined;
  }
}
