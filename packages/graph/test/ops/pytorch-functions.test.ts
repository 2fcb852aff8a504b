// Functions and layers against PyTorch 1.13 (fixtures/pytorch-functions.json, written by fixtures/make-pytorch-functions.py).
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { largestDifference } from '../fixtures/evaluate.ts';

interface Table {
  readonly [name: string]: { readonly shape: readonly number[]; readonly data: readonly number[] };
}
const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/pytorch-functions.json', import.meta.url), 'utf8'),
) as {
  readonly inputs: Table;
  readonly outputs: Table;
};

type Inputs = Readonly<Record<string, g.Tensor>>;
const window = { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceilMode: true } as const;
const border = (mode: g.BorderMode) => (t: Inputs) => g.padBorder(t['x'], [0, 0, 1, 2], [0, 0, 3, 1], mode);
const training = ({ x }: Inputs): g.BatchNormTraining =>
  g.batchNormTraining(x, { mean: g.zeros([4]), variance: g.ones([4]) });

const OURS: Record<string, (inputs: Inputs) => g.Tensor> = {
  gelu: ({ x }) => g.gelu(x),
  'gelu tanh': ({ x }) => g.gelu(x, { approximate: 'tanh' }),
  mish: ({ x }) => g.mish(x),
  silu: ({ x }) => g.silu(x),
  celu: ({ x }) => g.celu(x, 0.7),
  selu: ({ x }) => g.selu(x),
  hardSwish: ({ x }) => g.hardSwish(x),
  logSoftmax: ({ x }) => g.logSoftmax(x, 1),
  logSumExp: ({ x }) => g.logSumExp(x, { axes: [1, 3] }),
  layerNorm: ({ x }) => g.layerNorm(x, { axis: 2 }),
  groupNorm: ({ x }) => g.groupNorm(x, 2),
  instanceNorm: ({ x }) => g.instanceNorm(x),
  localResponseNorm: ({ x }) => g.localResponseNorm(x, { size: 3, alpha: 0.3, beta: 0.6, bias: 1.5 }),
  batchNormTraining: (t) => training(t).y,
  'running mean': (t) => training(t).running.mean,
  'running variance': (t) => training(t).running.variance,
  pixelShuffle: ({ x }) => g.pixelShuffle(x, 2),
  spaceToDepth: ({ x }) => g.spaceToDepth(x, 2, 'columnFirst'),
  resizeCubic2d: ({ x }) => g.resizeCubic2d(x, { size: [7, 4] }),
  'resizeCubic2d aligned': ({ x }) => g.resizeCubic2d(x, { size: [5, 9], coordinates: 'alignCorners' }),
  lpPool2d: ({ x }) => g.lpPool2d(x, { kernel: [2, 2] }),
  averagePool2d: ({ x }) => g.averagePool2d(x, { ...window, countIncludePad: true }),
  'averagePool2d without padding': ({ x }) => g.averagePool2d(x, window),
  maxPool2d: ({ x }) => g.maxPool2d(x, window),
  'maxPool2d dilated': ({ x }) => g.maxPool2d(x, { kernel: [2, 2], dilations: [2, 2], ceilMode: true }),
  'padBorder reflect': border('reflect'),
  'padBorder edge': border('edge'),
  'padBorder wrap': border('wrap'),
  cumSum: ({ x }) => g.cumSum(x, 2),
  roll: ({ x }) => g.roll(x, 2, 3),
  einsum: ({ x }) => g.einsum('bchw,bdhw->bcd', x, x),
  triu: ({ x }) => g.triu(x, -1),
  norm: ({ x }) => g.norm(x, { axes: [3] }),
  prod: ({ x }) => g.prod(x, { axes: [3] }),
  normalize: ({ x }) => g.normalize(x, 1),
  convTranspose2d: ({ x, weights }) =>
    g.convTranspose2d(x, weights, {
      strides: [2, 2],
      pads: [1, 1, 1, 1],
      outputPadding: [1, 1],
      dilations: [2, 1],
    }),
  cholesky: ({ definite }) => g.cholesky(definite),
  solvePositiveDefinite: ({ definite }) =>
    g.solvePositiveDefinite(definite, g.square(g.sliceAxis(definite, 2, 0, 2))),
};
for (const padding of ['zeros', 'border', 'reflection'] as const) {
  for (const alignCorners of [false, true]) {
    const sample = ({ x, grid }: Inputs): g.Tensor => g.gridSample(x, grid, { padding, alignCorners });
    const slope = (t: Inputs, name: string): g.Tensor =>
      g.gradients(g.sum(g.square(sample(t))), [t[name]])[0];
    const title = `gridSample ${padding}${alignCorners ? ' aligned' : ''}`;
    OURS[title] = sample;
    OURS[`${title} by the image`] = (t) => slope(t, 'x');
    OURS[`${title} by the grid`] = (t) => slope(t, 'grid');
  }
}

describe('PyTorch', () => {
  const found: Record<string, ArrayLike<number>> = {};
  const shapes: Record<string, readonly number[]> = {};
  beforeAll(async () => {
    const specs = Object.fromEntries(
      Object.entries(fixture.inputs).map(([name, { shape }]) => [name, { shape }]),
    );
    const all: g.TensorFunction = (inputs) =>
      Object.fromEntries(Object.entries(OURS).map(([name, fn]) => [name, fn(inputs)]));
    const program = await g.compile(all, specs, { runtime: nodeRuntime({ threads: 1 }) });
    const feeds = Object.fromEntries(
      Object.entries(fixture.inputs).map(([name, { data }]) => [name, Float32Array.from(data)]),
    );
    Object.assign(found, await program.run(feeds));
    for (const { name, shape } of program.outputs) shapes[name] = shape;
    await program.dispose();
  });

  it('is compared in every function of the fixture', () => {
    expect(Object.keys(OURS).sort()).toEqual(Object.keys(fixture.outputs).sort());
  });

  it.each(Object.entries(fixture.outputs))('%s', (name, { shape, data }) => {
    expect(shapes[name]).toEqual(shape);
    const scale = Math.max(1, ...data.map(Math.abs));
    expect(largestDifference(data, found[name]) / scale).toBeLessThan(2e-6);
  });
});
