/**
 * Which parts of a model are exported, and what they are made of. Production rigs carry helper shells (tear fluid,
 * occlusion and blend meshes) whose shaders no exchange format has; drawn solid they would cover the eyes.
 */
import type { PartMaterial } from '../export/index.ts';
import type { ModelPart, MorphableModel } from '../model/index.ts';
import { isSheerPart } from '../render/index.ts';

/** Roughness by kind of part, first match wins. Skin about 0.6; wet surfaces are glossy. */
const ROUGHNESS: readonly (readonly [RegExp, number])[] = [
  [/^eyeball|sclera|iris|cornea/, 0.15],
  [/^teeth/, 0.3],
  [/^gums|^tongue|mouth/, 0.45],
  [/lash|hair|brow/, 0.8],
];
const SKIN_ROUGHNESS = 0.6;
/** Lashes come as strips, several behind one another, that a hair texture would cut into lashes: faint ones are nearer to that than solid ones. */
const LASHES = /lash/;
const LASH_OPACITY = 0.08;

/** The model's parts without helper shells and empty ones. */
export function exportedModelParts(model: MorphableModel): ModelPart[] {
  return model.parts.filter(
    ({ name, triangleCount }) => triangleCount > 0 && (!isSheerPart(name) || LASHES.test(name)),
  );
}

/** One material per part, named like it, so that an artist can change each. */
export function partMaterial(part: ModelPart): PartMaterial {
  const known = ROUGHNESS.find(([pattern]) => pattern.test(part.name));
  return {
    name: part.name,
    roughness: known === undefined ? SKIN_ROUGHNESS : known[1],
    textured: true,
    baseColor: [1, 1, 1],
    ...(LASHES.test(part.name) ? { opacity: LASH_OPACITY } : {}),
  };
}
