// Cases of the operations that networks are made of.
import * as g from '../../src/index.ts';
import { awayFromZero, binary, conv, distinct, positive, unary, x, type GradientCase } from './case.ts';

export const basicCases: Readonly<Record<string, readonly GradientCase[]>> = {
  add: binary(g.add),
  sub: binary(g.sub),
  mul: binary(g.mul),
  div: binary(g.div, awayFromZero, positive),
  pow: binary(g.pow, positive),
  maximum: binary(
    g.maximum,
    (index, random) => distinct(index + Math.floor(100 * random())) + 0.05 * random(),
  ),
  minimum: binary(
    g.minimum,
    (index, random) => distinct(index + Math.floor(100 * random())) + 0.05 * random(),
  ),
  neg: unary(g.neg),
  abs: unary(g.abs, awayFromZero),
  exp: unary(g.exp),
  log: unary(g.log, positive),
  sqrt: unary(g.sqrt, positive),
  sin: unary(g.sin),
  cos: unary(g.cos),
  sigmoid: unary(g.sigmoid),
  tanh: unary(g.tanh),
  softplus: unary(g.softplus),
  relu: unary(g.relu, awayFromZero),
  elu: unary((t) => g.elu(t, 0.7), awayFromZero),
  leakyRelu: unary((t) => g.leakyRelu(t, 0.2), awayFromZero),
  clip: [
    ...unary(
      (t) => g.clip(t, -0.55, 0.55),
      (index) => (index - 5.5) / 5,
    ),
    ...unary((t) => g.clip(t, -0.05, Infinity), awayFromZero),
  ],
  prelu: [
    {
      what: 'slope as an input',
      fn: ({ x: t, slope }) => g.prelu(t, slope),
      inputs: { ...x([2, 3, 2, 2], awayFromZero), slope: { shape: [3, 1, 1] } },
    },
    {
      what: 'constant slope per channel',
      fn: ({ x: t }) => g.prelu(t, g.constant([0.1, -0.3, 2], [3, 1, 1], t.dtype)),
      inputs: x([2, 3, 2, 2], awayFromZero),
    },
  ],
  scaleChannels: [
    { fn: ({ x: t }) => g.scaleChannels(t, Float32Array.of(2, -1, 0)), inputs: x([2, 3, 2, 2]) },
  ],
  cast: unary((t) => g.cast(g.mul(g.cast(t, 'float64'), g.cast(t, 'float64')), 'float32')),
  where: [
    {
      fn: ({ a, b }) => g.where(g.greater(g.constant([1, -1, 1], [3]), 0), a, b),
      inputs: { a: { shape: [2, 3] }, b: { shape: [3] } },
    },
  ],
  reshape: unary((t) => g.reshape(t, [2, -1])),
  transpose: [{ fn: ({ x: t }) => g.transpose(t, [2, 0, 1]), inputs: x([2, 3, 4]) }],
  expand: [{ fn: ({ x: t }) => g.expand(t, [3, 2, 4]), inputs: x([2, 1]) }],
  sum: [
    { what: 'all', fn: ({ x: t }) => g.sum(t), inputs: x([2, 3]) },
    { what: 'one axis', fn: ({ x: t }) => g.sum(t, { axes: [1], keepDims: true }), inputs: x([2, 3, 2]) },
    { what: 'first and last', fn: ({ x: t }) => g.sum(t, { axes: [0, -1] }), inputs: x([2, 3, 2]) },
  ],
  mean: [
    { what: 'image axes', fn: ({ x: t }) => g.mean(t, { axes: [2, 3] }), inputs: x([2, 3, 2, 2]) },
    { what: 'one axis', fn: ({ x: t }) => g.mean(t, { axes: [0], keepDims: true }), inputs: x([3, 2]) },
  ],
  max: [
    { what: 'one axis', fn: ({ x: t }) => g.max(t, { axes: [1] }), inputs: x([3, 4], distinct) },
    {
      what: 'kept',
      fn: ({ x: t }) => g.max(t, { axes: [0, 2], keepDims: true }),
      inputs: x([2, 2, 3], distinct),
    },
  ],
  min: [{ fn: ({ x: t }) => g.min(t, { axes: [-1] }), inputs: x([3, 4], distinct) }],
  softmax: [
    { what: 'last axis', fn: ({ x: t }) => g.softmax(t), inputs: x([2, 4]) },
    { what: 'axis 1 of 3', fn: ({ x: t }) => g.softmax(t, 1), inputs: x([2, 3, 2]) },
  ],
  matmul: [
    {
      what: 'plain',
      fn: ({ a, b }) => g.matmul(a, b),
      inputs: { a: { shape: [2, 3] }, b: { shape: [3, 4] } },
    },
    {
      what: 'batched with a broadcast',
      fn: ({ a, b }) => g.matmul(a, b),
      inputs: { a: { shape: [2, 1, 2, 3] }, b: { shape: [3, 3, 2] } },
    },
  ],
  slice: [
    { what: 'plain', fn: ({ x: t }) => g.slice(t, [1, 0], [3, 2]), inputs: x([4, 3]) },
    { what: 'strided', fn: ({ x: t }) => g.slice(t, [0, 1], [5, 6], [2, 3]), inputs: x([5, 6]) },
    { what: 'backwards', fn: ({ x: t }) => g.slice(t, [-1, 0], [-Infinity, 3], [-2, 1]), inputs: x([4, 3]) },
    { what: 'flip', fn: ({ x: t }) => g.flip(t, [0, 1]), inputs: x([3, 3]) },
  ],
  // Reached only through the gradient of a strided slice, so differentiate that gradient.
  dilate: [
    {
      fn: ({ x: t }) => {
        const [d] = g.gradients(g.sum(g.pow(g.slice(t, [0], [7], [3]), 3)), [t]);
        return d;
      },
      inputs: x([7], positive),
    },
  ],
  pad: [
    { what: 'all sides', fn: ({ x: t }) => g.pad(t, [1, 0], [2, 1], 0.5), inputs: x([2, 3]) },
    { what: 'channels', fn: ({ x: t }) => g.pad(t, [0, 1, 0, 0], [0, 2, 0, 0]), inputs: x([1, 2, 3, 3]) },
  ],
  concat: [
    { fn: ({ a, b }) => g.concat([a, b, a], 1), inputs: { a: { shape: [2, 1] }, b: { shape: [2, 3] } } },
  ],
  conv2d: [
    conv('3x3', [2, 2, 5, 4], [3, 2, 3, 3], { pads: [1, 1, 1, 1] }),
    conv('no bias, no padding', [1, 2, 4, 4], [2, 2, 3, 3], {}, false),
    conv('asymmetric padding', [1, 2, 4, 4], [2, 2, 3, 3], { pads: [0, 1, 2, 1] }),
    conv('stride 2', [1, 2, 6, 5], [3, 2, 3, 3], { strides: [2, 2], pads: [0, 0, 1, 1] }),
    conv('stride 2 that skips the last row', [1, 1, 6, 6], [2, 1, 3, 3], { strides: [2, 2] }),
    conv('dilation 2', [1, 2, 6, 6], [2, 2, 3, 3], { dilations: [2, 2], pads: [2, 2, 2, 2] }),
    conv('groups', [1, 4, 4, 4], [6, 2, 3, 3], { groups: 2, pads: [1, 1, 1, 1] }),
    conv('depthwise', [2, 3, 4, 4], [3, 1, 3, 3], { groups: 3, pads: [1, 1, 1, 1] }),
    conv('depthwise with multiplier, stride 2', [1, 2, 5, 5], [4, 1, 3, 3], { groups: 2, strides: [2, 2] }),
    conv('padding wider than the kernel', [1, 1, 3, 3], [1, 1, 2, 2], { pads: [2, 2, 2, 2] }),
    conv('1x1', [2, 3, 2, 2], [2, 3, 1, 1], {}),
  ],
  convTranspose2d: [
    {
      what: 'stride 2 with output padding',
      fn: ({ x: t, w }) => g.convTranspose2d(t, w, { strides: [2, 2], pads: [1, 1, 1, 1], size: [6, 6] }),
      inputs: { x: { shape: [1, 2, 3, 3] }, w: { shape: [2, 3, 3, 3] } },
    },
    {
      what: 'groups',
      fn: ({ x: t, w }) => g.convTranspose2d(t, w, { groups: 2 }),
      inputs: { x: { shape: [1, 4, 2, 2] }, w: { shape: [4, 1, 2, 2] } },
    },
  ],
  maxPool2d: [
    { what: '2x2', fn: ({ x: t }) => g.maxPool2d(t, { kernel: [2, 2] }), inputs: x([1, 2, 4, 4], distinct) },
    {
      what: 'overlapping, padded',
      fn: ({ x: t }) => g.maxPool2d(t, { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
      inputs: x([2, 2, 5, 4], distinct),
    },
  ],
  averagePool2d: [
    { what: '2x2', fn: ({ x: t }) => g.averagePool2d(t, { kernel: [2, 2] }), inputs: x([1, 2, 4, 4]) },
    {
      what: 'overlapping, padded',
      fn: ({ x: t }) => g.averagePool2d(t, { kernel: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1] }),
      inputs: x([2, 2, 5, 4]),
    },
  ],
  resize2d: (['nearest', 'bilinear'] as const).flatMap((mode) =>
    (['halfPixel', 'asymmetric', 'alignCorners'] as const).flatMap((coordinates) =>
      [
        [6, 8],
        [2, 3],
        [5, 3],
      ].map(([height, width]) => ({
        what: `${mode} ${coordinates} to ${height}x${width}`,
        fn: ({ x: t }) => g.resize2d(t, { size: [height, width], mode, coordinates }),
        inputs: x([1, 2, 3, 4]),
      })),
    ),
  ),
  gather: [
    {
      what: 'rows, with a repeat',
      fn: ({ x: t }) => g.gather(t, g.constant([2, 0, 2, -1], [2, 2], 'int64')),
      inputs: x([4, 3]),
    },
    {
      what: 'axis 1',
      fn: ({ x: t }) => g.gather(t, g.constant([1, 1], [2], 'int64'), 1),
      inputs: x([2, 3, 2]),
    },
  ],
  scatterAdd: [
    {
      fn: ({ x: t, rows }) => g.scatterAdd(t, g.constant([1, 0, 1], [3], 'int64'), rows),
      inputs: { ...x([3, 2]), rows: { shape: [3, 2] } },
    },
  ],
};
