/** Filters that look at less than the whole plane, against ones that look at all of it. */
import { seededRandom } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import { blur, erode, weightedBlurs } from '../../src/texture/plane-filters.ts';

const [WIDTH, HEIGHT] = [70, 50];
const random = seededRandom(5);
const noise = (): Float32Array => Float32Array.from({ length: WIDTH * HEIGHT }, () => random() - 0.3);

describe('weightedBlurs', () => {
  it.each([
    ['in the middle', 20, 40, 15, 30],
    ['at the borders', 0, 70, 0, 12],
    ['of one pixel', 69, 70, 49, 50],
    ['of nothing', 0, 0, 0, 0],
  ])('is the blur of the whole plane for a weight %s', (_, left, right, top, bottom) => {
    const weight = new Float32Array(WIDTH * HEIGHT);
    for (let y = top; y < bottom; y++)
      for (let x = left; x < right; x++) weight[y * WIDTH + x] = 0.2 + 0.8 * random();
    const planes = [noise(), noise()];
    for (const sigma of [0.2, 1.6, 5]) {
      const total = blur(weight.slice(), WIDTH, HEIGHT, sigma);
      const found = weightedBlurs(planes, weight, WIDTH, HEIGHT, sigma, [0.5]);
      planes.forEach((plane, k) => {
        const sum = blur(
          plane.map((value, i) => value * weight[i]),
          WIDTH,
          HEIGHT,
          sigma,
        );
        let worst = 0;
        for (let i = 0; i < sum.length; i++) {
          const expected = total[i] > 1e-5 ? sum[i] / total[i] : k === 0 ? 0.5 : 0;
          worst = Math.max(worst, Math.abs(found[k][i] - expected));
        }
        expect(worst).toBeLessThan(1e-3);
      });
    }
  });
});

describe('erode', () => {
  it.each([1, 3, 60, 80])('is the least within a square of radius %d', (radius) => {
    const plane = noise();
    const found = erode(plane, WIDTH, HEIGHT, radius);
    for (let n = 0; n < 200; n++) {
      const [x, y] = [Math.floor(random() * WIDTH), Math.floor(random() * HEIGHT)];
      let least = Infinity;
      for (let j = Math.max(0, y - radius); j <= Math.min(HEIGHT - 1, y + radius); j++)
        for (let i = Math.max(0, x - radius); i <= Math.min(WIDTH - 1, x + radius); i++)
          least = Math.min(least, plane[j * WIDTH + i]);
      expect(found[y * WIDTH + x]).toBe(least);
    }
  });
});
