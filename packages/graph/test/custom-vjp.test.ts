// Gradients by the caller's own rule.
import { describe, expect, it } from 'vitest';
import * as g from '../src/index.ts';
import { nodeRuntime } from '../src/node/index.ts';

const runtime = nodeRuntime({ threads: 1 });

async function run(fn: g.TensorFunction, x: readonly number[]): Promise<Record<string, Float32Array>> {
  const program = await g.compile(fn, { x: { shape: [x.length] } }, { runtime });
  const result = await program.run({ x: Float32Array.from(x) });
  await program.dispose();
  return result;
}

describe('customVjp', () => {
  it('replaces the gradient, not the value', async () => {
    // Straight-through rounding: the value is stepped, the slope is one.
    const round = g.customVjp(
      (a) => g.floor(g.add(a, 0.5)),
      ({ cotangents }) => cotangents,
    );
    const both = g.valueAndGrad(({ x }) => g.sum(g.mul(round(x), round(x))));
    const { value, x } = await run(
      (inputs) => {
        const { value: loss, gradients } = both(inputs);
        return { value: loss, x: gradients['x'] };
      },
      [0.2, 1.7, -2.4],
    );
    expect(value).toEqual(Float32Array.of(8));
    expect(x).toEqual(Float32Array.of(0, 4, -4));
  });

  it('is differentiated again through its backward function', async () => {
    // Backward of x^3 written as 3 x^2 g: the second derivative is 6 x.
    const cube = g.customVjp(
      (a) => g.mul(a, g.mul(a, a)),
      ({ inputs: [a], cotangents: [c] }) => [g.mul(g.mul(g.mul(a, a), 3), c)],
    );
    const second = g.grad(({ x }) => g.sum(g.gradients(g.sum(cube(x)), [x])[0]));
    expect((await run(second, [1, -2]))['x']).toEqual(Float32Array.of(6, -12));
  });

  it('has several inputs and outputs, zeros for cotangents that do not arrive, and inputs that want none', async () => {
    let wanted: readonly boolean[] = [];
    const pair = g.customVjp(
      (a, b) => [g.mul(a, b), g.add(a, b)] as const,
      (call) => {
        wanted = call.wanted;
        const [byProduct, bySum] = call.cotangents;
        return [g.add(g.mul(byProduct, call.inputs[1]), g.mul(bySum, 10)), undefined];
      },
    );
    const { output } = await run(
      ({ x }) => g.gradients(g.sum(pair(x, g.constant([3, 4]))[0]), [x])[0],
      [1, 2],
    );
    expect(output).toEqual(Float32Array.of(3, 4));
    expect(wanted).toEqual([true, false]);
  });

  it('refuses to lose the gradient of what was captured, and wrong answers', () => {
    const x = g.neg(g.constant([1, 2]));
    const captures = g.customVjp(
      (a) => g.mul(a, x),
      ({ cotangents }) => cotangents,
    );
    expect(() => g.gradients(g.sum(captures(g.exp(g.constant([1, 1])))), [x])).toThrow(
      'customVjp: neg float32[2] is differentiated by but was captured by the forward function; pass it as an input',
    );
    const short = g.customVjp(
      (a) => g.neg(a),
      () => [],
    );
    expect(() => g.gradients(g.sum(short(x)), [x])).toThrow(
      'expected the backward function to return 1 adjoints',
    );
    const wrong = g.customVjp(
      (a) => g.neg(a),
      () => [g.constant([1])],
    );
    expect(() => g.gradients(g.sum(wrong(x)), [x])).toThrow('vjp: expected an adjoint [2]');
    let inside: g.Tensor | undefined;
    const leaking = g.customVjp(
      (a) => g.neg((inside = g.exp(a))),
      ({ cotangents }) => cotangents,
    );
    const y = g.sum(leaking(x));
    expect(() => g.gradients(y, [inside as g.Tensor])).toThrow('is inside a function given to customVjp');
  });
});
