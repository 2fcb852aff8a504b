/** Looking for the files of a data set, and saying which one is missing and where the data set comes from. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BenchInputError } from '../bench-input-error.ts';

export interface DataSetInfo {
  readonly name: string;
  /** One sentence: where to get it and under which terms. */
  readonly source: string;
}

export const FLORENCE_INFO: DataSetInfo = {
  name: 'MICC Florence',
  source:
    'The scans come from the MICC of the University of Florence on request (https://www.micc.unifi.it, "Florence 2D/3D Face Dataset"), the hand-made landmarks from the repository barisgecer/GANFit (folder MICC_landmarks).',
};
export const REALY_INFO: DataSetInfo = {
  name: 'REALY',
  source:
    'It is given out at https://www.realy3dface.com to holders of the Headspace agreement, for non-commercial research.',
};
export const NOW_INFO: DataSetInfo = {
  name: 'NoW',
  source: 'It is given out at https://now.is.tue.mpg.de after registration, for non-commercial research.',
};

/** A sentence with what was expected. */
export function missing(info: DataSetInfo, what: string): BenchInputError {
  return new BenchInputError(`${what} is missing, so this is not the layout of ${info.name}. ${info.source}`);
}

/** @returns the path when it is there. @throws BenchInputError otherwise */
export function requirePath(info: DataSetInfo, ...parts: readonly string[]): string {
  const path = join(...parts);
  if (!existsSync(path)) throw missing(info, path);
  return path;
}

/** The first file in a folder with one of the endings, by name. @throws BenchInputError where there is none */
export function requireFile(info: DataSetInfo, folder: string, ...endings: readonly string[]): string {
  const name = existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .find((file) => endings.some((ending) => file.toLowerCase().endsWith(ending)))
    : undefined;
  if (name === undefined) throw missing(info, join(folder, `*${endings[0]}`));
  return join(folder, name);
}

export function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
