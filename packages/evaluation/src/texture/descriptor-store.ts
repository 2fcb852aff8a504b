/**
 * Descriptors of all images of all sets, between drawing them and comparing them: in files, 376 MB for 2,000 images, so that a
 * stopped run goes on and memory holds one level at a time.
 */
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../run/item-store.ts';
import { BenchInputError } from '../bench-input-error.ts';

export interface DescriptorStore {
  /** @param levels [levels, n] of one chunk of images */
  write(name: string, levels: Int16Array): void;
  /** One level of a chunk. @throws BenchInputError where the file is gone */
  read(name: string, level: number, levelCount: number): Int16Array;
  /** Frees the disk. */
  clear(): void;
}

/** @param folder made on the first write */
export function createDescriptorStore(folder: string): DescriptorStore {
  const fileOf = (name: string): string => join(folder, `${name}.i16`);
  return {
    write: (name, levels) => {
      mkdirSync(folder, { recursive: true });
      writeWhole(fileOf(name), new Uint8Array(levels.buffer, levels.byteOffset, levels.byteLength));
    },
    read: (name, level, levelCount) => {
      if (!existsSync(fileOf(name)))
        throw new BenchInputError(
          `The file ${fileOf(name)} of the earlier run is gone: delete its folder items, and start again.`,
        );
      const file = openSync(fileOf(name), 'r');
      try {
        const bytes = fstatSync(file).size / levelCount;
        const out = new Int16Array(bytes / 2);
        readSync(file, new Uint8Array(out.buffer), 0, bytes, level * bytes);
        return out;
      } finally {
        closeSync(file);
      }
    },
    clear: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
