// Rewrites before lowering: programs with known weights, which are rewritten, against the same programs with their weights as
// inputs, which are not; and what is left of the nodes.
import { describe, expect, it } from 'vitest';
import * as g from '../src/index.ts';
import type { Tensor } from '../src/index.ts';
import { nodeRuntime } from '../src/node/index.ts';
import { optimiseGraph } from '../src/optimise.ts';
import { trace } from '../src/trace.ts';

const runtime = nodeRuntime({ threads: 1 });
const pads = [1, 1, 1, 1] as const;

/** Positive and negative numbers without a pattern; `w` hands out weights in order. */
const numbers = (size: number, seed: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(12.9898 * i + 78.233 * seed));
type Weights = (...shape: number[]) => Tensor;
const square = (w: Weights, channels: number): Tensor => {
  const values = w(channels, 1, 1);
  return g.add(g.mul(values, values), 0.5);
};

const CASES: Readonly<Record<string, (x: Tensor, w: Weights) => Tensor>> = {
  'batch norm after a convolution': (x, w) => {
    const y = g.conv2d(x, w(6, 4, 3, 3), w(6), { pads });
    const statistics = { mean: w(6), variance: g.reshape(square(w, 6), [6]) };
    return g.relu(g.batchNorm(y, statistics, { scale: w(6), bias: w(6) }));
  },
  'factors and offsets written out': (x, w) => {
    const y = g.conv2d(x, w(6, 2, 3, 3), undefined, { pads, groups: 2 });
    return g.sub(g.div(g.neg(g.add(g.mul(w(6, 1, 1), y), w(1, 6, 1, 1))), square(w, 6)), w(6, 1, 1));
  },
  'a factor before a convolution': (x, w) =>
    g.conv2d(g.mul(g.div(x, square(w, 4)), w(4, 1, 1)), w(6, 2, 3, 3), w(6), { pads, groups: 2 }),
  'an offset before a padded convolution': (x, w) =>
    g.conv2d(g.add(x, w(4, 1, 1)), w(6, 4, 3, 3), undefined, { pads }),
  'a factor that two convolutions read': (x, w) => {
    const y = g.mul(g.conv2d(x, w(4, 4, 1, 1)), w(4, 1, 1));
    return g.add(g.conv2d(y, w(5, 4, 3, 3), undefined, { pads }), g.conv2d(y, w(5, 4, 1, 1)));
  },
  'a factor before a transposed convolution': (x, w) =>
    g.convTranspose2d(g.mul(x, w(4, 1, 1)), w(4, 5, 3, 3), { strides: [2, 2], pads, size: [13, 14] }),
  'strided convolution': (x, w) => g.conv2d(x, w(5, 4, 3, 3), w(5), { strides: [2, 2], pads }),
  'convolution of repeated pixels': (x, w) => {
    const size = [2 * x.shape[2], 2 * x.shape[3]] as const;
    const up = g.resize2d(x, { size, mode: 'nearest', coordinates: 'halfPixel' });
    return g.leakyRelu(g.conv2d(up, w(5, 4, 3, 3), w(5), { pads }), 0.2);
  },
  'convolution of unevenly repeated pixels': (x, w) => {
    const size = [3 * x.shape[2], 2 * x.shape[3]] as const;
    const up = g.resize2d(x, { size, mode: 'nearest', coordinates: 'asymmetric' });
    return g.conv2d(up, w(5, 4, 2, 3), undefined, { pads: [0, 2, 1, 0] });
  },
  'means of windows of a convolution': (x, w) =>
    g.averagePool2d(g.conv2d(x, w(5, 4, 3, 3), w(5), { pads }), { kernel: [2, 3] }),
  'means of windows that do not cover': (x, w) =>
    g.averagePool2d(g.conv2d(x, w(5, 4, 3, 3), w(5), { pads }), { kernel: [4, 4] }),
  'pixel norm': (x, w) => {
    const y = g.leakyRelu(g.conv2d(x, w(6, 4, 3, 3), w(6), { pads }), 0.2);
    return g.div(y, g.sqrt(g.add(g.mean(g.mul(y, y), { axes: [1], keepDims: true }), 1e-2)));
  },
  'numbers around sums over channels': (x, w) => {
    const total = g.sum(g.mul(x, w(4, 1, 1)), { axes: [1], keepDims: true });
    return g.mul(g.neg(g.div(g.mul(total, 3), g.mul(g.add(g.mul(x, x), 1), -2))), 0.7);
  },
  'a broadcast that the next operation does': (x, w) =>
    g.sub(g.mul(g.expand(w(4, 1, 1), [1, 4, 7, 7]), g.mul(g.expand(g.sum(x), [1, 4, 7, 7]), 0.1)), x),
};

