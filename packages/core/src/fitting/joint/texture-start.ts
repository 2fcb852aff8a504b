/**
 * Where p_t starts: for a model that can read a latent off a map (`encode`; a generator's gradient is of little use at the middle
 * of its prior) the mean over the photos of what each one's unwrapped, evenly lit skin says; zeros for the others.
 */
import { evaluateModel, type MorphableModel } from '../../model/index.ts';
import { buildAlbedo, type TextureModel } from '../../texture/index.ts';
import type { JointPhoto } from './types.ts';

/** @returns [L] */
export function textureStart(
  photos: readonly JointPhoto[],
  model: MorphableModel,
  texture: TextureModel,
): Float32Array {
  const out = new Float32Array(texture.latentSize);
  if (!texture.encode) return out;
  for (const { photo, landmarks, start, light } of photos) {
    const { identity, expression, camera } = start.parameters;
    const { albedo, seen } = buildAlbedo({
      photo,
      model,
      positions: evaluateModel(model, identity, expression),
      camera,
      landmarks: landmarks.points,
      size: texture.size,
      light,
    });
    const latent = texture.encode(albedo, seen.data);
    for (let k = 0; k < out.length; k++) out[k] += latent[k] / photos.length;
  }
  return out;
}
