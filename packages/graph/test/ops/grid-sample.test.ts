// Image sampling against a loop over the definition, and the composed float64 path against the runtime's kernel.
import { seededRandom } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { evaluate, largestDifference, numbers } from '../fixtures/evaluate.ts';

const random = seededRandom(11);
const [N, C, H, W, P] = [2, 2, 3, 5, 12];
const image = { shape: [N, C, H, W], data: numbers(N * C * H * W, random) };
const grid = { shape: [N, 1, P, 2], data: numbers(N * P * 2, random).map((v) => 1.7 * v) };

function reference({ mode, padding, alignCorners }: typeof g.GRID_SAMPLE_DEFAULTS): number[] {
  const place = (unit: number, size: number): number => {
    const at = alignCorners ? ((unit + 1) / 2) * (size - 1) : ((unit + 1) * size - 1) / 2;
    if (padding === 'zeros') return at;
    if (padding === 'border') return Math.min(Math.max(at, 0), size - 1);
    const [low, high] = alignCorners ? [0, size - 1] : [-0.5, size - 0.5];
    let mirrored = at;
    while (mirrored < low || mirrored > high)
      mirrored = mirrored < low ? 2 * low - mirrored : 2 * high - mirrored;
    return Math.min(Math.max(mirrored, 0), size - 1);
  };
  const out: number[] = [];
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) {
      const read = (y: number, x: number): number =>
        y < 0 || x < 0 || y >= H || x >= W ? 0 : image.data[((n * C + c) * H + y) * W + x];
      for (let p = 0; p < P; p++) {
        const x = place(grid.data[(n * P + p) * 2], W);
        const y = place(grid.data[(n * P + p) * 2 + 1], H);
        const [left, top] = [Math.floor(x), Math.floor(y)];
        out.push(
          mode === 'nearest'
            ? read(Math.round(y), Math.round(x))
            : (1 - (y - top)) * ((1 - (x - left)) * read(top, left) + (x - left) * read(top, left + 1)) +
                (y - top) * ((1 - (x - left)) * read(top + 1, left) + (x - left) * read(top + 1, left + 1)),
        );
      }
    }
  }
  return out;
}

describe.each(['float32', 'float64', 'float16'] as const)('%s', (dtype) => {
  const tolerance = { float32: 1e-5, float64: 1e-12, float16: 2e-2 }[dtype];
  // A position rounded to float16 may lie nearest another pixel.
  const modes = dtype === 'float16' ? (['bilinear'] as const) : (['bilinear', 'nearest'] as const);
  describe.each(modes)('%s', (mode) => {
    it.each(
      (['zeros', 'border', 'reflection'] as const).flatMap((padding) =>
        [false, true].map((alignCorners) => ({ padding, alignCorners })),
      ),
    )('%o', async (options) => {
      const { data } = await evaluate((t) => g.gridSample(t['x'], t['grid'], { mode, ...options }), {
        x: { ...image, dtype },
        grid: { ...grid, dtype },
      });
      expect(largestDifference(data, reference({ mode, ...options }))).toBeLessThan(tolerance);
    });
  });
});

it('names what does not fit', () => {
  expect(() => g.gridSample(g.zeros([1, 2, 3, 3]), g.zeros([2, 1, 1, 2]))).toThrow(
    "gridSample: expected an image [n,c,h,w] and a grid [n,h',w',2], received [1,2,3,3] and [2,1,1,2]",
  );
});
