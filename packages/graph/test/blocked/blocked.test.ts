// Programs in the blocked layout against the same programs in the ordinary one: every lowering, values and gradients, with channel
// counts that fill blocks and that do not.
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { lower } from '../../src/lower.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { trace } from '../../src/trace.ts';

const runtime = nodeRuntime({ threads: 1 });
const onBlocked = process.arch === 'x64';

let seed = 0;
const numbers = (size: number): Float32Array => {
  const own = ++seed;
  return Float32Array.from({ length: size }, (_, i) => Math.sin(12.9898 * i + 78.233 * own));
};
const weights = (...shape: number[]): Tensor => g.constant(numbers(shape.reduce((a, b) => a * b, 1)), shape);
const pads = [1, 1, 1, 1] as const;
/** A convolution before and after, so that what stands between is in the blocked layout. */
const inside =
  (fn: (x: Tensor) => Tensor, channels = 20) =>
  (x: Tensor): Tensor => {
    const y = fn(g.conv2d(x, weights(channels, x.shape[1], 3, 3), weights(channels), { pads }));
    return g.conv2d(y, weights(7, y.shape[1], 3, 3), undefined, { pads });
  };

const CASES: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  'plain convolutions': inside((x) => x),
  'strides and asymmetric padding': (x) =>
    g.conv2d(
      g.conv2d(x, weights(33, 3, 7, 7), undefined, { strides: [2, 2], pads: [3, 3, 3, 3] }),
      weights(16, 33, 3, 3),
      weights(16),
      { strides: [2, 2], pads: [0, 0, 1, 1] },
    ),
  'dilation, 1x3 and 3x1 kernels': inside((x) =>
    g.conv2d(
      g.conv2d(x, weights(18, 20, 1, 3), undefined, { pads: [0, 2, 0, 2], dilations: [1, 2] }),
      weights(20, 18, 3, 1),
      undefined,
      { strides: [1, 2], pads: [1, 0, 1, 0] },
    ),
  ),
  '1x1 with stride': inside((x) => g.conv2d(x, weights(32, 20, 1, 1), undefined, { strides: [2, 2] })),
  '3x3 with stride 3': inside((x) => g.conv2d(x, weights(32, 20, 3, 3), undefined, { strides: [3, 3] })),
  'groups of whole blocks': inside(
    (x) => g.conv2d(x, weights(64, 16, 3, 3), undefined, { pads, groups: 2 }),
    32,
  ),
  'groups that are none': inside((x) => g.conv2d(x, weights(10, 10, 3, 3), undefined, { pads, groups: 2 })),
  depthwise: inside((x) => g.conv2d(x, weights(20, 1, 3, 3), weights(20), { pads, groups: 20 })),
  'depthwise with stride': inside((x) =>
    g.conv2d(x, weights(20, 1, 3, 3), undefined, { pads, groups: 20, strides: [2, 2] }),
  ),
  'depthwise 5x5 with stride and odd padding': inside((x) =>
    g.conv2d(x, weights(20, 1, 5, 5), undefined, { pads: [1, 1, 2, 2], groups: 20, strides: [2, 2] }),
  ),
  'one channel': inside((x) => g.mul(g.conv2d(x, weights(1, 20, 3, 3), weights(1), { pads }), x)),
  'convolution of one channel': inside((x) =>
    g.conv2d(g.conv2d(x, weights(1, 20, 1, 1)), weights(5, 1, 3, 3), undefined, { pads }),
  ),
  'transposed convolution': inside((x) => g.convTranspose2d(x, weights(20, 17, 2, 2), { strides: [2, 2] })),
  'transposed convolution 4x4': inside((x) =>
    g.convTranspose2d(x, weights(20, 24, 4, 4), { strides: [2, 2], pads }),
  ),
  'transposed convolution, 3 channels': (x) =>
    g.convTranspose2d(g.conv2d(x, weights(16, 3, 1, 1)), weights(16, 3, 3, 3), {
      strides: [2, 2],
      pads,
      size: [21, 17],
    }),
  'transposed convolution without stride': inside((x) =>
    g.convTranspose2d(x, weights(20, 4, 3, 3), { pads }),
  ),
  'batch norm, residual sum and relu': inside((x) => {
    const y = g.conv2d(x, weights(20, 20, 3, 3), undefined, { pads });
    const statistics = { mean: weights(20), variance: g.constant(new Float32Array(20).fill(0.7)) };
    const normalised = g.batchNorm(y, statistics, { scale: weights(20), bias: weights(20) });
    return g.relu(g.add(normalised, x));
  }),
  'a batch norm written out': inside((x) => {
    const factor = g.div(weights(20, 1, 1), g.sqrt(g.constant(new Float32Array(20).fill(0.7), [20, 1, 1])));
    const y = g.add(g.mul(g.conv2d(x, weights(20, 20, 1, 1)), factor), weights(20, 1, 1));
    return g.clip(g.sub(y, g.mul(x, factor)), -0.5, 1);
  }),
  'activations that others read': inside((x) => {
    const y = g.conv2d(x, weights(20, 20, 1, 1));
    return g.add(g.mul(g.relu(y), g.sigmoid(y)), g.add(g.leakyRelu(y, 0.3), g.tanh(x)));
  }),
  'sums of convolutions': inside((x) =>
    g.relu(g.add(g.conv2d(x, weights(20, 20, 1, 1)), g.conv2d(x, weights(20, 20, 1, 1), weights(20)))),
  ),
  'x + x': inside((x) => {
    const y = g.conv2d(x, weights(20, 20, 1, 1));
    return g.add(y, y);
  }),
  prelu: inside((x) => g.prelu(x, weights(20, 1, 1))),
  scaleChannels: inside((x) => g.scaleChannels(x, numbers(20))),
  'pixel norm': inside(
    (x) => g.div(x, g.sqrt(g.add(g.mean(g.mul(x, x), { axes: [1], keepDims: true }), 1e-3))),
    32,
  ),
  'pixel norm of a part of a block': inside((x) =>
    g.div(x, g.sqrt(g.add(g.mean(g.mul(x, x), { axes: [1], keepDims: true }), 1e-3))),
  ),
  'squeeze and excitation': inside((x) => {
    const gate = g.sigmoid(g.conv2d(g.mean(x, { axes: [2, 3], keepDims: true }), weights(32, 32, 1, 1)));
    return g.mul(x, gate);
  }, 32),
  'sum of squares, whole blocks': (x) =>
    g.sumSquare(g.conv2d(g.sliceAxis(x, 0, 0, 1), weights(32, 3, 3, 3)), { axes: [1, 2, 3] }),
  'sum of squares, lanes that nobody reads': (x) =>
    g.sumSquare(g.conv2d(x, weights(20, 3, 3, 3), weights(20))),
  'mean of the image': (x) => g.mean(g.conv2d(x, weights(20, 3, 3, 3)), { axes: [2, 3] }),
  'sum over channels': inside((x) => g.mul(x, g.sum(x, { axes: [1], keepDims: true })), 16),
  'broadcast of an ordinary image': inside((x) =>
    g.mul(g.add(x, weights(1, 1, x.shape[2], x.shape[3])), weights(x.shape[3])),
  ),
  'max pool': inside((x) => g.maxPool2d(x, { kernel: [3, 3], strides: [2, 2], pads })),
  'average pool': inside((x) => g.averagePool2d(x, { kernel: [3, 3], strides: [2, 2], pads })),
  'nearest upsampling': inside((x) =>
    g.resize2d(x, { size: [2 * x.shape[2], 3 * x.shape[3]], mode: 'nearest', coordinates: 'halfPixel' }),
  ),
  'convolution of repeated pixels': inside((x) => {
    const size = [2 * x.shape[2], 2 * x.shape[3]] as const;
    const up = g.resize2d(x, { size, mode: 'nearest', coordinates: 'asymmetric' });
    return g.leakyRelu(g.conv2d(up, weights(20, 20, 3, 3), weights(20), { pads }), 0.2);
  }),
  'convolution of pixels repeated 3 x 2 times, uneven padding': inside((x) => {
    const size = [3 * x.shape[2], 2 * x.shape[3]] as const;
    const up = g.resize2d(x, { size, mode: 'nearest', coordinates: 'halfPixel' });
    return g.relu(g.conv2d(up, weights(18, 20, 3, 5), undefined, { pads: [0, 2, 1, 1] }));
  }),
  'means of windows of a convolution': inside((x) =>
    g.averagePool2d(g.conv2d(x, weights(18, 20, 3, 3), weights(18), { pads }), { kernel: [2, 3] }),
  ),
  'numbers between a norm and its adjoint': inside((x) => {
    const norm = g.sqrt(g.add(g.mean(g.mul(x, x), { axes: [1], keepDims: true }), 0.1));
    return g.neg(g.div(g.mul(x, 3), g.mul(norm, -2)));
  }, 16),
  'leaky activations of a transposed convolution': inside((x) => {
    const y = g.convTranspose2d(x, weights(20, 24, 4, 4), { strides: [2, 2], pads });
    return g.clip(g.add(y, weights(24, 1, 1)), 0, 6);
  }),
  'numbers times a convolution and its sum': inside((x) => {
    const y = g.mul(g.conv2d(x, weights(20, 20, 1, 1)), 0.3);
    return g.neg(g.add(g.add(y, x), 2));
  }),
  'bilinear upsampling': inside((x) =>
    g.resize2d(x, { size: [2 * x.shape[2], 2 * x.shape[3]], mode: 'bilinear', coordinates: 'halfPixel' }),
  ),
  'concatenation of blocks': inside(
    (x) => g.concat([x, g.relu(x), g.conv2d(x, weights(5, 32, 1, 1))], 1),
    32,
  ),
  'concatenation within blocks': inside((x) => g.concat([x, g.relu(x)], 1)),
  'concatenation of rows': inside((x) => g.concat([x, g.relu(x)], 2)),
  'slices of blocks': inside((x) => g.mul(g.sliceAxis(x, 1, 16, 32), g.sliceAxis(x, 1, 0, 16)), 32),
  'slices within blocks': inside((x) => g.sliceAxis(x, 1, 3, 17)),
  'slices of rows and columns': inside((x) => g.slice(x, [0, 0, 1, 2], [2, 20, 8, 1e9], [1, 1, 2, 1])),
  'flipped rows': inside((x) => g.flip(x, [2])),
  'border of zeros and of ones': inside((x) =>
    g.pad(g.pad(x, [0, 0, 1, 0], [0, 0, 0, 2]), [0, 0, 0, 1], [0, 0, 1, 0], 1),
  ),
  'channels of zeros': inside((x) => g.add(g.pad(x, [0, 0, 0, 0], [0, 13, 0, 0]), weights(33, 1, 1))),
  'stopped gradient': inside((x) => g.mul(g.stopGradient(x), x)),
  'a value read in both layouts': inside((x) => g.mul(x, g.sum(x))),
};

