import { describe, expect, it } from 'vitest';
import type { FaceAnalysis } from '@likeness/core/analysis';
import { project } from '@likeness/core/camera';
import type { Photo } from '@likeness/core/image';
import { evaluateModel } from '@likeness/core/model';
import { exportHead, fitPhoto } from '@likeness/core/pipeline';
import type { FitEvent } from '@likeness/core/pipeline';
import { renderHead } from '@likeness/core/render';
import { syntheticModel } from '@likeness/testing';
import { landmarksOf, randomTruth } from '../fitting/synthetic-photo.ts';

const model = syntheticModel();
const truth = randomTruth(model, 3, 700, [0.05, 0.2, 0], { jawOpen: 0.4 }, 0.7);
const positions = evaluateModel(model, truth.identity, truth.expression);
const photo = renderHead({
  model,
  positions,
  camera: truth.camera,
  clay: [205, 160, 135],
  background: [90, 110, 130],
}) as Photo;
const face: FaceAnalysis = {
  ...landmarksOf(model, truth),
  detection: { box: { x: 400, y: 400, width: 400, height: 500 }, score: 0.9, rollRadians: 0 },
  pose: { rollDegrees: 0, yawDegrees: 10, pitchDegrees: 0 },
  embedding: Float32Array.from([1, 0]),
};

/** Stands in for a network: sees the same person when the picture's middle is skin. */
const identity = {
  name: 'red',
  embed: (picture: Photo): Promise<Float32Array> => {
    const middle = 3 * (picture.width * (picture.height >> 1) + (picture.width >> 1));
    return Promise.resolve(
      picture.data[middle] > 120 ? Float32Array.from([0.6, 0.8]) : Float32Array.from([0, 1]),
    );
  },
};

describe('fitPhoto', () => {
  it('recovers a rendered head, paints it and reports its steps', async () => {
    const events: FitEvent[] = [];
    let clock = 0;
    const result = await fitPhoto(
      photo,
      face,
      { model, identity },
      { now: () => clock++, seed: 5 },
      (event) => {
        events.push(event);
      },
    );
    const fitted = project(result.fit.parameters.camera, result.positions);
    const expected = project(truth.camera, positions);
    let worst = 0;
    for (let i = 0; i < fitted.length; i += 3)
      worst = Math.max(worst, Math.hypot(fitted[i] - expected[i], fitted[i + 1] - expected[i + 1]));
    // The head is about 700 px high; vertices far from every landmark are held by the prior alone.
    expect(worst).toBeLessThan(20);
    expect(result.fit.landmarkError.median).toBeLessThan(0.01);
    expect(result.neutral).not.toEqual(result.positions);
    expect(result.fit.parameters.light?.coefficients).toHaveLength(27);
    expect([result.albedo.width, result.albedo.height, result.albedo.channels]).toEqual([1024, 1024, 3]);
    expect(result.identitySimilarity).toBeCloseTo(0.6, 5);
    expect(result.identityNetwork).toBe('red');
    expect(result.seed).toBe(5);
    expect(result.overlay.height).toBe(512);
    expect(Object.keys(result.timings)).toEqual(['landmarkFit', 'texture', 'preview', 'identity']);
    expect(events.map(({ stage }) => stage)).toEqual(['shape', 'texture', 'pictures', 'identity', 'done']);
    expect(events.at(-1)).toMatchObject({ fraction: 1, loss: result.fit.landmarkError.median });
  });

  it('gives the same result twice, and no similarity without a network', async () => {
    const [one, two] = [await fitPhoto(photo, face, { model }), await fitPhoto(photo, face, { model })];
    // Buffers, not toEqual: that takes half a minute over a million numbers.
    for (const key of ['albedo', 'overlay'] as const)
      expect(Buffer.compare(one[key].data, two[key].data)).toBe(0);
    for (const key of ['neutral', 'positions'] as const)
      expect(Buffer.compare(new Uint8Array(one[key].buffer), new Uint8Array(two[key].buffer))).toBe(0);
    expect(one.fit).toEqual(two.fit);
    expect(one.identitySimilarity).toBeUndefined();
  });

  it('waits for the listener between its steps', async () => {
    let running = 0;
    let overlaps = 0;
    await fitPhoto(photo, face, { model }, {}, async () => {
      if (running++ > 0) overlaps++;
      await new Promise(setImmediate);
      running--;
    });
    expect(overlaps).toBe(0);
  });
});

describe('exportHead', () => {
  it("takes the neutral face, the photo's weights, the scale and a material per part", async () => {
    const result = await fitPhoto(photo, face, { model });
    const head = exportHead({ result, generator: 'test' });
    expect(head.mesh.positions).toBe(result.neutral);
    expect(head.morphs.weights).toBe(result.fit.parameters.expression);
    expect(head.scaleFactor).toBe(result.fit.scale.factor);
    expect(head.parts.map(({ name }) => name)).toEqual(model.parts.map(({ name }) => name));
    const roughness = Object.fromEntries(head.parts.map((part) => [part.name, part.material.roughness]));
    expect(roughness['skin']).toBeCloseTo(0.6);
    expect(roughness['eyeball_left']).toBeLessThan(0.3);
  });
});
