/** From the command's PHOTO arguments to the list of photos: folders opened, names made distinct. */
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { UsageError } from '../errors.ts';

/** Endings that count as photos inside a folder; a photo named directly may have any ending. */
export const PHOTO_ENDINGS: ReadonlySet<string> = new Set([
  '.jpg',
  '.jpeg',
  '.jfif',
  '.png',
  '.webp',
  '.avif',
  '.tif',
  '.tiff',
]);

export interface PhotoInput {
  readonly path: string;
  /** Distinct folder name for its results. */
  readonly folder: string;
}

export interface Inputs {
  readonly photos: readonly PhotoInput[];
  /** One photo named directly: its results go straight into the output folder. */
  readonly single: boolean;
}

/**
 * Lists the photos of files and folders in the order given, folders sorted by name, not recursive. A path that does
 * not exist stays in the list: reading it reports it, and the others go on.
 * @throws UsageError for an empty name, a folder without photos or one that may not be read.
 */
export async function listPhotos(paths: readonly string[]): Promise<Inputs> {
  const found: string[] = [];
  let folders = 0;
  for (const path of paths) {
    if (path === '') throw new UsageError('A photo has an empty name: give the path of a photo or a folder.');
    const isFolder = await stat(path).then(
      (info) => info.isDirectory(),
      () => false,
    );
    if (isFolder) {
      folders++;
      found.push(...(await photosIn(path)));
    } else found.push(path);
  }
  return { photos: distinctFolders(found), single: folders === 0 && found.length === 1 };
}

async function photosIn(folder: string): Promise<string[]> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw new UsageError(`The folder ${folder} may not be read: check its permissions.`, { cause: error });
  }
  const photos = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
    .filter((entry) => PHOTO_ENDINGS.has(extname(entry.name).toLowerCase()))
    .map((entry) => entry.name)
    .sort(byName);
  if (photos.length === 0)
    throw new UsageError(
      `The folder ${folder} holds no photos: give a folder with JPEG, PNG, WebP, AVIF or TIFF files.`,
    );
  return photos.map((name) => join(folder, name));
}

/** By code unit, so that the order does not depend on the machine's language. */
function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `a/x.jpg`, `b/x.png` -> folders `x`, `x-2`. Compared without case, as some file systems do. */
function distinctFolders(paths: readonly string[]): PhotoInput[] {
  const taken = new Set<string>();
  return paths.map((path) => {
    const stem = basename(path, extname(path)) || 'photo';
    let folder = stem;
    for (let n = 2; taken.has(folder.toLowerCase()); n++) folder = `${stem}-${n}`;
    taken.add(folder.toLowerCase());
    return { path, folder };
  });
}
