/**
 * Which photographs the texture model learns from, and who of them is held out. People, not photos, are split: a person's
 * smiling photo in the training set would make the neutral one in the validation set a memory test.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { createRandom } from '../shape/random.ts';

/** One photograph of one person. */
export interface TexturePhoto {
  /** Unique, usable as a file name. */
  readonly id: string;
  /** The same for all photos of one person. */
  readonly person: string;
  readonly path: string;
  readonly split: Split;
}

export type Split = 'train' | 'validation';

export interface TexturePhotoOptions {
  /** People held out (default 10), drawn from those with most photos. */
  readonly validationPeople?: number;
  /** Seed of the draw (default 1). */
  readonly seed?: number;
}

export const TEXTURE_PHOTO_DEFAULTS: Required<TexturePhotoOptions> = { validationPeople: 10, seed: 1 };

const PICTURES = new Set(['.jpg', '.jpeg', '.png', '.webp']);

/** The openly licensed sets in the layout of the shared data: a folder each, a person's number as the file's name. */
const KNOWN_FOLDERS = ['london-neutral', 'london-smiling', 'canada'] as const;

/**
 * Lists the photographs below a folder. With `faces/` (or the sets themselves) inside, those sets are taken, and
 * `001.jpg` of two London folders is one person. In any other folder each subfolder is a person, and each picture at
 * the top is a person of its own.
 *
 * @throws Error where the folder cannot be read or holds no pictures, or where nobody would be left to learn from.
 */
export async function texturePhotos(
  folder: string,
  options: TexturePhotoOptions = {},
): Promise<TexturePhoto[]> {
  const { validationPeople, seed } = { ...TEXTURE_PHOTO_DEFAULTS, ...options };
  const found = await listPhotos(folder);
  if (found.length === 0) throw new Error(`train texture: ${folder} holds no pictures (jpg, png, webp).`);
  const held = drawPeople(found, validationPeople, seed);
  return found.map(({ id, person, path }) => ({
    id,
    person,
    path,
    split: held.has(person) ? 'validation' : 'train',
  }));
}

type Listed = Omit<TexturePhoto, 'split'>;

async function listPhotos(folder: string): Promise<Listed[]> {
  const inside = await isFolder(join(folder, 'faces'));
  const root = inside ? join(folder, 'faces') : folder;
  const entries = (await readdir(root, { withFileTypes: true })).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  const known = KNOWN_FOLDERS.filter((name) => entries.some((e) => e.name === name && e.isDirectory()));
  const out: Listed[] = [];
  if (known.length > 0) {
    for (const set of known)
      for (const name of await pictures(join(root, set))) {
        const number = stem(name);
        out.push({
          id: `${set}-${number}`,
          person: `${set.split('-')[0]}-${number}`,
          path: join(root, set, name),
        });
      }
    return out;
  }
  for (const entry of entries) {
    if (entry.isDirectory()) {
      for (const name of await pictures(join(root, entry.name)))
        out.push({
          id: `${entry.name}-${stem(name)}`,
          person: entry.name,
          path: join(root, entry.name, name),
        });
    } else if (PICTURES.has(extname(entry.name).toLowerCase())) {
      out.push({ id: stem(entry.name), person: stem(entry.name), path: join(root, entry.name) });
    }
  }
  return out;
}

/** Draws whom to hold out among those with most photos, so that a person's photos can be compared to each other. */
function drawPeople(photos: readonly Listed[], count: number, seed: number): Set<string> {
  const counts = new Map<string, number>();
  for (const { person } of photos) counts.set(person, (counts.get(person) ?? 0) + 1);
  if (count >= counts.size)
    throw new Error(
      `train texture: ${count} of ${counts.size} people held out leaves nobody to learn from: take fewer.`,
    );
  const random = createRandom(seed);
  const drawn = [...counts]
    .map(([person, photosOfPerson]) => ({ person, photos: photosOfPerson, order: random.uniform() }))
    .toSorted((a, b) => b.photos - a.photos || a.order - b.order);
  return new Set(drawn.slice(0, count).map(({ person }) => person));
}

async function pictures(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.filter((name) => PICTURES.has(extname(name).toLowerCase())).toSorted();
}

const stem = (name: string): string => basename(name, extname(name));

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
