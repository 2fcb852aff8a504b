// Cases of pooling and convolution beyond the basic ones: options, sequences, float64.
import * as g from '../../src/index.ts';
import { awayFromZero, distinct, x, type GradientCase } from './case.ts';

type Inputs = Readonly<Record<string, g.Tensor>>;
const image = (values?: (index: number) => number): GradientCase['inputs'] => x([2, 2, 5, 4], values);

/** The same function of float64 copies of its inputs. */
const wide =
  (fn: (inputs: Inputs) => g.Tensor) =>
  (inputs: Inputs): g.Tensor =>
    g.cast(
      fn(Object.fromEntries(Object.entries(inputs).map(([name, t]) => [name, g.cast(t, 'float64')]))),
      'float32',
    );

const strided = { strides: [2, 1], pads: [1, 0, 1, 2], dilations: [1, 2], groups: 2 } as const;

export const windowCases: Readonly<Record<string, readonly GradientCase[]>> = {
  lpPool2d: [1, 2, 3].map((order) => ({
    what: `order ${order}`,
    fn: ({ x: t }: Inputs) => g.lpPool2d(t, { kernel: [2, 3], strides: [1, 2], pads: [1, 0, 0, 1], order }),
    inputs: x([1, 2, 4, 4], awayFromZero),
  })),
  globalAveragePool: [
    { fn: ({ x: t }) => g.globalAveragePool(t), inputs: image() },
    { what: 'float64', fn: wide(({ x: t }) => g.globalAveragePool(t)), inputs: image() },
  ],
  globalMaxPool: [{ fn: ({ x: t }) => g.globalMaxPool(t), inputs: x([2, 2, 4], distinct) }],
  conv1d: [
    {
      fn: ({ x: t, w, b }) => g.conv1d(t, w, b, { stride: 2, pads: [1, 2], dilation: 2, groups: 2 }),
      inputs: { x: { shape: [2, 4, 8] }, w: { shape: [4, 2, 3] }, b: { shape: [4] } },
    },
  ],
  convTranspose1d: [
    {
      fn: ({ x: t, w, b }) => g.convTranspose1d(t, w, { stride: 2, pads: [1, 0], outputPadding: 1, bias: b }),
      inputs: { x: { shape: [2, 3, 4] }, w: { shape: [3, 2, 3] }, b: { shape: [2] } },
    },
  ],
  maxPool1d: [
    {
      fn: ({ x: t }) => g.maxPool1d(t, { kernel: 3, stride: 2, pads: [1, 0], ceilMode: true }),
      inputs: x([1, 2, 7], distinct),
    },
  ],
  averagePool1d: [
    {
      fn: ({ x: t }) => g.averagePool1d(t, { kernel: 3, stride: 2, pads: [1, 1], countIncludePad: true }),
      inputs: x([1, 2, 6]),
    },
  ],
  maxPool2d: [
    {
      what: 'dilated',
      fn: ({ x: t }) =>
        g.maxPool2d(t, { kernel: [2, 2], strides: [1, 1], dilations: [2, 1], pads: [1, 0, 1, 0] }),
      inputs: image(distinct),
    },
  ],
  averagePool2d: [
    {
      what: 'padding counted, last windows cut',
      fn: ({ x: t }) =>
        g.averagePool2d(t, { kernel: [3, 2], pads: [1, 1, 0, 1], ceilMode: true, countIncludePad: true }),
      inputs: image(),
    },
    {
      what: 'dilated',
      fn: ({ x: t }) =>
        g.averagePool2d(t, { kernel: [2, 2], strides: [1, 1], dilations: [1, 2], pads: [1, 1, 0, 1] }),
      inputs: image(),
    },
    {
      what: 'float64',
      fn: wide(({ x: t }) => g.averagePool2d(t, { kernel: [2, 3], strides: [1, 2], pads: [1, 0, 0, 1] })),
      inputs: image(),
    },
  ],
  conv2d: [
    {
      what: 'float64',
      fn: wide(({ x: t, w, b }) => g.conv2d(t, w, b, strided)),
      inputs: { x: { shape: [2, 4, 4, 5] }, w: { shape: [2, 2, 3, 2] }, b: { shape: [2] } },
    },
  ],
  convTranspose2d: [
    {
      what: 'bias, output padding wider than the stride',
      fn: ({ x: t, w, b }) =>
        g.convTranspose2d(t, w, { strides: [2, 1], pads: [1, 0, 0, 1], outputPadding: [1, 2], bias: b }),
      inputs: { x: { shape: [1, 2, 3, 3] }, w: { shape: [2, 3, 3, 2] }, b: { shape: [3] } },
    },
    {
      what: 'float64',
      fn: wide(({ x: t, w }) => g.convTranspose2d(t, w, { ...strided, outputPadding: [1, 0] })),
      inputs: { x: { shape: [2, 2, 3, 4] }, w: { shape: [2, 2, 3, 2] } },
    },
  ],
  resizeCubic2d: [{ fn: ({ x: t }) => g.resizeCubic2d(t, { size: [5, 3] }), inputs: x([1, 2, 3, 4]) }],
  resize2d: [
    {
      what: 'float64',
      fn: wide(({ x: t }) => g.resize2d(t, { size: [6, 3] })),
      inputs: x([1, 2, 3, 4]),
    },
  ],
};
