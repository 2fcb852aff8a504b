/** Texture generators from where the user has them: an ONNX file from a latent to a map, with a JSON that says the rest. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModelFileError, type MorphableModel } from '@likeness/core/model';
import {
  generatorTexture,
  readGeneratorDescription,
  readTextureEncoder,
  type GeneratorDescription,
  type TextureModel,
} from '@likeness/core/texture';
import { importOnnx, type ImportedModel } from '@likeness/graph';
import { LIKENESS_HEAD, LIKENESS_SKIN } from '@likeness/models';

/**
 * Loads a generator network as texture model.
 * @param path `NAME.onnx`; its description is `NAME.json` beside it: a `likeness-texture-generator/1`, or a model manifest that
 *   holds one as `generator`
 * @throws ModelFileError in one sentence: what is missing or does not fit
 */
export async function loadTextureGenerator(path: string): Promise<TextureModel> {
  const beside = path.replace(/\.onnx$/i, '.json');
  if (beside === path)
    throw new ModelFileError(`The texture generator ${path} is of no known kind: give an .onnx file.`);
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new ModelFileError(`The texture generator ${path} cannot be read: check the name.`, {
      cause: error,
    });
  });
  const text = await readFile(beside, 'utf8').catch((error: unknown) => {
    throw new ModelFileError(
      `The texture generator ${path} needs ${basename(beside)} beside it, which says its latent size, range and chart.`,
      { cause: error },
    );
  });
  const description = describe(text, beside);
  let network: ImportedModel;
  try {
    network = importOnnx(bytes);
  } catch (error) {
    throw new ModelFileError(
      `The texture generator ${path} cannot be used (${(error as Error).message}): copy it again from where it came from, or give another.`,
      { cause: error },
    );
  }
  if (description.encoder === undefined) return generatorTexture(network, description);
  const encoderPath = join(dirname(path), basename(description.encoder));
  const encoder = await readFile(encoderPath).catch((error: unknown) => {
    throw new ModelFileError(
      `The texture generator ${path} needs ${description.encoder} beside it, where its inversions start.`,
      { cause: error },
    );
  });
  return generatorTexture(network, description, readTextureEncoder(encoder));
}

/** @returns the generator that comes with this version, in likeness-head's chart; undefined for other heads and where none comes */
export async function loadDefaultGenerator(model: MorphableModel): Promise<TextureModel | undefined> {
  if (model.name !== LIKENESS_HEAD.name) return undefined;
  const there = await readFile(LIKENESS_SKIN.manifest).then(
    () => true,
    () => false,
  );
  return there ? loadTextureGenerator(fileURLToPath(LIKENESS_SKIN.file)) : undefined;
}

function describe(text: string, path: string): GeneratorDescription {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ModelFileError(`The generator's description ${path} is not JSON.`, { cause: error });
  }
  const inner = (json as { readonly generator?: unknown } | null)?.generator;
  return readGeneratorDescription(inner ?? json);
}
