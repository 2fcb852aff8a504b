/** FaceRes (a MobileNet trained on identities by A. Savchenko) as the default identity network: a 1024-d unit vector. */
import { cropAffine, pyramidOf, squareToImage } from '../image/index.ts';
import { regionOfLandmarks } from './face-region.ts';
import { loadImageProgram, outputOfLength, type NetworkFiles, type ProgramOptions } from './program.ts';
import type { IdentityNetwork } from './types.ts';

export const FACERES_INPUT_PX = 224;
const EMBEDDING_LENGTH = 1024;

export interface FaceResOptions {
  /** Side of the crop relative to the landmarks' box. */
  readonly cropScale?: number;
}

export const FACERES_DEFAULTS: Required<FaceResOptions> = { cropScale: 1.5 };

export interface FaceResIdentity extends IdentityNetwork {
  dispose(): Promise<void>;
}

export async function createFaceResIdentity(
  files: NetworkFiles,
  options: FaceResOptions & ProgramOptions,
): Promise<FaceResIdentity> {
  // Only the embedding is computed; the heads for age and gender are left out.
  const program = await loadImageProgram(files, FACERES_INPUT_PX, 1, options, ['global_pooling/Mean']);
  const cropScale = options.cropScale ?? FACERES_DEFAULTS.cropScale;
  const pixels = new Float32Array(FACERES_INPUT_PX ** 2 * 3);
  return {
    name: 'faceres',
    embed: async (photo, landmarks) => {
      const map = squareToImage(regionOfLandmarks(landmarks.points, cropScale), FACERES_INPUT_PX);
      cropAffine(
        pyramidOf(photo),
        map,
        FACERES_INPUT_PX,
        FACERES_INPUT_PX,
        { low: 0, high: 255, outside: 'edge' },
        pixels,
      );
      return unitLength(outputOfLength(await program.run(pixels), EMBEDDING_LENGTH, 'FaceRes'));
    },
    dispose: () => program.dispose(),
  };
}

function unitLength(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const value of vector) sum += value * value;
  const scale = sum > 0 ? 1 / Math.sqrt(sum) : 0;
  return vector.map((value) => value * scale);
}

/** Cosine of two unit-length embeddings, -1..1: 1 for the same picture. @throws RangeError for different lengths. */
export function embeddingSimilarity(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length)
    throw new RangeError(`Embeddings of ${a.length} and ${b.length} values cannot be compared.`);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
