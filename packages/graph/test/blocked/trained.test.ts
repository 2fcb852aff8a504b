// Convolutions whose weights are inputs, in the blocked layout against the ordinary one: values, and gradients of first and second
// order by image, weights and bias.
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import type { Tensor, Tensors } from '../../src/index.ts';
import { lower } from '../../src/lower.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { trace } from '../../src/trace.ts';
import { largestDifference } from '../fixtures/evaluate.ts';

const runtime = nodeRuntime({ threads: 1 });

const numbers = (size: number, seed: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(12.9898 * i + 78.233 * seed));

interface Case {
  readonly image: readonly number[];
  /** Weights of the layers, [f, c, kh, kw]. */
  readonly weights: readonly (readonly number[])[];
  readonly between?: (x: Tensor) => Tensor;
  readonly options?: g.Conv2dOptions;
  readonly bias?: boolean;
}

const pads = [1, 1, 1, 1] as const;
const CASES: Readonly<Record<string, Case>> = {
  'whole blocks': {
    image: [2, 16, 24, 24],
    weights: [
      [32, 16, 3, 3],
      [16, 32, 3, 3],
    ],
    options: { pads },
    bias: true,
  },
  'channels that fill no block': {
    image: [2, 20, 24, 24],
    weights: [
      [24, 20, 3, 3],
      [7, 24, 3, 3],
    ],
    options: { pads },
    bias: true,
  },
  'a picture': {
    image: [3, 3, 20, 20],
    weights: [
      [16, 3, 7, 7],
      [3, 16, 1, 1],
    ],
    options: { pads: [3, 3, 3, 3] },
  },
  strides: {
    image: [2, 16, 50, 46],
    weights: [[16, 16, 3, 3]],
    options: { strides: [2, 2], pads: [1, 1, 0, 0] },
  },
  'rows that no kernel reads': {
    image: [3, 16, 48, 48],
    weights: [[16, 16, 3, 2]],
    options: { strides: [2, 2] },
  },
  dilations: {
    image: [2, 16, 30, 30],
    weights: [[16, 16, 3, 3]],
    options: { dilations: [2, 2], pads: [2, 2, 2, 2] },
  },
  'large filters': { image: [1, 16, 32, 32], weights: [[48, 16, 5, 5]], options: { pads: [2, 2, 2, 2] } },
  'max pool': {
    image: [4, 16, 36, 36],
    weights: [
      [16, 16, 3, 3],
      [16, 16, 3, 3],
    ],
    options: { pads },
    between: (x) => g.maxPool2d(g.relu(x), { kernel: [2, 2] }),
  },
  'batch normalisation': {
    image: [2, 16, 24, 24],
    weights: [
      [32, 16, 3, 3],
      [16, 32, 3, 3],
    ],
    options: { pads },
    between: (x) => {
      const running = { mean: g.zeros([x.shape[1]]), variance: g.ones([x.shape[1]]) };
      return g.leakyRelu(g.batchNormTraining(x, running).y, 0.2);
    },
  },
  'average pool and nearest neighbours': {
    image: [1, 16, 32, 32],
    weights: [
      [16, 16, 3, 3],
      [16, 16, 3, 3],
    ],
    options: { pads },
    between: (x) =>
      g.resize2d(g.averagePool2d(g.leakyRelu(x, 0.2), { kernel: [2, 2] }), {
        size: [32, 32],
        mode: 'nearest',
        coordinates: 'asymmetric',
      }),
  },
};

describe.each(Object.entries(CASES))('%s', (_, test) => {
  it('is what the ordinary layout gives', async () => {
    const { image, weights, between = (x) => g.tanh(x), options, bias = false } = test;
    const network = (inputs: Tensors): Tensor => {
      let y = inputs['x'];
      weights.forEach((__, i) => {
        if (i > 0) y = between(y);
        y = g.conv2d(y, inputs[`w${i}`], bias ? inputs[`b${i}`] : undefined, options);
      });
      return g.mul(g.sum(g.mul(y, y)), 0.5);
    };
    const shapes: Record<string, readonly number[]> = { x: image };
    weights.forEach((shape, i) => {
      shapes[`w${i}`] = shape;
      if (bias) shapes[`b${i}`] = [shape[0]];
    });
    const names = Object.keys(shapes);
    const programs = (inputs: Tensors): Record<string, Tensor> => {
      const { value, gradients } = g.valueAndGrad(network)(inputs);
      // A gradient penalty: the length of the gradient by the image, differentiated by everything.
      const penalty = g.sum(g.mul(gradients['x'], gradients['x']));
      const second = g.gradients(
        penalty,
        names.map((name) => inputs[name]),
      );
      return {
        value,
        ...Object.fromEntries(names.map((name) => [`first ${name}`, gradients[name]])),
        ...Object.fromEntries(names.map((name, i) => [`second ${name}`, second[i]])),
      };
    };
    const inputs = Object.fromEntries(
      Object.entries(shapes).map(([name, shape], seed) => [
        name,
        numbers(
          shape.reduce((a, b) => a * b),
          seed,
        ),
      ]),
    );
    const specs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape }]));
    const results = [];
    for (const where of [runtime, { ...runtime, channelBlock: undefined }]) {
      const program = await g.compile(programs, specs, { runtime: where });
      results.push(await program.run(inputs));
      await program.dispose();
    }
    const [blocked, ordinary] = results;
    const errors = Object.entries(ordinary).map(([name, expected]) => {
      const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-20);
      return { name, error: largestDifference(blocked[name], expected) / scale };
    });
    expect(errors.filter(({ error }) => !(error < 1e-4))).toEqual([]);
  });
});

it('keeps a stack of layers, its adjoint and its filter gradients in blocks', () => {
  const shape = [2, 32, 32, 32];
  const network = ({ x, w0, w1 }: Tensors): Tensor => {
    const y = g.relu(g.conv2d(g.relu(g.conv2d(x, w0, undefined, { pads })), w1, undefined, { pads }));
    return g.sum(g.mul(y, y));
  };
  const kernel = { shape: [32, 32, 3, 3] };
  const graph = trace(g.grad(network), { x: { shape }, w0: kernel, w1: kernel });
  const { nodes } = lower(graph, { channelBlock: 16 });
  const count = (opType: string): number => nodes.filter((node) => node.opType === opType).length;
  expect(count('ReorderInput')).toBe(1);
  // The gradient by the image, the two adjoints that filter gradients slide over their images, and the sum.
  expect(count('ReorderOutput')).toBeLessThanOrEqual(4);
});
