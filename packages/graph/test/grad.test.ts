// The rules of differentiation that no single operation shows.
import { describe, expect, it } from 'vitest';
import { gradientError } from '@likeness/testing';
import * as g from '../src/index.ts';
import { nodeRuntime } from '../src/node/index.ts';

const runtime = nodeRuntime({ threads: 1 });

describe('differentiation', () => {
  it('adds up the paths to a value that is used twice', async () => {
    const program = await g.compile(
      g.grad(({ x }) => g.sum(g.add(g.mul(x, x), g.mul(x, 3)))),
      { x: { shape: [2] } },
      { runtime },
    );
    expect(await program.run({ x: Float32Array.of(1, -2) })).toEqual({ x: Float32Array.of(5, -1) });
    await program.dispose();
  });

  it('returns the value with the gradients, of chosen inputs only', async () => {
    const both = g.valueAndGrad(({ x, y }) => g.sum(g.mul(x, y)), ['y']);
    const program = await g.compile(
      (inputs) => {
        const { value, gradients } = both(inputs);
        expect(Object.keys(gradients)).toEqual(['y']);
        return { value, dy: gradients['y'] };
      },
      { x: { shape: [2] }, y: { shape: [2] } },
      { runtime },
    );
    const result = await program.run({ x: Float32Array.of(2, 3), y: Float32Array.of(5, 7) });
    expect(result).toEqual({ value: Float32Array.of(31), dy: Float32Array.of(2, 3) });
    await program.dispose();
  });

  it('stops where it is told to, and gives zeros where nothing depends', () => {
    const graph = g.trace(
      ({ x, y }) => {
        const [dx, dy] = g.gradients(g.sum(g.mul(g.stopGradient(x), x)), [x, y]);
        return { dx, dy };
      },
      { x: { shape: [2] }, y: { shape: [3] } },
    );
    expect(graph.nodes.map((node) => node.operation)).not.toContain('add');
    expect(g.constantData(graph.outputs['dy'])).toEqual(new Float32Array(3));
  });

  it('stops again in the gradient of the gradient', () => {
    // f = x stop(x^2): the slope is stop(x^2), which is a constant to the second derivative.
    const x = g.exp(g.constant([1, 2]));
    const [slope] = g.gradients(g.sum(g.mul(x, g.stopGradient(g.mul(x, x)))), [x]);
    expect(g.constantData(g.gradients(g.sum(slope), [x])[0])).toEqual(new Float32Array(2));
  });

  it('differentiates by intermediates', async () => {
    const program = await g.compile(
      ({ x }) => {
        const inner = g.mul(x, 2);
        return g.gradients(g.sum(g.mul(inner, inner)), [inner])[0];
      },
      { x: { shape: [2] } },
      { runtime },
    );
    expect((await program.run({ x: Float32Array.of(1, 2) })).output).toEqual(Float32Array.of(4, 8));
    await program.dispose();
  });

  it('differentiates a gradient: the penalty on a discriminator', async () => {
    // R1: the squared length of the gradient of a small network by its picture, differentiated by its weights.
    const penalty = ({ x, w, v }: Readonly<Record<string, g.Tensor>>): g.Tensor => {
      const score = g.sum(g.mul(g.tanh(g.conv2d(x, w, undefined, { pads: [1, 1, 1, 1] })), v));
      const [slope] = g.gradients(score, [x]);
      return g.sum(g.mul(slope, slope));
    };
    const inputs = { x: { shape: [1, 2, 4, 4] }, w: { shape: [3, 2, 3, 3] }, v: { shape: [3, 1, 1] } };
    expect(await gradientError(penalty, inputs, { runtime })).toBeLessThan(1e-3);
  });

  it('differentiates by arguments: one tensor passed twice, or one computed from the other, are two', () => {
    const x = g.exp(g.constant([1, 2]));
    const product = ({ a, b }: g.Tensors): g.Tensor => g.sum(g.mul(a, b));
    for (const b of [x, g.mul(x, 3)]) {
      const { a: byA } = g.valueAndGrad(product)({ a: x, b }).gradients;
      const { nodes } = g.trace(() => byA, {});
      // d(a b)/da = b, without the path through b.
      expect(nodes.filter((node) => node.operation === 'add')).toEqual([]);
    }
    // Tensor by tensor it is the total derivative: 2 x.
    expect(g.vjp([g.mul(x, x)], [x, x], [x])).toHaveLength(2);
  });

  it('takes outputs that are inputs, outputs named twice, and inputs that are not used', async () => {
    const program = await g.compile(
      ({ x, y, z }) => {
        const [dx, dy, dz] = g.vjp(
          [x, x, g.mul(y, 2)],
          [x, y, z],
          [g.constant([1, 2]), g.constant([10, 20]), y],
        );
        return { dx, dy, dz };
      },
      { x: { shape: [2] }, y: { shape: [2] }, z: { shape: [2, 5000] } },
      { runtime },
    );
    const result = await program.run({
      x: new Float32Array(2),
      y: Float32Array.of(3, 4),
      z: new Float32Array(10_000),
    });
    expect(result).toEqual({
      dx: Float32Array.of(11, 22),
      dy: Float32Array.of(6, 8),
      dz: new Float32Array(10_000),
    });
    await program.dispose();
  });

  it('leaves integer inputs alone', async () => {
    const program = await g.compile<g.TypedArray>(
      g.grad(({ table, index }) => g.sum(g.gather(table, index, 0))),
      { table: { shape: [3, 2] }, index: { shape: [2], dtype: 'int32' } },
      { runtime },
    );
    expect(await program.run({ table: new Float32Array(6), index: Int32Array.of(2, 2) })).toEqual({
      table: Float32Array.of(0, 0, 0, 0, 2, 2),
    });
    await program.dispose();
  });

  it('is linear in the number of nodes: 12,000 of them, differentiated twice', () => {
    const x = g.exp(g.constant([1, 2]));
    let y = x;
    for (let i = 0; i < 4000; i++) y = g.sin(g.add(g.mul(y, x), 0.5));
    const start = process.cpuUsage();
    const [once] = g.gradients(g.sum(y), [x]);
    const [twice] = g.gradients(g.sum(once), [x]);
    const { nodes } = g.trace(() => ({ once, twice }), {});
    const { user } = process.cpuUsage(start);
    expect(nodes.length).toBeGreaterThan(100_000);
    // Measured 0.4 s.
    expect(user / 1e6).toBeLessThan(10);
  });

  it('is so for forward mode and for hundreds of rematerialised segments, too', () => {
    const x = g.exp(g.constant([1, 2]));
    const segment = g.rematerialise((a: g.Tensor) => {
      let y = a;
      for (let i = 0; i < 10; i++) y = g.sin(g.mul(y, 0.5));
      return y;
    });
    let y = x;
    for (let i = 0; i < 500; i++) y = segment(y);
    const start = process.cpuUsage();
    const [slope] = g.gradients(g.sum(y), [x]);
    const [moved] = g.pushforward([y], [x], [g.constant([1, 0])]);
    const { nodes } = g.trace(() => ({ slope, moved }), {});
    const { user } = process.cpuUsage(start);
    expect(nodes.filter((node) => node.operation === 'after')).toHaveLength(500);
    expect(nodes.length).toBeGreaterThan(40_000);
    // Measured 0.3 s.
    expect(user / 1e6).toBeLessThan(10);
  });

  it('says what cannot be differentiated', () => {
    const x = g.constant([1, 2]);
    expect(() => g.gradients(g.mul(x, 2), [x])).toThrow(
      'gradients: expected a scalar to differentiate, received [2]',
    );
    const i = g.constant([1], [1], 'int32');
    expect(() => g.gradients(g.sum(x), [i])).toThrow('expected floating-point tensors to differentiate by');
    expect(() => g.gradients(g.cast(g.sum(x), 'int32'), [x])).toThrow('expected a floating-point scalar');
    expect(() => g.vjp([x], [x], [i])).toThrow('vjp: expected an adjoint [2]');
    expect(() => g.vjp([i], [x], [i])).toThrow('adjoint of the element type of a floating-point tensor');
    expect(() => g.vjp([x], [x], [x, x])).toThrow('expected one adjoint for each of 1 outputs');
    expect(() => g.grad(({ j }) => g.sum(j))({ j: i })).toThrow(
      'expected a floating-point input to differentiate by, received none',
    );
    expect(() => g.grad(({ a }) => g.sum(a), ['b'])({ a: x })).toThrow("there is no input 'b'");
    const opaque: g.Operation<null> = {
      name: 'opaque',
      infer: ([type]) => [type],
      lower: (_, { names }) => [names[0]],
    };
    const [y] = g.applyOperation(opaque, [g.neg(x)], null);
    expect(() => g.gradients(g.sum(y), [x])).toThrow("vjp: operation 'opaque' has no gradient");
  });
});

