import { describe, expect, it } from 'vitest';
import type { Image, Photo } from '@likeness/core/image';
import { directionalLight } from '@likeness/core/lighting';
import type { MorphableModel } from '@likeness/core/model';
import { withMouthPocket } from '@likeness/core/pipeline';
import { renderHead } from '@likeness/core/render';
import { syntheticModel } from '@likeness/testing';
import { paintMouth } from '../../src/pipeline/paint-mouth.ts';

const MOUTH = [0, -45] as const;
const light = directionalLight([0, 0, 1], [0.6, 0.6, 0.6], [0.4, 0.4, 0.4]);
const camera = {
  widthPx: 300,
  heightPx: 360,
  focalPx: 900,
  principalPointPx: [150, 180],
  rotation: [0, 0, 0],
  translationMm: [0, 0, -800],
} as const;
/** The colour of the photo's teeth; nothing else of the photo is looked at. */
const TEETH = [220, 210, 190];

/** The synthetic head with a hole for a mouth (or closed), its pocket, and room in the chart. */
function head(open: boolean): MorphableModel {
  const model = syntheticModel();
  const reach = (v: number): number =>
    Math.hypot(model.mean[3 * v] - MOUTH[0], model.mean[3 * v + 1] - MOUTH[1]);
  const isFront = (v: number): boolean => model.mean[3 * v + 2] > 0 && v < model.parts[0].vertexCount;
  const rim = Array.from({ length: model.parts[0].vertexCount }, (_, v) => v)
    .filter((v) => isFront(v) && reach(v) > 16 && reach(v) < 30)
    .sort(
      (a, b) =>
        Math.atan2(model.mean[3 * a + 1] - MOUTH[1], model.mean[3 * a]) -
        Math.atan2(model.mean[3 * b + 1] - MOUTH[1], model.mean[3 * b]),
    );
  const lipped = {
    ...model,
    uvs: model.uvs.map((x) => 0.8 * x),
    loops: { lips_inner: Uint32Array.from(rim) },
  };
  const pocketed = withMouthPocket(lipped);
  if (!open) return pocketed;
  // The hole: triangles within the rim become points.
  const triangles = pocketed.triangles.slice();
  for (let t = 0; t < 3 * model.parts[0].triangleCount; t += 3)
    if ([0, 1, 2].every((k) => isFront(triangles[t + k]) && reach(triangles[t + k]) < 30))
      triangles.fill(triangles[t], t, t + 3);
  return { ...pocketed, triangles };
}

function flat(width: number, height: number, colour: readonly number[]): Image & Photo {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = colour[i % 3];
  return { width, height, channels: 3, data };
}

describe('paintMouth', () => {
  it('brings back what the photo shows between the lips when the head is rendered', () => {
    const model = head(true);
    const albedo = flat(512, 512, [120, 60, 55]);
    const photo = flat(camera.widthPx, camera.heightPx, TEETH);
    const share = paintMouth({ photo, model, positions: model.mean, camera, light, albedo });
    expect(share).toBeGreaterThan(0.2);
    const render = renderHead({ model, positions: model.mean, camera, albedo, light });
    const x = 150;
    const y = Math.round(180 + (900 * 45) / (800 - 80));
    const pixel = Array.from(render.data.subarray(3 * (y * 300 + x), 3 * (y * 300 + x) + 3));
    for (let c = 0; c < 3; c++) expect(Math.abs(pixel[c] - TEETH[c])).toBeLessThan(12);
  });

  it('holds teeth that are lit more than was guessed under the whitest enamel, and keeps their pattern', () => {
    const model = head(true);
    const dim = directionalLight([0, 0, 1], [0.5, 0.5, 0.5], [0.35, 0.35, 0.35]);
    const painted = (grey: number): readonly [number, number] => {
      const albedo = flat(512, 512, [120, 60, 55]);
      const photo = flat(camera.widthPx, camera.heightPx, [grey, grey, grey]);
      paintMouth({ photo, model, positions: model.mean, camera, light: dim, albedo });
      const reds = albedo.data.filter((x, i) => i % 3 === 0 && x > 200);
      return [
        reds.reduce((sum, x) => sum + x, 0) / reds.length,
        reds.reduce((most, x) => Math.max(most, x), 0),
      ];
    };
    // Reflectances of 0.9 and 1.1 by the guess; 237 is one of 0.85.
    const [[less], [more, most]] = [painted(226), painted(250)];
    expect(most).toBeLessThanOrEqual(238);
    // Cut off at a limit both were the same.
    expect(more - less).toBeGreaterThan(2);
  });

  it('leaves a closed mouth dark and heads without a pocket as they are', () => {
    const photo = flat(camera.widthPx, camera.heightPx, TEETH);
    for (const model of [head(false), syntheticModel()]) {
      const albedo = flat(512, 512, [120, 60, 55]);
      expect(paintMouth({ photo, model, positions: model.mean, camera, light, albedo })).toBe(0);
      expect(Buffer.compare(albedo.data, flat(512, 512, [120, 60, 55]).data)).toBe(0);
    }
  });
});
