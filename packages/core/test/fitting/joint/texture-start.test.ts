import { expect, it } from 'vitest';
import { textureStart } from '../../../src/fitting/joint/texture-start.ts';
import type { JointPhoto } from '../../../src/fitting/joint/index.ts';
import { directionalLight } from '../../../src/lighting/index.ts';
import { importIctFaceKit } from '../../../src/model/index.ts';
import { HAS_ICT, readIct } from '../../model/shared-data.ts';
import { knownTruth, patternAlbedo, TONES } from '../../texture/known-truth.ts';
import { model as small, photoOf, texture, truth } from './tiny-world.ts';

if (!HAS_ICT)
  console.warn('SKIPPED: textureStart with an encoder needs ../shared/data/models/ict-facekit-head.');

it('is the middle of the prior where the model cannot read maps', () => {
  const known = truth(1, [0, 0, 0]);
  expect(textureStart([photoOf(known, known)], small, texture)).toEqual(new Float32Array(4));
});

it.runIf(HAS_ICT)('is the mean of what the model reads off each photo, unwrapped under its light', () => {
  const { json, bin } = readIct('ict-facekit-head');
  const model = importIctFaceKit(json, bin);
  const light = directionalLight([-0.6, 0.5, 0.7], [0.9, 0.85, 0.8], [0.25, 0.27, 0.3]);
  const size = 128;
  const photos = (['light', 'dark'] as const).map((tone): JointPhoto => {
    const known = knownTruth(model, patternAlbedo(model, TONES[tone], 128, 0), light);
    return {
      photo: known.photo,
      landmarks: { points: known.landmarks, confidence: 1 },
      light,
      mask: {
        box: { x: 0, y: 0, width: 1, height: 1 },
        image: { width: 1, height: 1, channels: 1, data: Float32Array.of(1) },
      },
      start: {
        modelName: model.name,
        parameters: {
          identity: Float32Array.of(0.6, -0.8, 0.4),
          expression: new Float32Array(0),
          camera: known.camera,
        },
        scale: { basis: 'model', factor: 1, relativeUncertainty: 0.1 },
        stages: [],
        landmarkError: { median: 0, rms: 0 },
        warnings: [],
      },
    };
  });
  const seen: number[] = [];
  const reader = {
    ...texture,
    size,
    latentSize: 1,
    // The mean red of what is known, in place of a latent.
    encode: (map: { readonly data: Uint8Array }, confidence: ArrayLike<number>) => {
      let [sum, total] = [0, 0];
      for (let i = 0; i < size * size; i++) {
        sum += confidence[i] * map.data[i * 3];
        total += confidence[i];
      }
      seen.push(sum / total);
      return Float32Array.of(sum / total);
    },
  };
  const start = textureStart(photos, model, reader);
  expect(seen).toHaveLength(2);
  // sRGB8 of 0.52 and 0.12: the skin, not the photo's brightness.
  expect(seen[0]).toBeGreaterThan(170);
  expect(seen[1]).toBeLessThan(130);
  expect(start[0]).toBeCloseTo((seen[0] + seen[1]) / 2, 3);
});
