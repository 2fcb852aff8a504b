/** `completed` with a generator: its pattern where the photo shows nothing, the photo's own skin where it shows it. */
import { add, constant, mul, reshape } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { evaluateModel } from '@likeness/core/model';
import type { FitResult } from '@likeness/core/fitting';
import type { Image, Photo } from '@likeness/core/image';
import { renderHead } from '@likeness/core/render';
import { uvChart, type TextureModel } from '@likeness/core/texture';
import { syntheticModel } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import { runTextureStep, type TextureStep, type TextureStepInput } from '../../src/pipeline/texture-step.ts';
import { landmarksOf, randomTruth } from '../fitting/synthetic-photo.ts';

const SIZE = 128;
const model = syntheticModel();
const truth = randomTruth(model, 3, 700, [0, 0, 0], {}, 0.3);
const { camera, identity, expression } = truth;
const positions = evaluateModel(model, identity, expression);
const photo = renderHead({
  model,
  positions,
  camera,
  clay: [205, 160, 135],
  background: [90, 110, 130],
}) as Photo;
const input = { photo, face: landmarksOf(model, truth) } as TextureStepInput['input'];
const fit = { parameters: { identity, expression, camera } } as unknown as FitResult;

const PLANE = SIZE * SIZE;
const MEAN = Float32Array.from({ length: 3 * PLANE }, (_, i) => [0.3, 0.4, 0.6][Math.floor(i / PLANE)]);
const ROWS = Float32Array.from({ length: 3 * PLANE }, (_, i) =>
  Math.floor(i / SIZE) % 4 < 2 ? 0.05 : -0.05,
);

/** Draws rows of light and dark, as strong as its one number, on a blue far from the photo's tone. */
function rowsOnBlue(encode?: TextureModel['encode']): TextureModel {
  return {
    name: 'rows on blue',
    version: '1',
    headModel: model.name,
    latentSize: 1,
    size: SIZE,
    ...(encode ? { encode } : {}),
    generate: (latent) =>
      reshape(
        add(mul(reshape(latent, [1, 1]), constant(ROWS, [1, 3 * PLANE])), constant(MEAN, [1, 3 * PLANE])),
        [1, 3, SIZE, SIZE],
      ),
  };
}

const run = (completion?: TextureModel): Promise<TextureStep> =>
  runTextureStep({
    input,
    fit,
    positions,
    kind: 'completed',
    sizePx: 4 * SIZE,
    assets: { model, ...(completion ? { completion, runtime: nodeRuntime({ threads: 1 }) } : {}) },
  });

/** Mean |step| from a row of the generator's to the next, in green, and mean colour, over chosen texels of the skin. */
function rowsIn(albedo: Image, choose: (i: number) => boolean): { step: number; colour: number[] } {
  const chart = uvChart(model, albedo.width);
  const skin = model.parts.findIndex(({ name }) => name === 'skin');
  let [step, count] = [0, 0];
  const colour = [0, 0, 0];
  const down = 8 * albedo.width;
  for (let i = 0; i + down < chart.part.length; i++) {
    const inside = (j: number): boolean => chart.part[j] === skin && choose(j);
    if (!inside(i) || !inside(i + down) || Math.floor(i / albedo.width) % 16 !== 3) continue;
    step += Math.abs(albedo.data[i * 3 + 1] - albedo.data[(i + down) * 3 + 1]);
    for (let c = 0; c < 3; c++) colour[c] += (albedo.data[i * 3 + c] + albedo.data[(i + down) * 3 + c]) / 2;
    count++;
  }
  expect(count).toBeGreaterThan(500);
  return { step: step / count, colour: colour.map((x) => x / count) };
}

describe('the completed texture', () => {
  it('takes the pattern of what is not seen from the generator, in the tone of what is', async () => {
    const encoded: number[] = [];
    const generator = rowsOnBlue((target, confidence) => {
      encoded.push(target.width, confidence.length);
      return Float32Array.of(1.5);
    });
    const [own, plain] = [await run(generator), await run()];
    expect(encoded).toEqual([SIZE, PLANE]);
    expect(own.texture).toEqual({
      kind: 'completed',
      model: 'rows on blue',
      latent: Float32Array.of(1.5),
    });
    expect(plain.texture).toEqual({ kind: 'completed' });
    const { data: seen } = own.seen;
    const unseen = rowsIn(own.albedo, (i) => seen[i] < 0.01);
    const shown = rowsIn(own.albedo, (i) => seen[i] > 0.99);
    expect(unseen.step).toBeGreaterThan(30);
    expect(rowsIn(plain.albedo, (i) => seen[i] < 0.01).step).toBeLessThan(4);
    // The photo's detail stays the photo's, and blue rows have become rows of this skin.
    expect(shown.step).toBeLessThan(2);
    for (let c = 0; c < 3; c++) expect(Math.abs(unseen.colour[c] - shown.colour[c])).toBeLessThan(8);
  });

  it('searches the latent of a generator without an encoder', async () => {
    const { texture } = await run(rowsOnBlue());
    expect(texture.latent).toHaveLength(1);
    expect(texture.latent?.[0]).not.toBe(0);
  });
});
