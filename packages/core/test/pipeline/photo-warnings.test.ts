import { describe, expect, it } from 'vitest';
import { cropCamera, scaleCamera } from '@likeness/core/camera';
import type { Photo } from '@likeness/core/image';
import { evaluateModel } from '@likeness/core/model';
import { photoWarnings } from '@likeness/core/pipeline';
import { renderHead } from '@likeness/core/render';
import { observeSkin, type SkinObservation } from '@likeness/core/texture';
import { syntheticModel } from '@likeness/testing';
import { landmarksOf, randomTruth } from '../fitting/synthetic-photo.ts';

const model = syntheticModel();
const truth = randomTruth(model, 3, 700, [0, 0, 0], {}, 0.3);
const box = { x: 0, y: 0, width: 1200, height: 1400 };
const camera = { ...scaleCamera(cropCamera(truth.camera, box), 0.25), widthPx: 300, heightPx: 350 };
const positions = evaluateModel(model, truth.identity, truth.expression);
const clean = renderHead({ model, positions, camera, clay: [205, 160, 135], background: [90, 110, 130] });
const landmarks = landmarksOf(model, { ...truth, camera }).landmarks.points;

/** @param exposure what every value is multiplied by */
function observe(exposure: number): SkinObservation {
  const photo: Photo = { ...clean, channels: 3, data: clean.data.map((v) => Math.min(255, exposure * v)) };
  return observeSkin({ photo, model, positions, camera, landmarks, chartSize: 128 });
}

describe('photoWarnings', () => {
  const plain = observe(1);

  it('says nothing of even light and names each thing that is wrong', () => {
    expect(photoWarnings({ ...plain, faceHidden: 0.3 })).toEqual([]);
    const lighting = { range: 1.8, clipped: 0.3, black: 0.4 };
    const warnings = photoWarnings({ ...plain, faceHidden: 0.6, lighting });
    expect(warnings).toHaveLength(4);
    expect(warnings[0]).toMatch(/^60% of the face .* is hidden/);
    expect(warnings[1]).toMatch(/^The light is extreme: .* 6 times as bright/);
    expect(warnings[2]).toMatch(/^30% of the face is overexposed/);
    expect(warnings[3]).toMatch(/^40% of the face is nearly black/);
  });

  it('measures what the warnings rest on', () => {
    expect(plain.lighting.clipped).toBe(0);
    expect(plain.lighting.black).toBe(0);
    expect(plain.lighting.range).toBeGreaterThan(0);
    expect(observe(0.06).lighting.black).toBeGreaterThan(0.5);
    expect(observe(2).lighting.clipped).toBeGreaterThan(0.3);
  });
});
