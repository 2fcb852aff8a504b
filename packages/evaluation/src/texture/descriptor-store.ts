/**
 * Descriptors of all images of all sets, between drawing them and comparing them: in files below the run's folder, so that a
 * stopped run goes on, or in memory where there is no folder. A level of one set is read at a time.
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
  /** Frees the disk or the memory. */
  clear(): void;
}

/** @param folder made on the first write; memory where undefined */
export function createDescriptorStore(folder: string | undefined): DescriptorStore {
  if (folder === undefined) {
    const kept = new Map<string, Int16Array>();
    return {
      write: (name, levels) => {
        kept.set(name, levels);
      },
      read: (name, level, levelCount) => {
        const all = kept.get(name) ?? new Int16Array(0);
        const length = all.length / levelCount;
        return all.subarray(level * length, (level + 1) * length);
      },
      clear: () => {
        kept.clear();
      },
    };
  }
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
