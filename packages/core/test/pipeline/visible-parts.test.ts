import { describe, expect, it } from 'vitest';
import type { MorphableModel } from '@likeness/core/model';
import { partMaterial, visibleParts, visibleSurface } from '@likeness/core/pipeline';
import { syntheticModel } from '@likeness/testing';

/** The synthetic head with its parts renamed, as a production rig would have them. */
function rig(...names: string[]): MorphableModel {
  const model = syntheticModel();
  return { ...model, parts: model.parts.map((part, i) => Object.assign({}, part, { name: names[i] })) };
}

describe('visibleParts', () => {
  it('leaves out the helper shells that would cover the eyes', () => {
    expect(
      visibleParts(rig('skin', 'lacrimal_fluid_left', 'eye_blend_right')).map(({ name }) => name),
    ).toEqual(['skin']);
    expect(visibleParts(rig('skin', 'eyeball_left', 'teeth'))).toHaveLength(3);
  });
});

describe('visibleSurface', () => {
  it('keeps triangle and texture corners together', () => {
    const model = rig('eye_occlusion_left', 'eyeball_right', 'eyelashes_left');
    const surface = visibleSurface(model);
    const { triangleStart, triangleCount } = model.parts[1];
    const kept = [3 * triangleStart, 3 * (triangleStart + triangleCount)] as const;
    expect(surface.triangles).toEqual(model.triangles.slice(...kept));
    expect(surface.uvTriangles).toEqual(model.uvTriangles.slice(...kept));
    const whole = syntheticModel();
    expect(visibleSurface(whole)).toBe(whole);
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
