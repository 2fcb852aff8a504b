// Detail to choose from: exemplars differ, hold what the coarser level does not show, and lend it to pictures like theirs.
import { compile, constant, gradients, mul, sum } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { key, normal } from '@likeness/graph/random';
import { describe, expect, it } from 'vitest';
import {
  chooseExemplars,
  generator,
  initialParameters,
  lookUpDetail,
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

describe('lookUpDetail', () => {
  /** The same stripes on maps that are dark on one side: to be told apart by their small pictures. */
  const shaded = [-60, 0, 60].map((shade, k) =>
    windowPyramid(
      Uint8Array.from({ length: 3 * 64 * 64 }, (_, i) => {
        const [x, y] = [i % 64, Math.floor(i / 64) % 64];
        const stripe = (k === 1 ? y : x) % 2 === 0 ? 10 * (k + 1) : -10 * (k + 1);
        return Math.round(128 + stripe + (shade * (x - 32)) / 32);
      }),
      window,
    ),
  );
  const exemplars = chooseExemplars(shaded, window, 3, 1);
  const size = 40 * 32;
  const ofShade = (shade: number): Float32Array =>
    Float32Array.from({ length: 3 * size }, (_, i) => (128 + (shade * ((i % 32) - 16)) / 32) / 127.5 - 1);
  const runtime = nodeRuntime({ threads: 1 });
  const lookUp = async (picture: Float32Array, amount = 1) => {
    const program = await compile(
      ({ x, a }) => {
        const detail = lookUpDetail(x, a, exemplars);
        const [slope] = gradients(sum(mul(detail, detail)), [x]);
        return { detail, slope };
      },
      { x: { shape: [1, 3, 40, 32] }, a: { shape: [1, 1, 20, 16] } },
      { runtime },
    );
    const { detail, slope } = await program.run({ x: picture, a: new Float32Array(20 * 16).fill(amount) });
    await program.dispose();
    return { detail, slope };
  };

  /** The exemplars' detail in the order of their shades. */
  const pixels = exemplars.small.length / 9;
  const tilt = (k: number): number =>
    exemplars.small
      .subarray(3 * k * pixels, (3 * k + 1) * pixels)
      .reduce((sum, value, i) => sum + value * ((i % 16) - 7.5), 0);
  const ordered = [0, 1, 2]
    .sort((a, b) => tilt(a) - tilt(b))
    .map((k) => exemplars.images.subarray(k * size, (k + 1) * size));
  /** Away from the axis of the shading, where all look alike. */
  const places = [3, 4, 27, 28].flatMap((x) => [8, 13, 18, 23, 28].map((y) => y * 32 + x));

  it.each([0, 1, 2])(
    'gives a picture like exemplar %i its detail, as much as asked, without a gradient',
    async (k) => {
      const { detail, slope } = await lookUp(ofShade([-60, 0, 60][k]), 0.5);
      for (const at of places) expect(detail[at]).toBeCloseTo(0.5 * ordered[k][at], 2);
      expect(Math.abs(detail[places[0]])).toBeGreaterThan(0.02);
      expect(slope.every((value) => value === 0)).toBe(true);
    },
  );

  it('gives a picture between two the mean of both, with some of the lost variance put back', async () => {
    const { detail } = await lookUp(ofShade(30));
    for (const at of places)
      expect(detail[at]).toBeCloseTo((ordered[1][at] + ordered[2][at]) / 2 / 0.5 ** 0.4, 1);
  });
});

describe('generator with exemplars', () => {
  it('adds their detail to what it draws, in all colours alike, and none where the amount is nothing', async () => {
    const runtime = nodeRuntime({ threads: 1 });
    const architecture = { latent: 8, base: [5, 4] as const, widths: [8, 8, 8, 8], exemplars: 3 };
    const exemplars = chooseExemplars(pyramids, window, 3, 0);
    const all = initialParameters(architecture, 3, key(4));
    expect(all['g/detail/w'].shape).toEqual([1, 8, 1, 1]);
    const draw = async (score: number): Promise<Float32Array> => {
      const { data, ...layer } = all['g/detail/w'];
      const weights: typeof all = {
        ...all,
        'g/detail/w': { ...layer, data: new Float32Array(data.length) },
        'g/detail/b': { ...all['g/detail/b'], data: Float32Array.of(score) },
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
    const [without, plain, double] = [await draw(-50), await draw(0), await draw(50)];
    const size = 40 * 32;
    let [strong, weak] = [0, 0];
    for (let i = 0; i < size; i++) {
      const added = plain[i] - without[i];
      for (const c of [1, 2]) expect(plain[c * size + i] - without[c * size + i]).toBeCloseTo(added, 4);
      weak += Math.abs(added);
      strong += Math.abs(double[i] - without[i]);
    }
    // A score of 0 asks for what the exemplars have (softplus 1); one of 50 for 50.54 times as much.
    expect(weak / size).toBeGreaterThan(0.01);
    expect(strong / weak).toBeCloseTo(50 + Math.log(Math.E - 1), 1);
  });

  it('has no gradient by the amount where detail is fixed, and draws the same', async () => {
    const architecture = { latent: 8, base: [5, 4] as const, widths: [8, 8, 8, 8], exemplars: 3 };
    const exemplars = chooseExemplars(pyramids, window, 3, 0);
    const p = Object.fromEntries(
      Object.entries(initialParameters(architecture, 3, key(4))).map(([name, value]) => [
        name,
        constant(value.data, value.shape),
      ]),
    );
    const draw = async (fixedDetail: boolean): Promise<{ image: Float32Array; slope: number }> => {
      const program = await compile(
        ({ z, bias }) => {
          const image = generator(architecture, { ...p, 'g/detail/b': bias }, z, 3, {
            exemplars,
            fixedDetail,
          });
          return { image, slope: gradients(sum(mul(image, image)), [bias])[0] };
        },
        { z: { shape: [1, 8] }, bias: { shape: [1] } },
        { runtime: nodeRuntime({ threads: 1 }) },
      );
      const { image, slope } = await program.run({ z: normal(key(1), [1, 8]), bias: Float32Array.of(0.2) });
      await program.dispose();
      return { image, slope: slope[0] };
    };
    const [free, fixed] = [await draw(false), await draw(true)];
    expect(Math.abs(free.slope)).toBeGreaterThan(0.01);
    expect(fixed.slope).toBe(0);
    fixed.image.forEach((value, i) => expect(Math.abs(value - free.image[i])).toBeLessThan(2e-3));
  });
});
