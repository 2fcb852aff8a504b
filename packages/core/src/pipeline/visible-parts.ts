/**
 * Which parts of a model are surfaces to look at, and what they are made of. Production rigs carry helper shells
 * (tear fluid, occlusion and blend meshes) that are transparent there; drawn opaque they would cover the eyes.
 */
import type { PartMaterial } from '../export/index.ts';
import type { ModelPart, MorphableModel } from '../model/index.ts';

const HELPER = /^(lacrimal_fluid|eye_blend|eye_occlusion)/;

/** Roughness by kind of part, first match wins. Skin about 0.6; wet surfaces are glossy. */
const ROUGHNESS: readonly (readonly [RegExp, number])[] = [
  [/^eyeball|^eye(_|$)|sclera|iris|cornea/, 0.15],
  [/^teeth/, 0.3],
  [/^gums|^tongue|mouth/, 0.45],
  [/lash|hair|brow/, 0.8],
];
const SKIN_ROUGHNESS = 0.6;
/** Lashes come as strips that a hair texture would cut into lashes; thin strips are nearer to lashes than solid ones. */
const LASHES = /lash/;
const LASH_OPACITY = 0.3;

export function visibleParts(model: MorphableModel): ModelPart[] {
  return model.parts.filter((part) => part.triangleCount > 0 && !HELPER.test(part.name));
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

export interface VisibleSurface {
  readonly triangles: Uint32Array;
  readonly uvs: Float32Array;
  readonly uvTriangles: Uint32Array;
}

/** The solid surfaces for the preview, without helper shells and lashes; the model's own arrays where it has none. */
export function visibleSurface(model: MorphableModel): VisibleSurface {
  const parts = visibleParts(model).filter((part) => !LASHES.test(part.name));
  const count = parts.reduce((sum, part) => sum + part.triangleCount, 0);
  if (count * 3 === model.triangles.length) return model;
  const triangles = new Uint32Array(count * 3);
  const uvTriangles = new Uint32Array(count * 3);
  let at = 0;
  for (const { triangleStart, triangleCount } of parts) {
    const [start, end] = [3 * triangleStart, 3 * (triangleStart + triangleCount)];
    triangles.set(model.triangles.subarray(start, end), at);
    uvTriangles.set(model.uvTriangles.subarray(start, end), at);
    at += end - start;
  }
  return { triangles, uvs: model.uvs, uvTriangles };
}
