// The filter gradient as an operation of its own: its adjoints are the other two passes, so these cases are the second
// derivatives of a convolution (gradient penalties need them).
import * as g from '../../src/index.ts';
import type { GradientCase } from './case.ts';

/** The filter gradient of a convolution by a weighting of its output, both of them inputs. */
const filterGradient = (
  what: string,
  image: readonly number[],
  weights: readonly number[],
  options: g.Conv2dOptions,
): GradientCase => {
  const output = g.conv2d(g.zeros(image), g.zeros(weights), undefined, options).shape;
  return {
    what,
    fn: ({ x, g: adjoint }) => {
      const w = g.zeros(weights);
      return g.vjp([g.conv2d(x, w, undefined, options)], [w], [adjoint])[0];
    },
    inputs: { x: { shape: image }, g: { shape: output } },
  };
};

export const filterGradientCases: Readonly<Record<string, readonly GradientCase[]>> = {
  adjointKernel: [
    {
      what: 'in the gradient of a convolution by its image',
      fn: ({ w, g: adjoint }) => {
        const image = g.zeros([1, 2, 4, 5]);
        const y = g.conv2d(image, w, undefined, { pads: [1, 1, 1, 1] });
        return g.vjp([y], [image], [adjoint])[0];
      },
      inputs: { w: { shape: [3, 2, 3, 2] }, g: { shape: [1, 3, 4, 6] } },
    },
    {
      what: 'of groups',
      fn: ({ w, g: adjoint }) => {
        const image = g.zeros([1, 4, 3, 3]);
        const y = g.conv2d(image, w, undefined, { pads: [1, 1, 1, 1], groups: 2 });
        return g.vjp([y], [image], [adjoint])[0];
      },
      inputs: { w: { shape: [6, 2, 3, 3] }, g: { shape: [1, 6, 3, 3] } },
    },
  ],
  convFilterGradient: [
    filterGradient('padded', [2, 2, 5, 4], [3, 2, 3, 3], { pads: [1, 1, 1, 1] }),
    filterGradient('strides, dilations, unequal pads', [1, 2, 7, 8], [2, 2, 2, 3], {
      strides: [2, 1],
      dilations: [1, 2],
      pads: [0, 1, 2, 0],
    }),
    filterGradient('groups', [2, 4, 4, 5], [6, 2, 3, 2], { groups: 2, pads: [1, 0, 1, 1] }),
    filterGradient('depthwise', [2, 3, 5, 5], [3, 1, 3, 3], {
      groups: 3,
      strides: [2, 2],
      pads: [1, 1, 0, 0],
    }),
    filterGradient('few filters', [1, 8, 4, 4], [2, 8, 3, 3], { pads: [1, 1, 1, 1] }),
    filterGradient('large filters', [2, 4, 2, 2], [8, 4, 3, 3], { pads: [1, 1, 1, 1] }),
  ],
};
