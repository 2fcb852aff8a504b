// Gradients of gradients against central differences of the first gradient, for the operations that penalties (WGAN-GP, R1,
// path length) and curvature use. The first gradient is that of a weighted sum of squares, so that linear operations have a
// second one as well.
import { gradientError } from '@likeness/testing';
import type { GradientCheckInput } from '@likeness/testing/gradient-check';
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { awayFromZero, distinct, positive } from '../gradient-cases/case.ts';

type Inputs = Readonly<Record<string, g.Tensor>>;
type Row = readonly [string, (inputs: Inputs) => g.Tensor, Readonly<Record<string, GradientCheckInput>>];

const image = { shape: [1, 2, 4, 4] };
const grid: GradientCheckInput = { shape: [1, 2, 2, 2], values: (i) => [-0.62, -0.3, 0.13, 0.6][i % 4] };
const definite: GradientCheckInput['values'] = (i, random) =>
  (i % 4 === 0 ? 1.5 : 0) + 0.6 * (random() - 0.5);

const ROWS: readonly Row[] = [
  ['matmul', ({ a, b }) => g.matmul(a, b), { a: { shape: [2, 2, 3] }, b: { shape: [3, 2] } }],
  [
    'gemm',
    ({ a, b, c }) => g.gemm(a, b, c, { transA: true, alpha: 0.5 }),
    { a: { shape: [3, 2] }, b: { shape: [3, 2] }, c: { shape: [2] } },
  ],
  [
    'einsum',
    ({ a, b }) => g.einsum('bij,bkj->ik', a, b),
    { a: { shape: [2, 2, 3] }, b: { shape: [2, 2, 3] } },
  ],
  [
    'conv2d',
    ({ x, w, b }) => g.conv2d(x, w, b, { pads: [1, 1, 1, 1] }),
    { x: image, w: { shape: [3, 2, 3, 3] }, b: { shape: [3] } },
  ],
  [
    'conv2d, strided',
    ({ x, w }) => g.conv2d(x, w, undefined, { strides: [2, 2], pads: [1, 1, 0, 0] }),
    { x: { shape: [1, 2, 5, 4] }, w: { shape: [2, 2, 3, 3] } },
  ],
  [
    'conv2d, grouped',
    ({ x, w }) => g.conv2d(x, w, undefined, { groups: 2, dilations: [1, 2] }),
    { x: { shape: [1, 4, 3, 4] }, w: { shape: [4, 2, 2, 2] } },
  ],
  [
    'conv2d, depthwise, strided',
    ({ x, w }) => g.conv2d(x, w, undefined, { groups: 2, strides: [2, 2], pads: [1, 1, 1, 1] }),
    { x: image, w: { shape: [2, 1, 3, 3] } },
  ],
  [
    'convTranspose2d',
    ({ x, w }) => g.convTranspose2d(x, w, { strides: [2, 2], pads: [1, 1, 1, 1], outputPadding: [1, 1] }),
    { x: { shape: [1, 2, 2, 3] }, w: { shape: [2, 2, 3, 3] } },
  ],
  ['leakyRelu', ({ x }) => g.leakyRelu(x, 0.2), { x: { shape: [3, 4], values: awayFromZero } }],
  ['relu', ({ x }) => g.relu(x), { x: { shape: [3, 4], values: awayFromZero } }],
  ['elu', ({ x }) => g.elu(x), { x: { shape: [3, 4], values: awayFromZero } }],
  ...Object.entries({
    softplus: g.softplus,
    tanh: g.tanh,
    sigmoid: g.sigmoid,
    exp: g.exp,
    sin: g.sin,
    gelu: g.gelu,
    mish: g.mish,
    erf: g.erf,
    atan: g.atan,
    softsign: g.softsign,
  }).map(([name, fn]): Row => [name, ({ x }) => fn(x), { x: { shape: [3, 4], values: awayFromZero } }]),
  ...Object.entries({
    sqrt: g.sqrt,
    log: g.log,
    reciprocal: g.reciprocal,
    rsqrt: g.rsqrt,
    log1p: g.log1p,
  }).map(([name, fn]): Row => [name, ({ x }) => fn(x), { x: { shape: [3, 4], values: positive } }]),
  ['pow', ({ a, b }) => g.pow(a, b), { a: { shape: [2, 3], values: positive }, b: { shape: [3] } }],
  ['div', ({ a, b }) => g.div(a, b), { a: { shape: [2, 3] }, b: { shape: [3], values: positive } }],
  ['sum', ({ x }) => g.sum(x, { axes: [1] }), { x: { shape: [2, 3] } }],
  ['mean', ({ x }) => g.mean(x, { axes: [2, 3] }), { x: image }],
  ['max', ({ x }) => g.max(x, { axes: [1] }), { x: { shape: [3, 4], values: distinct } }],
  ['norm', ({ x }) => g.norm(x, { axes: [1] }), { x: { shape: [2, 3] } }],
  [
    'norm, order 1',
    ({ x }) => g.norm(x, { axes: [1], order: 1 }),
    { x: { shape: [2, 3], values: awayFromZero } },
  ],
  ['logSumExp', ({ x }) => g.logSumExp(x, { axes: [1] }), { x: { shape: [2, 3] } }],
  ['softmax', ({ x }) => g.softmax(x), { x: { shape: [2, 3] } }],
  ['logSoftmax', ({ x }) => g.logSoftmax(x), { x: { shape: [2, 3] } }],
  ['prod with zeros', ({ x }) => g.prod(x), { x: { shape: [5], values: (i) => [1, 0, -2, 0, 0.5][i] } }],
  ['cumSum', ({ x }) => g.cumSum(x, 1), { x: { shape: [2, 3] } }],
  ['pixelNorm', ({ x }) => g.pixelNorm(x), { x: image }],
  ['layerNorm', ({ x, scale }) => g.layerNorm(x, { scale }), { x: { shape: [2, 4] }, scale: { shape: [4] } }],
  [
    'instanceNorm',
    ({ x, scale, bias }) => g.instanceNorm(x, { scale, bias }),
    { x: { shape: [1, 2, 2, 3] }, scale: { shape: [2] }, bias: { shape: [2] } },
  ],
  ['groupNorm', ({ x }) => g.groupNorm(x, 1), { x: { shape: [2, 2, 3] } }],
  [
    'batchNorm in training',
    ({ x, scale }) => g.batchNormTraining(x, { mean: g.zeros([2]), variance: g.ones([2]) }, { scale }).y,
    { x: { shape: [3, 2, 2] }, scale: { shape: [2] } },
  ],
  [
    'batchNorm in inference',
    ({ x, scale, mean, variance }) => g.batchNorm(x, { mean, variance }, { scale }),
    {
      x: { shape: [2, 2, 2] },
      scale: { shape: [2] },
      mean: { shape: [2] },
      variance: { shape: [2], values: positive },
    },
  ],
  [
    'localResponseNorm',
    ({ x }) => g.localResponseNorm(x, { size: 3, alpha: 0.8 }),
    { x: { shape: [1, 4, 2, 2] } },
  ],
  [
    'averagePool2d',
    ({ x }) => g.averagePool2d(x, { kernel: [2, 2], strides: [1, 2], pads: [1, 0, 0, 1] }),
    { x: image },
  ],
  ['maxPool2d', ({ x }) => g.maxPool2d(x, { kernel: [2, 2] }), { x: { ...image, values: distinct } }],
  [
    'maxPool2d, overlapping',
    ({ x }) => g.maxPool2d(x, { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
    { x: { ...image, values: distinct } },
  ],
  ['resize2d, bilinear', ({ x }) => g.resize2d(x, { size: [7, 3] }), { x: image }],
  ['resize2d, nearest', ({ x }) => g.resize2d(x, { size: [8, 8], mode: 'nearest' }), { x: image }],
  ['padBorder', ({ x }) => g.padBorder(x, [1, 2], [0, 1], 'reflect'), { x: { shape: [2, 3] } }],
  ['gather', ({ x }) => g.gather(x, g.constant([2, 0, 2], [3], 'int64')), { x: { shape: [3, 2] } }],
  ['topK', ({ x }) => g.topK(x, 2).values, { x: { shape: [2, 4], values: distinct } }],
  ['gridSample', ({ x, at }) => g.gridSample(x, at, { padding: 'border' }), { x: image, at: grid }],
  ['normalize', ({ x }) => g.normalize(x), { x: { shape: [2, 3] } }],
  ['inverse', ({ x }) => g.inverse(x), { x: { shape: [3, 3], values: definite } }],
  ['cholesky', ({ x }) => g.cholesky(x), { x: { shape: [3, 3], values: definite } }],
  [
    'solvePositiveDefinite',
    ({ x, b }) => g.solvePositiveDefinite(x, b),
    { x: { shape: [3, 3], values: definite }, b: { shape: [3, 2] } },
  ],
  ['rotationFromAxisAngle', ({ x }) => g.rotationFromAxisAngle(x), { x: { shape: [2, 3] } }],
  [
    'rotationFromAxisAngle at 0',
    ({ x }) => g.rotationFromAxisAngle(x),
    { x: { shape: [3], values: () => 0 } },
  ],
];

/** Gradients of Σ w y² by every input, as one vector; w from 0.5 to 1.5, fixed. */
function firstGradient(fn: (inputs: Inputs) => g.Tensor): (inputs: Inputs) => g.Tensor {
  return (inputs) => {
    const y = fn(inputs);
    const weights = Array.from({ length: y.size }, (_, index) => 1 + 0.5 * Math.sin(3 * index + 1));
    const loss = g.sum(g.mul(g.square(y), g.constant(weights, y.shape)));
    const found = g.gradients(loss, Object.values(inputs));
    return g.concat(
      found.map((part) => g.reshape(part, [-1])),
      0,
    );
  };
}

describe('second order', () => {
  const runtime = nodeRuntime({ threads: 1 });
  it.each(ROWS)('%s', async (_, fn, inputs) => {
    expect(await gradientError(firstGradient(fn), inputs, { runtime })).toBeLessThan(1e-3);
  });
});
