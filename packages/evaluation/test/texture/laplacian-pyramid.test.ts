import { describe, expect, it } from 'vitest';
import { key, normal } from '@likeness/graph/random';
import { laplacianPyramid, pyramidLevels } from '../../src/texture/laplacian-pyramid.ts';

/** The paper's own form: one two-dimensional kernel, borders mirrored about the outermost pixel, zeros inserted on the way up. */
const TAPS = [1, 4, 6, 4, 1];
const mirror = (i: number, n: number): number => (i < 0 ? -i : i >= n ? 2 * n - 2 - i : i);
function convolve(image: ArrayLike<number>, h: number, w: number, gain: number): Float64Array {
  const out = new Float64Array(h * w);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      for (let j = -2; j <= 2; j++)
        for (let i = -2; i <= 2; i++)
          out[y * w + x] +=
            ((gain * TAPS[j + 2] * TAPS[i + 2]) / 256) * image[mirror(y + j, h) * w + mirror(x + i, w)];
  return out;
}
function slow(image: ArrayLike<number>, h: number, w: number): { detail: number[]; below: Float64Array } {
  const blurred = convolve(image, h, w, 1);
  const below = Float64Array.from(
    { length: (h * w) / 4 },
    (_, i) => blurred[2 * Math.floor(i / (w / 2)) * w + 2 * (i % (w / 2))],
  );
  const spread = new Float64Array(h * w);
  below.forEach((value, i) => (spread[2 * Math.floor(i / (w / 2)) * w + 2 * (i % (w / 2))] = value));
  const up = convolve(spread, h, w, 4);
  return { detail: Array.from(up, (value, i) => image[i] - value), below };
}

describe('laplacianPyramid', () => {
  it('is the literal convolution, borders included', () => {
    const [h, w] = [24, 16];
    const image = normal(key(3), [3 * h * w]);
    const [fine, middle, rest] = laplacianPyramid(image, 3, h, w, 3);
    for (let c = 0; c < 3; c++) {
      const first = slow(image.subarray(c * h * w, (c + 1) * h * w), h, w);
      const second = slow(first.below, h / 2, w / 2);
      const worst = (a: ArrayLike<number>, b: Float32Array, size: number): number =>
        Math.max(...Array.from(a, (value, i) => Math.abs(value - b[c * size + i])));
      expect(worst(first.detail, fine.data, h * w)).toBeLessThan(1e-5);
      expect(worst(second.detail, middle.data, (h * w) / 4)).toBeLessThan(1e-5);
      expect(worst(second.below, rest.data, (h * w) / 16)).toBeLessThan(1e-5);
    }
  });

  it('ends at 16 pixels, and refuses sides that cannot be halved', () => {
    expect(pyramidLevels(320, 256)).toBe(5);
    expect(laplacianPyramid(new Float32Array(3 * 320 * 256), 3, 320, 256, 5).at(-1)).toMatchObject({
      height: 20,
      width: 16,
    });
    expect(() => laplacianPyramid(new Float32Array(3 * 20 * 18), 3, 20, 18, 3)).toThrow(/multiples of 4/);
  });
});
