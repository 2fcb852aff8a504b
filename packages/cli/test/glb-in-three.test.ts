/** The exported GLB in three.js in a real browser: names, weights and texture arrive, and morph targets move the face. */
import { fileURLToPath } from 'node:url';
import { openLikeness } from '@likeness/node';
import { findChromium, NO_CHROMIUM } from '@likeness/testing';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openViewer } from './viewer/open-viewer.ts';
import type { Viewer } from './viewer/open-viewer.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/astronaut.jpg', import.meta.url));
const executable = findChromium();
if (executable === undefined) console.warn(NO_CHROMIUM);

describe.skipIf(executable === undefined)('head.glb in three.js', () => {
  let viewer: Viewer;
  beforeAll(async () => {
    viewer = await openViewer(executable ?? '');
  });
  afterAll(() => viewer?.close());

  it('opens with named, weighted morph targets and its texture on', async () => {
    const likeness = await openLikeness();
    const head = await likeness.fit(EXAMPLE);
    const { meshes, sizeMetres } = await viewer.load(await head.toGlb());
    await likeness.dispose();
    const skin = meshes.find(({ material }) => material === 'skin')!;
    expect(skin.targets).toEqual(head.result.model.expression.names);
    for (const name of ['jawOpen', 'eyeBlinkLeft', 'mouthSmileRight']) expect(skin.targets).toContain(name);
    for (const [k, weight] of head.result.fit.parameters.expression.entries())
      expect(skin.weights[k]).toBeCloseTo(weight, 5);
    expect(skin.textureSize).toEqual([1024, 1024]);
    for (const eye of meshes.filter(({ material }) => material.startsWith('eyeball')))
      expect(eye.roughness).toBeLessThan(skin.roughness);
    // Chin to crown of an adult is 18 to 27 cm; the model has a neck below.
    expect(sizeMetres[1]).toBeGreaterThan(0.2);
    expect(sizeMetres[1]).toBeLessThan(0.45);

    const size = 256;
    const at = async (weights: Record<string, number>): Promise<Uint8Array> =>
      sharp(await viewer.draw({ yawDegrees: 0, size, weights }))
        .removeAlpha()
        .raw()
        .toBuffer();
    const closed = await at({ jawOpen: 0 });
    const opened = await at({ jawOpen: 1 });
    const changed = closed.filter((value, i) => Math.abs(value - opened[i]) > 12).length / closed.length;
    expect(changed).toBeGreaterThan(0.005);
    expect(changed).toBeLessThan(0.3);
    // Skin colour, not the white of a missing texture: red over green over blue in the middle of the face.
    const middle = 3 * (size * Math.round(size * 0.45) + size / 2);
    expect(closed[middle]).toBeGreaterThan(closed[middle + 1]);
    expect(closed[middle + 1]).toBeGreaterThan(closed[middle + 2]);
    expect(viewer.faults).toEqual([]);
  });
});
