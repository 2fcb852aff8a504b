/**
 * Which photographs may move the embedding. Half of the people are kept out of training for good, so that everything that
 * is measured on them is measured on strangers: of the London set the even numbers are held out, the odd ones train.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface TrainingPhotos {
  /** Paths: the Canadian set and the odd numbers of the London set, neutral faces. */
  readonly train: readonly string[];
  /** Paths: the even numbers of the London set, neutral faces. */
  readonly heldOut: readonly string[];
}

/** @param folder with `canada/` and `london-neutral/`; a folder that is missing adds nothing */
export async function trainingPhotos(folder: string): Promise<TrainingPhotos> {
  const photosOf = async (name: string): Promise<string[]> => {
    const path = join(folder, name);
    if (!existsSync(path)) return [];
    return (await readdir(path))
      .filter((file) => file.endsWith('.jpg'))
      .toSorted()
      .map((file) => join(path, file));
  };
  const canada = await photosOf('canada');
  const london = await photosOf('london-neutral');
  const isOdd = (path: string): boolean => /[13579]\.jpg$/.test(path);
  return {
    train: [...canada, ...london.filter(isOdd)],
    heldOut: london.filter((path) => !isOdd(path)),
  };
}
