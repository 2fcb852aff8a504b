import { describe, expect, it } from 'vitest';
import type { MorphableModel } from '@likeness/core/model';
import { partMaterial, exportedModelParts } from '@likeness/core/pipeline';
import { syntheticModel } from '@likeness/testing';

/** The synthetic head with its parts renamed, as a production rig would have them. */
function rig(...names: string[]): MorphableModel {
  const model = syntheticModel();
  return { ...model, parts: model.parts.map((part, i) => Object.assign({}, part, { name: names[i] })) };
}

describe('exportedModelParts', () => {
  it('leaves out the helper shells that would cover the eyes', () => {
    expect(
      exportedModelParts(rig('skin', 'lacrimal_fluid_left', 'eye_blend_right')).map(({ name }) => name),
    ).toEqual(['skin']);
    expect(exportedModelParts(rig('skin', 'eyeball_left', 'teeth'))).toHaveLength(3);
  });
});

describe('partMaterial', () => {
  it('makes eyes glossy, lashes thin, unknown parts skin', () => {
    const [skin, eye, lashes] = rig('skin', 'eyeball_left', 'eyelashes_left').parts.map(partMaterial);
    expect(eye.roughness).toBeLessThan(skin.roughness);
    expect(skin.opacity).toBeUndefined();
    expect(lashes.opacity).toBeLessThan(1);
    expect(partMaterial({ ...rig('x', 'y', 'z').parts[0] }).roughness).toBe(skin.roughness);
  });
});
