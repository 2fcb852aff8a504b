/** Reads the registered source head from a folder: the skin alone suffices, the full file serves as well. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importIctFaceKit } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';
import { readTemplateSource } from './template/index.ts';
import type { TemplateSource } from './template/index.ts';

const NAMES = ['ict-facekit-head', 'ict-facekit'];

export interface ShapeSource {
  readonly model: MorphableModel;
  readonly template: TemplateSource;
  /** Lower-case hex by file name. */
  readonly sha256: Readonly<Record<string, string>>;
  readonly commit: string;
}

/**
 * @param folder with the arrays, or with a folder `models` that holds them
 * @throws Error naming the folder when neither pair of files is in it
 */
export async function readShapeSource(folder: string): Promise<ShapeSource> {
  const places = [folder, join(folder, 'models')].flatMap((place) => NAMES.map((name) => ({ place, name })));
  const found = places.find(({ place, name }) => existsSync(join(place, `${name}.json`)));
  if (!found)
    throw new Error(`The folder ${folder} holds no ICT-FaceKit arrays: expected ${NAMES[0]}.json and .bin.`);
  const { place, name } = found;
  const [text, binary] = await Promise.all([
    readFile(join(place, `${name}.json`)),
    readFile(join(place, `${name}.bin`)),
  ]);
  const json = JSON.parse(text.toString('utf8')) as { readonly source?: { readonly commit?: string } };
  const bin = binary.buffer.slice(binary.byteOffset, binary.byteOffset + binary.byteLength);
  const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  return {
    model: importIctFaceKit(json, bin),
    template: readTemplateSource(json, bin),
    sha256: { [`${name}.json`]: digest(text), [`${name}.bin`]: digest(binary) },
    commit: json.source?.commit ?? 'unknown',
  };
}
