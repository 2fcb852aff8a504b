/** Head models from where the user has them: by name from @likeness/models, or a file or folder of his own. */
import { readFile, readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importIctFaceKit, ModelFileError, readHeadModel } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';
import { findModel, MODELS } from '@likeness/models';

/**
 * Loads a head model.
 * @param nameOrPath a name of `@likeness/models`; a `.safetensors` head; ICT-FaceKit arrays: their `.json` (its `.bin`
 *   beside it) or the folder of both.
 * @throws ModelFileError
 */
export async function loadHeadModel(nameOrPath: string): Promise<MorphableModel> {
  const known = findModel(nameOrPath);
  const heads = MODELS.filter(({ kind }) => kind === 'head').map(({ name }) => name);
  if (known !== undefined && known.kind !== 'head')
    throw new ModelFileError(
      `The model ${nameOrPath} is a ${known.kind}, not a head: give ${heads.join(', ')} or the path of a head model.`,
    );
  const path = known === undefined ? nameOrPath : fileURLToPath(known.file);
  const info = await stat(path).catch(() => undefined);
  if (info === undefined)
    throw new ModelFileError(
      known === undefined
        ? `The head model ${nameOrPath} is neither a known name (${heads.join(', ')}) nor a file or folder: check the name.`
        : `The head model ${nameOrPath} is missing from this installation: install Likeness anew.`,
    );
  const file = info.isDirectory() ? await ictHeaderIn(path) : path;
  try {
    if (extname(file) === '.safetensors') return readHeadModel(await readFile(file));
    if (extname(file) === '.json') return await readIct(file);
  } catch (error) {
    const reason = (error as Error).message.replace(/\.$/, '');
    throw new ModelFileError(
      `The head model ${file} cannot be used (${reason}): copy it again from where it came from, or give another.`,
      { cause: error },
    );
  }
  throw new ModelFileError(
    `The head model ${nameOrPath} is of no known kind: give a .safetensors head or the .json of ICT-FaceKit arrays.`,
  );
}

/** Of several headers in the folder the one with the most vertices is the whole head. */
async function ictHeaderIn(folder: string): Promise<string> {
  let best: { readonly path: string; readonly vertices: number } | undefined;
  for (const name of (await readdir(folder)).sort()) {
    if (extname(name) !== '.json') continue;
    const path = join(folder, name);
    const header = await readFile(path, 'utf8')
      .then((text) => JSON.parse(text) as { readonly format?: unknown; readonly vertexCount?: unknown })
      .catch(() => undefined);
    if (header?.format !== 'facedata-arrays/1') continue;
    const vertices = Number(header.vertexCount);
    if (best === undefined || vertices > best.vertices) best = { path, vertices };
  }
  if (best === undefined)
    throw new ModelFileError(
      `The folder ${folder} holds no ICT-FaceKit arrays: give the folder with ict-facekit.json and ict-facekit.bin.`,
    );
  return best.path;
}

async function readIct(path: string): Promise<MorphableModel> {
  const binPath = path.replace(/\.json$/, '.bin');
  const [text, bin] = await Promise.all([
    readFile(path, 'utf8'),
    readFile(binPath).catch((error: unknown) => {
      throw new ModelFileError(`it needs ${binPath} beside it, which cannot be read`, { cause: error });
    }),
  ]);
  const buffer = bin.buffer.slice(bin.byteOffset, bin.byteOffset + bin.byteLength);
  return importIctFaceKit(JSON.parse(text) as unknown, buffer);
}
