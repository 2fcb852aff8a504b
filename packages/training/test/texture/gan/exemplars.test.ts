// Detail to choose from: exemplars differ, hold what the coarser level does not show, and a generator that chooses draws them.
import { compile, constant } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { key, normal } from '@likeness/graph/random';
import { describe, expect, it } from 'vitest';
import {
  chooseExemplars,
  generator,
  initialParameters,
  windowPyramid,
  type FaceWindow,
} from '../../../src/texture/gan/index.ts';

const window: FaceWindow = { mapSize: 64, x: 16, y: 4, base: [5, 4], topLevel: 3 };

/** Grey maps with stripes of one texel, as strong as said, in the upper or the lower half. */
const map = (strength: number, lower: boolean): Float32Array[] =>
  windowPyramid(
    Uint8Array.from({ length: 3 * 64 * 64 }, (_, i) => {
      const [x, y] = [i % 64, Math.floor(i / 64) % 64];
      return y >= 24 === lower ? 128 + (x % 2 === 0 ? strength : -strength) : 128;
    }),
    window,
  );
const pyramids = [map(1, false), map(2, false), map(40, true), map(38, true), map(0, true), map(30, false)];

describe('chooseExemplars', () => {
  it('takes what differs most, and only what the coarser level does not show', () => {
    const { count, images, below } = chooseExemplars(pyramids, window, 3, 1);
    expect([count, below, images.length]).toEqual([3, 1, 3 * 40 * 32]);
    const strength = (k: number, lower: boolean): number => {
      let sum = 0;
      // Away from the border of the stripes, which the coarser level does show.
      for (let y = lower ? 26 : 2; y < (lower ? 38 : 14); y++)
        for (let x = 0; x < 32; x++) sum += Math.abs(images[(k * 40 + y) * 32 + x]);
      return (127.5 * sum) / (12 * 32);
    };
    const found = [0, 1, 2].map((k) => [strength(k, false), strength(k, true)].map(Math.round));
    // 2 of 255 is the map nearest to the mean amount; then the two that are far from it, in either half.
    expect(found).toContainEqual([0, 40]);
    expect(found).toContainEqual([30, 0]);
  });

  it('refuses more exemplars than maps', () => {
    expect(() => chooseExemplars(pyramids, window, 7, 1)).toThrow('7 exemplars of 6 maps');
  });
});

describe('generator with exemplars', () => {
  it('draws the detail it chooses, in luminance', async () => {
    const runtime = nodeRuntime({ threads: 1 });
    const architecture = { latent: 8, base: [5, 4] as const, widths: [8, 8, 8, 8], exemplars: 3 };
    const exemplars = chooseExemplars(pyramids, window, 3, 1);
    const all = initialParameters(architecture, 3, key(4));
    expect(all['g/detail/w'].shape).toEqual([4, 8, 1, 1]);
    const draw = async (scores: readonly number[]): Promise<Float32Array> => {
      const { data, ...layer } = all['g/detail/w'];
      const weights: typeof all = {
        ...all,
        'g/detail/w': { ...layer, data: new Float32Array(data.length) },
        'g/detail/b': { ...all['g/detail/b'], data: Float32Array.from(scores) },
      };
      const p = Object.fromEntries(
        Object.entries(weights).map(([name, value]) => [name, constant(value.data, value.shape)]),
      );
      const program = await compile(
        ({ z }) => generator(architecture, p, z, 3, { exemplars }),
        { z: { shape: [1, 8] } },
        { runtime },
      );
      const { output } = await program.run({ z: normal(key(1), [1, 8]) });
      await program.dispose();
      return output;
    };
    // An amount of 0 (softplus of a very negative score) leaves detail out.
    const without = await draw([0, 0, 0, -50]);
    for (const k of [0, 1, 2]) {
      const chosen = [0, 1, 2].map((i) => (i === k ? 20 : 0));
      const image = await draw([...chosen, 0]);
      const size = 40 * 32;
      // softplus(0.54) = 1; drawn in units of a quarter.
      for (let c = 0; c < 3; c++)
        for (let i = 0; i < size; i += 7)
          expect(image[c * size + i] - without[c * size + i]).toBeCloseTo(
            4 * exemplars.images[k * size + i],
            1,
          );
    }
  });
});