describe.each(Object.entries(CASES))('%s', (_, fn) => {
  it('with known weights equals itself with given weights, gradient included', async () => {
    const shape = [1, 4, 7, 7];
    const given: Record<string, g.TensorSpec> = { x: { shape } };
    // A dry run learns the weights' shapes.
    trace(
      ({ x }) =>
        fn(x, (...extents) => {
          given[`w${Object.keys(given).length}`] = { shape: extents };
          return g.constant(
            numbers(
              extents.reduce((a, b) => a * b, 1),
              1,
            ),
            extents,
          );
        }),
      { x: { shape } },
    );
    const values = Object.fromEntries(
      Object.entries(given).map(([name, spec], index) => [
        name,
        numbers(
          spec.shape.reduce((a, b) => a * b, 1),
          index + 1,
        ),
      ]),
    );
    const program = (known: boolean) => (inputs: Readonly<Record<string, Tensor>>) => {
      let count = 0;
      const weights: Weights = (...extents) => {
        const name = `w${++count}`;
        return known ? g.constant(values[name], extents) : inputs[name];
      };
      const y = fn(inputs['x'], weights);
      const [slope] = g.gradients(g.sum(g.mul(y, y)), [inputs['x']]);
      return { y, slope };
    };
    const [rewritten, plain] = await Promise.all([
      g.compile(program(true), { x: { shape } }, { runtime }).then(async (p) => p.run({ x: values['x'] })),
      g
        .compile(program(false), given, { runtime: { ...runtime, channelBlock: undefined } })
        .then(async (p) => p.run(values)),
    ]);
    for (const name of ['y', 'slope']) {
      const scale = Math.max(...plain[name].map(Math.abs));
      const error = Math.max(...rewritten[name].map((value, i) => Math.abs(value - plain[name][i])));
      expect(error / scale).toBeLessThan(1e-5);
    }
  });
});

describe('what is left', () => {
  const operations = (fn: (x: Tensor) => Tensor, gradient: boolean): string[] => {
    const graph = trace(
      ({ x }) => {
        const y = fn(x);
        return gradient ? g.vjp([y], [x], [g.relu(y)])[0] : y;
      },
      { x: { shape: [1, 16, 8, 8] } },
    );
    return optimiseGraph(graph)
      .nodes.map(({ operation }) => operation)
      .filter((name) => !['constant', 'input'].includes(name));
  };
  const w = (...shape: number[]): Tensor =>
    g.constant(
      numbers(
        shape.reduce((a, b) => a * b, 1),
        3,
      ),
      shape,
    );
  const normalised = (x: Tensor): Tensor =>
    g.batchNorm(g.conv2d(x, w(16, 16, 3, 3), undefined, { pads }), {
      mean: w(16),
      variance: g.constant(new Float32Array(16).fill(2)),
    });

  it('of a batch norm: the convolution', () => {
    expect(operations(normalised, false)).toEqual(['conv2d']);
  });

  it('of its adjoint: the adjoint convolution', () => {
    expect(operations(normalised, true)).toEqual(['conv2d', 'relu', 'conv2d']);
  });

  it('of the adjoint of two gathers from one tensor: rows added to rows', () => {
    const at = (values: number[]): Tensor =>
      g.constant(BigInt64Array.from(values, BigInt), [values.length], 'int64');
    const both = (x: Tensor): Tensor => {
      const rows = g.reshape(x, [64, 16]);
      return g.add(g.gather(rows, at([3, 0, 3])), g.gather(rows, at([1, 1, 2])));
    };
    expect(operations(both, true)).toEqual([
      'reshape',
      'gather',
      'gather',
      'add',
      'relu',
      'scatterAdd',
      'scatterAdd',
      'reshape',
    ]);
  });

  it('of a convolution of repeated pixels and of its adjoint: one convolution each', () => {
    const up = (x: Tensor): Tensor =>
      g.conv2d(
        g.resize2d(x, { size: [16, 16], mode: 'nearest', coordinates: 'asymmetric' }),
        w(8, 16, 3, 3),
        undefined,
        { pads },
      );
    expect(operations(up, false)).toEqual(['convTranspose2d']);
    expect(operations(up, true)).toEqual(['convTranspose2d', 'relu', 'conv2d']);
  });
});
