/**
 * Finds the four analysis networks in the installed npm package `@vladmandic/human` (MIT) and reads them. They are read
 * where npm put them: nothing is copied into this project and nothing is downloaded.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { AnalysisNetworks, NetworkFiles } from '@likeness/core/analysis';

const PACKAGE = '@vladmandic/human';

/** A network's file is missing or damaged. */
export class NetworkNotFoundError extends Error {
  override readonly name = 'NetworkNotFoundError';
}

export interface ReadNetworksOptions {
  /** Folder with `blazeface.json`, `blazeface.bin` and so on; default: the installed package's. */
  readonly folder?: string;
}

/**
 * Reads BlazeFace, FaceMesh, Iris and FaceRes: TF.js graph models, 11.6 MB in all.
 * @throws NetworkNotFoundError where the package or one of its files is not there.
 */
export async function readAnalysisNetworks(options: ReadNetworksOptions = {}): Promise<AnalysisNetworks> {
  const folder = options.folder ?? networksFolder();
  const [blazeface, facemesh, iris, faceres] = await Promise.all(
    ['blazeface', 'facemesh', 'iris', 'faceres'].map((name) => readNetwork(folder, name)),
  );
  return { blazeface: blazeface, facemesh: facemesh, iris: iris, faceres: faceres };
}

/** The installed package's folder of networks. Its main file lies in `dist/`, the networks beside that. */
export function networksFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(PACKAGE)), '..', 'models');
  } catch (error) {
    throw new NetworkNotFoundError(
      `The npm package ${PACKAGE} with the face networks is not installed: run npm install in the project that uses Likeness.`,
      { cause: error },
    );
  }
}

async function readNetwork(folder: string, name: string): Promise<NetworkFiles> {
  const jsonPath = join(folder, `${name}.json`);
  const binPath = join(folder, `${name}.bin`);
  try {
    const [json, bin] = await Promise.all([readFile(jsonPath, 'utf8'), readFile(binPath)]);
    const weights = bin.buffer.slice(bin.byteOffset, bin.byteOffset + bin.byteLength);
    return { model: JSON.parse(json) as unknown, weights };
  } catch (error) {
    throw new NetworkNotFoundError(
      `The network ${name} could not be read from ${folder}: install the npm package ${PACKAGE} anew.`,
      { cause: error },
    );
  }
}
