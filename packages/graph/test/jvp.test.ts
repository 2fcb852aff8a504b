// Forward mode and Hessian products, against what reverse mode and differences say.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '@likeness/testing';
import * as g from '../src/index.ts';
import { nodeRuntime } from '../src/node/index.ts';

const runtime = nodeRuntime({ threads: 1 });

type Values = readonly [shape: readonly number[], values: readonly number[]];

async function run(
  fn: g.TensorFunction,
  inputs: Readonly<Record<string, Values>>,
): Promise<Record<string, Float32Array>> {
  const entries = Object.entries(inputs);
  const program = await g.compile(
    fn,
    Object.fromEntries(entries.map(([name, [shape]]) => [name, { shape }])),
    { runtime },
  );
  const result = await program.run(
    Object.fromEntries(entries.map(([name, [, values]]) => [name, Float32Array.from(values)])),
  );
  await program.dispose();
  return result;
}

const network = ({ x, w, v }: g.Tensors): g.Tensor => {
  const hidden = g.tanh(g.conv2d(x, w, undefined, { pads: [1, 1, 1, 1], strides: [2, 2] }));
  const scores = g.matmul(g.reshape(hidden, [2, 12]), v);
  return g.softmax(g.div(scores, g.add(g.sqrt(g.sum(g.mul(scores, scores))), 1)));
};
const shapes = { x: [2, 2, 4, 4], w: [3, 2, 3, 3], v: [12, 3] } as const;

describe('jvp', () => {
  it('is the derivative along a direction', async () => {
    const random = seededRandom(3);
    const fill = (shape: readonly number[]): number[] =>
      Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 2 * random() - 1);
    const at = Object.entries(shapes).map(([name, shape]) => ({
      name,
      shape,
      value: fill(shape),
      move: fill(shape),
    }));
    const inputs: Record<string, Values> = Object.fromEntries(
      at.flatMap(({ name, shape, value, move }): [string, Values][] => [
        [name, [shape, value]],
        [`d${name}`, [shape, move]],
      ]),
    );
    const result = await run(({ x, w, v, dx, dw, dv }) => {
      const both = g.jvp(network, { x, w, v }, { x: dx, w: dw, v: dv });
      return { value: both.outputs['output'], slope: both.tangents['output'] };
    }, inputs);
    const h = 1 / 256;
    const shifted = (sign: number): typeof inputs =>
      Object.fromEntries(
        at.map(({ name, shape, value, move }) => [
          name,
          [shape, value.map((p, i) => p + sign * h * move[i])],
        ]),
      );
    const { output: high } = await run(network, shifted(1));
    const { output: low } = await run(network, shifted(-1));
    const { output: middle } = await run(network, shifted(0));
    expect(result['value']).toEqual(middle);
    const scale = Math.max(...result['slope'].map(Math.abs));
    expect(scale).toBeGreaterThan(0.05);
    result['slope'].forEach((slope, i) => {
      expect(Math.abs(slope - (high[i] - low[i]) / (2 * h))).toBeLessThan(1e-3 * scale);
    });
  });

  it('leaves nothing of the probes, of zeros and of the unused in the program', () => {
    const graph = g.trace(
      ({ x, y, dx }) =>
        g.jvp(({ x: a, y: b }) => ({ p: g.mul(g.exp(a), b), q: g.sin(b), r: a }), { x, y }, { x: dx })
          .tangents,
      { x: { shape: [3] }, y: { shape: [3] }, dx: { shape: [3] } },
    );
    // d(exp(x) y) = dx exp(x) y and nothing else.
    const operations = graph.nodes.map((node) => node.operation).filter((name) => name !== 'alias');
    expect(operations.sort()).toEqual(['constant', 'exp', 'input', 'input', 'input', 'mul', 'mul'].sort());
    expect(g.constantData(graph.outputs['q'])).toEqual(new Float32Array(3));
    expect(graph.outputs['r']).toBe(graph.inputs['dx']);
  });

  it('does not recompute a rematerialised segment', () => {
    const count = (mark: boolean): number => {
      const fn = (a: g.Tensor): g.Tensor => g.tanh(g.exp(g.sin(a)));
      const graph = g.trace(
        ({ x, dx }) =>
          g.jvp(({ x: a }) => (mark ? g.rematerialise(fn)(a) : fn(a)), { x }, { x: dx }).tangents,
        { x: { shape: [3] }, dx: { shape: [3] } },
      );
      expect(graph.nodes.map((node) => node.operation)).not.toContain('after');
      return graph.nodes.filter((node) => !['alias', 'rematerialise'].includes(node.operation)).length;
    };
    // The second computation is textually the first again: the runtime's common-subexpression elimination takes it out.
    expect(count(true)).toBeLessThanOrEqual(count(false) + 3);
  });

  it('refuses what is not linear in the cotangent, and tangents of another shape', () => {
    const odd = g.customVjp(
      (a) => g.mul(a, 2),
      ({ cotangents: [c] }) => [g.mul(c, c)],
    );
    const x = g.constant([1, 2]);
    expect(() => g.jvp(({ x: a }) => odd(a), { x }, { x })).toThrow('not linear in its cotangent');
    expect(() => g.jvp(({ x: a }) => g.neg(a), { x }, { x: g.constant([1]) })).toThrow(
      'expected a tangent float32[2]',
    );
    expect(() => g.jvp(({ x: a }) => g.neg(a), { x }, { y: x })).toThrow("there is no input 'y'");
  });
});

describe('hessianVectorProduct', () => {
  it('multiplies by the matrix of second derivatives', async () => {
    // f = x0^2 x1 + y^3 x1: Hessian by hand.
    const f = ({ x, y }: g.Tensors): g.Tensor => {
      const x0 = g.slice(x, [0], [1]);
      const x1 = g.slice(x, [1], [2]);
      return g.sum(g.add(g.mul(g.mul(x0, x0), x1), g.mul(g.pow(y, 3), x1)));
    };
    const result = await run(
      ({ x, y, vx, vy }) => {
        const found = g.hessianVectorProduct(f, { x, y }, { x: vx, y: vy });
        return { hx: found['x'], hy: found['y'] };
      },
      { x: [[2], [3, 5]], y: [[1], [2]], vx: [[2], [1, -2]], vy: [[1], [0.5]] },
    );
    // [2 x1, 2 x0, 0; 2 x0, 0, 3 y^2; 0, 3 y^2, 6 y x1] (1, -2, 0.5)
    expect([...result['hx'], ...result['hy']]).toEqual([10 - 12, 6 + 6, -24 + 30]);
  });
});
