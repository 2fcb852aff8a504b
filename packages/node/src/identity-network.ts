/** Identity networks from where the user has them: an ArcFace-style ONNX file, with an optional JSON that says the rest. */
import { readFile } from 'node:fs/promises';
import {
  arcFaceNetwork,
  IdentityNetworkError,
  type ArcFaceNetwork,
  type IdentityNetworkDescription,
} from '@likeness/core/analysis';

/**
 * Loads a face recogniser as differentiable identity network.
 * @param path `NAME.onnx`; `NAME.json` beside it may say what the file does not (docs/joint-fit.md). What neither says is
 *   guessed and listed in `guessed`.
 * @throws IdentityNetworkError in one sentence: what is missing or does not fit
 */
export async function loadIdentityNetwork(path: string): Promise<ArcFaceNetwork> {
  const beside = path.replace(/\.onnx$/i, '.json');
  if (beside === path)
    throw new IdentityNetworkError(`The identity network ${path} is of no known kind: give an .onnx file.`);
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new IdentityNetworkError(`The identity network ${path} cannot be read: check the name.`, {
      cause: error,
    });
  });
  const text = await readFile(beside, 'utf8').catch(() => undefined);
  const description = text === undefined ? {} : parsed(text, beside);
  try {
    const network = arcFaceNetwork(bytes, description);
    return network.name === 'arcface' ? { ...network, name: nameOf(path) } : network;
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0].replace(/\.$/, '');
    throw new IdentityNetworkError(`The identity network ${path} cannot be used (${reason}).`, {
      cause: error,
    });
  }
}

function parsed(text: string, path: string): IdentityNetworkDescription {
  try {
    return JSON.parse(text) as IdentityNetworkDescription;
  } catch (error) {
    throw new IdentityNetworkError(`The identity network's description ${path} is not JSON.`, {
      cause: error,
    });
  }
}

/** The file's name without folder and ending. */
function nameOf(path: string): string {
  return path.replace(/^.*[\\/]/, '').replace(/\.onnx$/i, '');
}