describe.each(Object.entries(CASES))('%s', (_, fn) => {
  it.each([1, 2])('batch %d', async (batch) => {
    const shape = [batch, 3, 11, 9];
    const both = ({ x }: Readonly<Record<string, Tensor>>): Record<string, Tensor> => {
      seed = 0;
      const y = fn(x);
      const [slope] = g.gradients(g.mul(g.sum(g.mul(y, y)), 0.5), [x]);
      return { y, slope };
    };
    seed = 1000 * batch;
    const x = numbers(shape.reduce((a, b) => a * b, 1));
    const [blocked, ordinary] = await Promise.all(
      [runtime, { ...runtime, channelBlock: undefined }].map(async (where) => {
        const program = await g.compile(both, { x: { shape } }, { runtime: where });
        const result = await program.run({ x });
        await program.dispose();
        return result;
      }),
    );
    for (const name of ['y', 'slope']) {
      const scale = Math.max(...ordinary[name].map(Math.abs));
      const error = Math.max(...blocked[name].map((value, i) => Math.abs(value - ordinary[name][i])));
      expect(error / scale).toBeLessThan(2e-5);
    }
  });
});

it('is used on x64', async () => {
  const block = (await runtime.channelBlock?.()) ?? 0;
  expect(onBlocked ? [8, 16] : [0]).toContain(block);
});

