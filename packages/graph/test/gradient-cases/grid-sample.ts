// Cases of image sampling. Grids stay away from pixel centres and edges, where bilinear sampling has kinks.
import * as g from '../../src/index.ts';
import type { GradientCase } from './case.ts';

/** Positions in pixels of a 4 wide, 3 high image, a fraction inside each cell, some beyond the edges. */
const PIXELS = [
  [0.3, 0.4],
  [1.7, 1.2],
  [-0.7, 0.6],
  [2.4, -0.3],
  [3.6, 1.7],
  [-1.6, 2.7],
  [5.3, -2.4],
  [1.3, 1.6],
] as const;

const grid = (alignCorners: boolean) => ({
  shape: [1, 2, 4, 2],
  values: (index: number): number => {
    const size = [4, 3][index % 2];
    const at = PIXELS[Math.floor(index / 2)][index % 2];
    return alignCorners ? (2 * at) / (size - 1) - 1 : (2 * at + 1) / size - 1;
  },
});

export const gridSampleCases: Readonly<Record<string, readonly GradientCase[]>> = {
  gridSample: [
    ...(['zeros', 'border', 'reflection'] as const).flatMap((padding) =>
      [false, true].map((alignCorners) => ({
        what: `bilinear, ${padding}, corners ${alignCorners ? 'aligned' : 'at the edges'}`,
        fn: ({ x, at }: Readonly<Record<string, g.Tensor>>) => g.gridSample(x, at, { padding, alignCorners }),
        inputs: { x: { shape: [1, 2, 3, 4] }, at: grid(alignCorners) },
      })),
    ),
    {
      what: 'nearest',
      fn: ({ x, at }) => g.gridSample(x, at, { mode: 'nearest' }),
      inputs: { x: { shape: [1, 2, 3, 4] }, at: grid(false) },
    },
    {
      what: 'two images',
      fn: ({ x, at }) => g.gridSample(x, g.concat([at, g.mul(at, 0.9)], 0), { padding: 'border' }),
      inputs: { x: { shape: [2, 1, 3, 4] }, at: grid(false) },
    },
    {
      what: 'its own gradients',
      fn: ({ x, at }) => {
        const [image, positions] = g.gradients(g.sum(g.square(g.gridSample(x, at))), [x, at]);
        return g.concat([g.reshape(image, [-1]), g.reshape(positions, [-1])], 0);
      },
      inputs: { x: { shape: [1, 2, 3, 4] }, at: grid(false) },
    },
  ],
};
