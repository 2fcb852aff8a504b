// Cases of the normalisation layers.
import * as g from '../../src/index.ts';
import { positive, x, type GradientCase } from './case.ts';

const image = x([2, 4, 3, 2]);
const channel = { shape: [4] };
const parameters = { scale: channel, bias: channel };
const statistics = { mean: channel, variance: { shape: [4], values: positive } };

export const normalizationCases: Readonly<Record<string, readonly GradientCase[]>> = {
  standardize: [
    { what: 'value', fn: ({ x: t }) => g.standardize(t, { axes: [0, 2, 3] }).value, inputs: image },
    {
      what: 'all three outputs',
      fn: ({ x: t }) => {
        const { value, mean, inverseDeviation } = g.standardize(t, { axes: [1], epsilon: 0.1 });
        return g.concat([value, mean, inverseDeviation], 1);
      },
      inputs: x([2, 5, 2]),
    },
    {
      what: 'mean alone',
      fn: ({ x: t }) => g.standardize(t, { axes: [1] }).mean,
      inputs: x([2, 3]),
    },
  ],
  layerNorm: [
    { what: 'last axis, no parameters', fn: ({ x: t }) => g.layerNorm(t), inputs: x([3, 5]) },
    {
      what: 'two axes, scale and bias',
      fn: ({ x: t, scale, bias }) => g.layerNorm(t, { axis: 1, scale, bias }),
      inputs: { ...x([3, 2, 4]), scale: { shape: [2, 4] }, bias: { shape: [2, 4] } },
    },
    {
      what: 'float64',
      fn: ({ x: t }) => g.cast(g.layerNorm(g.cast(t, 'float64')), 'float32'),
      inputs: x([3, 5]),
    },
  ],
  instanceNorm: [
    { what: 'no parameters', fn: ({ x: t }) => g.instanceNorm(t), inputs: image },
    {
      what: 'scale and bias',
      fn: ({ x: t, scale, bias }) => g.instanceNorm(t, { scale, bias }),
      inputs: { ...image, ...parameters },
    },
    {
      what: 'one spatial axis',
      fn: ({ x: t, scale }) => g.instanceNorm(t, { scale }),
      inputs: { ...x([2, 4, 5]), scale: channel },
    },
  ],
  groupNorm: [
    {
      what: 'two groups',
      fn: ({ x: t, scale, bias }) => g.groupNorm(t, 2, { scale, bias }),
      inputs: { ...image, ...parameters },
    },
    { what: 'vectors', fn: ({ x: t }) => g.groupNorm(t, 2), inputs: x([2, 8]) },
  ],
  rmsNorm: [
    {
      fn: ({ x: t, scale, bias }) => g.rmsNorm(t, { scale, bias }),
      inputs: { ...x([2, 3, 4]), ...parameters },
    },
  ],
  pixelNorm: [{ fn: ({ x: t }) => g.pixelNorm(t), inputs: image }],
  batchNorm: [
    {
      what: 'everything computed',
      fn: ({ x: t, scale, bias, mean, variance }) => g.batchNorm(t, { mean, variance }, { scale, bias }),
      inputs: { ...image, ...parameters, ...statistics },
    },
    {
      what: 'constant parameters',
      fn: ({ x: t }) =>
        g.batchNorm(
          t,
          {
            mean: g.constant([0.1, 0.2, -0.3, 0], [4], t.dtype),
            variance: g.constant([0.5, 1, 2, 0.1], [4], t.dtype),
          },
          { scale: g.constant([1, -2, 3, 0.5], [4], t.dtype), epsilon: 1e-3 },
        ),
      inputs: image,
    },
    {
      what: 'vectors',
      fn: ({ x: t, mean, variance }) => g.batchNorm(t, { mean, variance }),
      inputs: { ...x([3, 4]), ...statistics },
    },
  ],
  batchNormTraining: [
    {
      fn: ({ x: t, scale, bias }) => {
        const running = { mean: g.zeros([4], t.dtype), variance: g.ones([4], t.dtype) };
        return g.batchNormTraining(t, running, { scale, bias }).y;
      },
      inputs: { ...image, ...parameters },
    },
  ],
  localResponseNorm: [2, 3, 5].flatMap((size) =>
    [
      [2, 4, 2, 2],
      [2, 6, 3],
    ].map((shape) => ({
      what: `${size} of ${shape.join('x')}`,
      fn: ({ x: t }: Readonly<Record<string, g.Tensor>>) =>
        g.localResponseNorm(t, { size, alpha: 0.9, beta: 0.6, bias: 0.8 }),
      inputs: x(shape),
    })),
  ),
};