it('leaves no reordering between the layers of a residual network and of its gradient', () => {
  const network = ({ x }: Readonly<Record<string, Tensor>>): Tensor => {
    let y = g.relu(g.conv2d(x, weights(32, 3, 3, 3), weights(32), { pads }));
    for (const stride of [1, 2]) {
      const inner = g.relu(
        g.conv2d(y, weights(32, 32, 3, 3), weights(32), { pads, strides: [stride, stride] }),
      );
      const shortcut = stride === 1 ? y : g.conv2d(y, weights(32, 32, 1, 1), undefined, { strides: [2, 2] });
      y = g.relu(g.add(g.conv2d(inner, weights(32, 32, 3, 3), undefined, { pads }), shortcut));
    }
    return g.sum(g.mean(y, { axes: [2, 3] }));
  };
  const graph = trace(g.grad(network), { x: { shape: [1, 3, 16, 16] } });
  const { nodes } = lower(graph, { channelBlock: 16 });
  const count = (opType: string): number => nodes.filter((node) => node.opType === opType).length;
  // The picture is convolved as it is; its gradient, and the mean, leave the layout.
  expect(count('ReorderInput')).toBeLessThanOrEqual(1);
  expect(count('ReorderOutput')).toBe(1);
  expect(count('Relu')).toBe(0);
});

it('takes kept inputs in blocks, once for each array', async () => {
  const specs = { x: { shape: [1, 3, 12, 12] }, target: { shape: [1, 20, 10, 10] } };
  const kernel = weights(20, 3, 3, 3);
  const off = ({ x, target }: Readonly<Record<string, Tensor>>): Tensor =>
    g.sum(g.square(g.sub(g.conv2d(x, kernel), target)), { axes: [2, 3] });
  const reorders = (kept: readonly string[]): number =>
    lower(trace(off, specs), { channelBlock: 16, kept }).nodes.filter(
      ({ opType }) => opType === 'ReorderInput',
    ).length;
  expect([reorders([]), reorders(['target'])]).toEqual([1, 0]);
  const [plain, kept] = [
    await g.compile(off, specs, { runtime }),
    await g.compile(off, specs, { runtime, kept: ['x', 'target'] }),
  ];
  expect(kept.inputs).toEqual(plain.inputs);
  const [first, second] = [numbers(2000), numbers(2000)];
  for (const target of [first, second, first]) {
    const x = numbers(432);
    expect(await kept.run({ x, target })).toEqual(await plain.run({ x, target }));
  }
  await expect(kept.run({ x: numbers(432), target: numbers(20) })).rejects.toThrow(
    "Program.run: expected 2000 values for input 'target' [1,20,10,10], received 20",
  );
  await plain.dispose();
  await kept.dispose();
});
