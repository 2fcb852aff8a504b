// The filter gradient against its definition, written as loops, on random geometries, in every form that it is lowered to.
import { seededRandom } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import {
  conv2d,
  convTranspose2d,
  trace,
  vjp,
  zeros,
  type Conv2dOptions,
  type Tensor,
} from '../../src/index.ts';
import { evaluate, largestDifference, numbers } from '../fixtures/evaluate.ts';

interface Case {
  readonly n: number;
  readonly image: readonly [number, number];
  readonly weights: readonly [number, number, number, number];
  readonly options: Required<Conv2dOptions>;
}

const channelsOf = ({ weights, options }: Case): number => weights[1] * options.groups;

/** dW[f, c, ky, kx] = sum over images and positions of g[n, f, y, x] times the pixel that the tap reads there. */
function reference(
  g: readonly number[],
  x: readonly number[],
  extents: readonly number[],
  test: Case,
): number[] {
  const { n, image, weights, options } = test;
  const [filters, perGroup, kh, kw] = weights;
  const { strides, pads, dilations, groups } = options;
  const [, , oh, ow] = extents;
  const channels = channelsOf(test);
  const out: number[] = [];
  for (let f = 0; f < filters; f++) {
    const first = Math.floor(f / (filters / groups)) * perGroup;
    for (let c = 0; c < perGroup; c++) {
      for (let ky = 0; ky < kh; ky++) {
        for (let kx = 0; kx < kw; kx++) {
          let total = 0;
          for (let b = 0; b < n; b++) {
            for (let y = 0; y < oh; y++) {
              for (let x0 = 0; x0 < ow; x0++) {
                const row = y * strides[0] - pads[0] + ky * dilations[0];
                const column = x0 * strides[1] - pads[1] + kx * dilations[1];
                if (row < 0 || row >= image[0] || column < 0 || column >= image[1]) continue;
                total +=
                  g[((b * filters + f) * oh + y) * ow + x0] *
                  x[((b * channels + first + c) * image[0] + row) * image[1] + column];
              }
            }
          }
          out.push(total);
        }
      }
    }
  }
  return out;
}

/** The filter gradient of `conv2d` as a program of x and g. */
const program =
  ({ weights, options }: Case) =>
  ({ x, g }: Readonly<Record<string, Tensor>>): Tensor => {
    const w = zeros(weights);
    return vjp([conv2d(x, w, undefined, options)], [w], [g])[0];
  };

function shapes(test: Case): { readonly x: readonly number[]; readonly g: readonly number[] } {
  const x = [test.n, channelsOf(test), ...test.image];
  return { x, g: conv2d(zeros(x), zeros(test.weights), undefined, test.options).shape };
}

/** Largest difference to the definition. */
async function differenceOf(test: Case): Promise<number> {
  const { x, g } = shapes(test);
  const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  const image = numbers(size(x), random);
  const adjoint = numbers(size(g), random);
  const { shape, data } = await evaluate(program(test), {
    x: { shape: x, data: image },
    g: { shape: g, data: adjoint },
  });
  expect(shape).toEqual(test.weights);
  return largestDifference(data, reference(adjoint, image, g, test));
}

/** float32 sums of up to a thousand products of numbers below 1. */
const TOLERANCE = 3e-5;

const random = seededRandom(11);
const pick = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
const PLAIN = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], groups: 1 } as const;

const RANDOM: readonly Case[] = Array.from({ length: 60 }, () => {
  const groups = pick(0, 2) === 0 ? pick(2, 4) : 1;
  return {
    n: pick(1, 3),
    image: [pick(7, 12), pick(7, 12)],
    weights: [groups * pick(1, 6), pick(1, 6), pick(1, 4), pick(1, 4)],
    options: {
      groups,
      strides: [pick(1, 3), pick(1, 3)],
      dilations: [pick(1, 2), pick(1, 2)],
      pads: [pick(0, 3), pick(0, 3), pick(0, 3), pick(0, 3)],
    },
  };
});

describe('convFilterGradient', () => {
  it.each(RANDOM)('$n images of $image, filters $weights, $options', async (test) => {
    expect(await differenceOf(test)).toBeLessThan(TOLERANCE);
  });

  it.each<[string, Case]>([
    [
      'images one after the other in one sum',
      { n: 3, image: [4, 4], weights: [20, 24, 3, 3], options: PLAIN },
    ],
    ['images apart', { n: 3, image: [14, 14], weights: [5, 4, 3, 3], options: PLAIN }],
    ['large filters as a volume', { n: 2, image: [2, 2], weights: [24, 20, 3, 3], options: PLAIN }],
    [
      'large filters, one image, stride 2',
      {
        n: 1,
        image: [4, 4],
        weights: [40, 20, 3, 3],
        options: { ...PLAIN, strides: [2, 2], pads: [1, 1, 0, 0] },
      },
    ],
    [
      'few filters on many channels',
      { n: 2, image: [6, 7], weights: [3, 20, 3, 2], options: { ...PLAIN, pads: [1, 0, 2, 1] } },
    ],
    ['pixelwise', { n: 2, image: [5, 5], weights: [7, 9, 1, 1], options: { ...PLAIN, pads: [0, 0, 0, 0] } }],
    ['depthwise', { n: 2, image: [8, 9], weights: [6, 1, 3, 3], options: { ...PLAIN, groups: 6 } }],
    [
      'depthwise, stride 2',
      { n: 2, image: [8, 9], weights: [6, 1, 3, 3], options: { ...PLAIN, groups: 6, strides: [2, 2] } },
    ],
    [
      'a kernel as large as its image',
      { n: 2, image: [4, 4], weights: [3, 5, 4, 4], options: { ...PLAIN, pads: [0, 0, 0, 0] } },
    ],
  ])('%s', async (_, test) => {
    expect(await differenceOf(test)).toBeLessThan(TOLERANCE);
  });

  it('of a transposed convolution', async () => {
    const weights = [3, 2, 2, 3] as const;
    const given: Case = {
      n: 2,
      image: [9, 7],
      weights,
      options: { ...PLAIN, strides: [2, 1], pads: [0, 1, 1, 0] },
    };
    const { x, g } = shapes(given);
    const size = [given.image[0], given.image[1]] as const;
    const image = numbers(
      x.reduce((a, b) => a * b),
      random,
    );
    const adjoint = numbers(
      g.reduce((a, b) => a * b),
      random,
    );
    // <h, transpose(g, w)> = <conv(h, w), g>: by w both have one gradient.
    const { data } = await evaluate(
      (t) => {
        const w = zeros(weights);
        return vjp([convTranspose2d(t['g'], w, { ...given.options, size })], [w], [t['x']])[0];
      },
      { x: { shape: x, data: image }, g: { shape: g, data: adjoint } },
    );
    expect(largestDifference(data, reference(adjoint, image, g, given))).toBeLessThan(TOLERANCE);
  });

  it('stays a handful of nodes when it is differentiated again', () => {
    const test: Case = { n: 1, image: [8, 8], weights: [4, 4, 3, 3], options: PLAIN };
    const { x, g } = shapes(test);
    const { nodes } = trace(
      (t) => {
        const filters = program(test)(t);
        return { byX: vjp([filters], [t['x']], [filters])[0], byG: vjp([filters], [t['g']], [filters])[0] };
      },
      { x: { shape: x }, g: { shape: g } },
    );
    expect(nodes.length).toBeLessThan(20);
  });
});