describe('operands that operations look through', () => {
  const slope = async (fn: (x: g.Tensor) => readonly [g.Tensor, g.Tensor]): Promise<number[]> => {
    const by: g.TensorFunction = ({ x }) => {
      const [y, inner] = fn(x);
      return g.gradients(g.sum(g.mul(y, 2)), [inner])[0];
    };
    const program = await g.compile(by, { x: { shape: [1, 1, 2, 3] } }, { runtime });
    const { output } = await program.run({ x: Float32Array.of(1, 2, 3, 4, 5, 6) });
    await program.dispose();
    return [...output];
  };

  it('differentiates by views that are viewed again', async () => {
    const twos = [2, 2, 2, 2, 2, 2];
    const flat = (x: g.Tensor): g.Tensor => g.reshape(x, [6]);
    const turned = (x: g.Tensor): g.Tensor => g.transpose(x, [0, 2, 3, 1]);
    expect(await slope((x) => ((y) => [g.reshape(y, [3, 2]), y] as const)(flat(x)))).toEqual(twos);
    expect(await slope((x) => ((y) => [g.transpose(y, [0, 3, 1, 2]), y] as const)(turned(x)))).toEqual(twos);
  });

  it('refuses what it cannot know', () => {
    const x = g.exp(g.zeros([1, 1, 2, 2]));
    const by = (y: g.Tensor, inner: g.Tensor) => () => g.gradients(g.sum(y), [inner]);
    const positive = g.relu(x);
    expect(by(g.maxPool2d(positive, { kernel: [2, 2] }), positive)).toThrow(
      "vjp: relu float32[1,1,2,2] is merged into 'maxPool2d' and cannot be differentiated by; let the operation read add(x, 0)",
    );
    const upper = g.relu(x);
    expect(by(g.minimum(upper, 6), upper)).toThrow("is merged into 'clip'");
    const weights = g.constant([1, 2, 3, 4]);
    expect(by(g.mul(g.reshape(weights, [2, 2]), x), weights)).toThrow(
      "vjp: constant float32[4] is merged into 'reshape' and cannot be differentiated by; make it an input, or an argument of grad",
    );
    const factor = g.constant([2]);
    for (const mark of [
      g.rematerialise((a: g.Tensor) => g.mul(a, factor)),
      g.customVjp(
        (a: g.Tensor) => g.mul(a, factor),
        ({ cotangents }) => cotangents,
      ),
    ]) {
      expect(by(mark(x), factor)).toThrow('is captured by a function given to');
    }
  });
});
