import { describe, expect, it } from 'vitest';
import { nodeRuntime } from '@likeness/graph/node';
import { foldIn, key, normal, permutation } from '@likeness/graph/random';
import {
  DESCRIPTOR_LENGTH,
  patchDescriptors,
  PATCHES_PER_IMAGE,
} from '../../src/texture/patch-descriptors.ts';
import { pyramidLevels } from '../../src/texture/laplacian-pyramid.ts';
import { slicedWasserstein } from '../../src/texture/sliced-wasserstein.ts';

const SIZE = 64;
const LEVELS = pyramidLevels(SIZE, SIZE);
const runtime = nodeRuntime();

/** Images of smooth blobs and noise; `blur` averages neighbours so many times, `colour` spreads the reds. */
function imageSet(seed: number, n: number, blur = 0): Float32Array[] {
  return Array.from({ length: n }, (_, k) => {
    let image = normal(foldIn(key(seed), k), [3 * SIZE * SIZE]).map((x, i) => {
      const [row, column] = [Math.floor(i / SIZE) % SIZE, i % SIZE];
      // Pores: few and deep, so that a blur changes what the finest octave looks like, not only its strength.
      return (
        128 + 2 * x - (x > 2.2 ? 90 : 0) + 40 * Math.sin((row + 3 * k) / 9) * Math.cos((column - k) / 11)
      );
    });
    for (let b = 0; b < blur; b++)
      image = image.map(
        (_, i) => (image[i] + image[(i + 1) % image.length] + image[(i + SIZE) % image.length]) / 3,
      );
    return image;
  });
}

function describeSet(images: readonly Float32Array[], seed: number): Int16Array[][] {
  const levels = Array.from({ length: LEVELS }, () => [] as Int16Array[]);
  const perImage = PATCHES_PER_IMAGE * DESCRIPTOR_LENGTH;
  images.forEach((image, i) => {
    const out = new Int16Array(LEVELS * perImage);
    patchDescriptors(image, SIZE, SIZE, foldIn(key(seed), i), out, 0, perImage);
    for (let l = 0; l < LEVELS; l++) levels[l].push(out.subarray(l * perImage, (l + 1) * perImage));
  });
  return levels;
}

const options = { runtime, threads: 1, key: key(9), directions: 64 };

describe('slicedWasserstein', () => {
  it('is 0 for one set in two orders, small for two draws of one kind, and grows with blur, most at the finest level', async () => {
    const base = describeSet(imageSet(1, 48), 1);
    const again = describeSet(imageSet(2, 48), 2);
    const soft = describeSet(imageSet(3, 48, 1), 3);
    const softer = describeSet(imageSet(4, 48, 4), 4);
    const shuffled = base.map((chunks) => Array.from(permutation(key(5), chunks.length), (i) => chunks[i]));
    const perLevel: number[][] = [];
    for (let l = 0; l < LEVELS; l++)
      perLevel.push(
        await slicedWasserstein(
          [base[l], shuffled[l], again[l], soft[l], softer[l]],
          [
            [0, 1],
            [0, 2],
            [0, 3],
            [0, 4],
          ],
          options,
        ),
      );
    for (const [same, alike] of perLevel) {
      expect(same).toBeLessThan(1e-6);
      expect(alike).toBeLessThan(0.08);
    }
    const [fine] = perLevel;
    expect(fine[2]).toBeGreaterThan(1.4 * fine[1]);
    expect(fine[3]).toBeGreaterThan(1.5 * fine[2]);
    // The coarsest level hardly knows of it.
    const coarse = perLevel[LEVELS - 1];
    expect(coarse[3] - coarse[1]).toBeLessThan(0.25 * (fine[3] - fine[1]));
  });

  it('is what the definition gives, computed the slow way', async () => {
    const a = describeSet(imageSet(6, 2), 6)[0];
    const b = describeSet(imageSet(7, 2, 2), 7)[0];
    // Same directions, one by one: every set to mean 0 and deviation 1 in each channel, project, sort, compare.
    const rows = (chunks: Int16Array[]): Float64Array => {
      const all = Float64Array.from(chunks.flatMap((chunk) => Array.from(chunk)));
      for (let c = 0; c < 3; c++) {
        const own = all.filter((_, i) => Math.floor((i % DESCRIPTOR_LENGTH) / 49) === c);
        const mean = own.reduce((s, x) => s + x, 0) / own.length;
        const deviation = Math.sqrt(own.reduce((s, x) => s + (x - mean) ** 2, 0) / own.length);
        all.forEach((x, i) => {
          if (Math.floor((i % DESCRIPTOR_LENGTH) / 49) === c) all[i] = (x - mean) / deviation;
        });
      }
      return all;
    };
    const directions = 8;
    const raw = normal(foldIn(options.key, 0), [directions, DESCRIPTOR_LENGTH]);
    let wanted = 0;
    for (let d = 0; d < directions; d++) {
      const row = raw.subarray(d * DESCRIPTOR_LENGTH, (d + 1) * DESCRIPTOR_LENGTH);
      const length = Math.hypot(...row);
      const line = (values: Float64Array): Float64Array =>
        Float64Array.from({ length: values.length / DESCRIPTOR_LENGTH }, (_, i) =>
          row.reduce((sum, w, j) => sum + (w / length) * values[i * DESCRIPTOR_LENGTH + j], 0),
        ).sort();
      const [x, y] = [line(rows(a)), line(rows(b))];
      wanted += x.reduce((sum, value, i) => sum + Math.abs(value - y[i]), 0) / x.length / directions;
    }
    const [found] = await slicedWasserstein([a, b], [[0, 1]], { ...options, directions });
    expect(found).toBeCloseTo(wanted, 5);
  });

  it('refuses sets of different sizes', async () => {
    const [a] = describeSet(imageSet(1, 2), 1);
    await expect(slicedWasserstein([a, a.slice(1)], [[0, 1]], options)).rejects.toThrow(/equally many/);
  });
});
