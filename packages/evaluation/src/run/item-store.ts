/**
 * Results on disk, one file an item, each whole or absent: what makes a run of hours resumable. A run that stops anywhere, by
 * Ctrl-C or by a power cut, loses the item it was at.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchInputError } from '../bench-input-error.ts';

export interface ItemStore {
  /** Results of an earlier run with the same settings. */
  has(id: string): boolean;
  read(id: string): unknown;
  write(id: string, result: unknown): void;
}

const SETTINGS = 'settings.json';
const FOLDER = 'items';

/**
 * @param folder made if absent
 * @param resume keep the items that are there
 * @throws BenchInputError when items are there and `resume` was not given, or they come from other settings
 */
export function openItemStore(
  folder: string,
  name: string,
  settings: Readonly<Record<string, unknown>>,
  resume: boolean,
): ItemStore {
  const items = join(folder, FOLDER);
  const own = JSON.stringify({ generator: 'likeness', benchmark: name, settings }, null, 2);
  const settingsFile = join(folder, SETTINGS);
  const earlier = existsSync(items) ? readdirSync(items).filter((file) => file.endsWith('.json')) : [];
  if (earlier.length > 0) {
    if (!resume)
      throw new BenchInputError(
        `The folder ${folder} holds ${earlier.length} results of an earlier run: add --resume to go on with it, or choose another --out.`,
      );
    const theirs = existsSync(settingsFile) ? readFileSync(settingsFile, 'utf8').trim() : '';
    if (theirs !== own)
      throw new BenchInputError(
        `The results in ${folder} come from other options or another version: choose another --out, or delete that folder.`,
      );
  }
  mkdirSync(items, { recursive: true });
  // What a run that was killed in the middle of a write left behind.
  for (const file of readdirSync(items))
    if (file.endsWith('.part')) rmSync(join(items, file), { force: true });
  writeWhole(settingsFile, `${own}\n`);
  const fileOf = (id: string): string => join(items, `${id}.json`);
  return {
    has: (id) => existsSync(fileOf(id)),
    read: (id) => JSON.parse(readFileSync(fileOf(id), 'utf8')) as unknown,
    write: (id, result) => {
      writeWhole(fileOf(id), `${JSON.stringify(result)}\n`);
    },
  };
}

/** For runs without a folder. */
export function memoryStore(): ItemStore {
  const kept = new Map<string, unknown>();
  return {
    has: (id) => kept.has(id),
    read: (id) => kept.get(id),
    write: (id, result) => {
      kept.set(id, JSON.parse(JSON.stringify(result)));
    },
  };
}

/** The file appears whole or stays as it was. */
export function writeWhole(path: string, data: string | Uint8Array): void {
  writeFileSync(`${path}.part`, data);
  renameSync(`${path}.part`, path);
}
