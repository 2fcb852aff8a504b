// Identities that tie all derivatives together, over the inputs of every gradient case: forward mode is the transpose
// of reverse mode, Hessians are symmetric, and rematerialisation changes nothing. An operation whose adjoint cannot be
// differentiated, is not linear in its cotangent, or is wrong to second order, is found here.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '@likeness/testing';
import * as g from '../src/index.ts';
import { nodeRuntime } from '../src/node/index.ts';
import { GRADIENT_CASES } from './gradient-cases/index.ts';

const runtime = nodeRuntime({ threads: 1 });
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const dot = (a: g.Tensors, b: g.Tensors): g.Tensor =>
  Object.keys(a)
    .map((name) => g.sum(g.mul(a[name], b[name])))
    .reduce((p, q) => g.add(p, q));
const length = (a: g.Tensors): g.Tensor => g.sqrt(dot(a, a));
const named = (names: readonly string[], tensors: readonly g.Tensor[]): g.Tensors =>
  Object.fromEntries(names.map((name, index) => [name, tensors[index]]));

describe.each(Object.entries(GRADIENT_CASES))('%s', (_, cases) => {
  it('has forward mode, symmetric Hessians, and survives rematerialisation', async () => {
    const random = seededRandom(11);
    const specs: Record<string, g.TensorSpec> = {};
    const feeds: Record<string, Float32Array> = {};
    const feed = (name: string, shape: readonly number[], value: (index: number) => number): void => {
      specs[name] = { shape };
      feeds[name] = Float32Array.from({ length: size(shape) }, (__, index) => value(index));
    };
    const uniform = (): number => 2 * random() - 1;
    cases.forEach(({ fn, inputs }, number) => {
      for (const [name, { shape, values }] of Object.entries(inputs)) {
        feed(`${number}/x/${name}`, shape, (index) => values?.(index, random) ?? uniform());
        feed(`${number}/t/${name}`, shape, uniform);
        feed(`${number}/v/${name}`, shape, uniform);
      }
      feed(`${number}/u`, g.trace(fn, inputs).outputs['output'].shape, uniform);
    });

    const program = await g.compile(
      (given) => {
        const outputs: Record<string, g.Tensor> = {};
        cases.forEach(({ fn, inputs }, number) => {
          const names = Object.keys(inputs);
          const pick = (kind: string): g.Tensors =>
            named(
              names,
              names.map((name) => given[`${number}/${kind}/${name}`]),
            );
          const [x, t, v, u] = [pick('x'), pick('t'), pick('v'), given[`${number}/u`]];
          const both = g.valueAndGrad((at) => g.sum(g.mul(fn(at), u)))(x);
          const { tangents } = g.jvp(fn, x, t);
          outputs[`${number}/transpose`] = g.div(
            g.sub(g.sum(g.mul(tangents['output'], u)), dot(both.gradients, t)),
            g.add(g.mul(length(both.gradients), length(t)), 1e-6),
          );
          const loss = (at: g.Tensors): g.Tensor => g.sum(g.mul(fn(at), u));
          const ht = g.hessianVectorProduct(loss, x, t);
          const hv = g.hessianVectorProduct(loss, x, v);
          outputs[`${number}/symmetry`] = g.div(
            g.sub(dot(ht, v), dot(hv, t)),
            g.add(g.mul(length(ht), length(v)), 1e-6),
          );
          const marked = g.rematerialise((...at: g.Tensor[]) => fn(named(names, at)));
          const again = g.valueAndGrad((at) => g.sum(g.mul(marked(...names.map((name) => at[name])), u)))(x);
          const apart = Object.fromEntries(
            names.map((name) => [name, g.sub(again.gradients[name], both.gradients[name])]),
          );
          outputs[`${number}/rematerialised`] = g.div(length(apart), g.add(length(both.gradients), 1e-6));
        });
        return outputs;
      },
      specs,
      { runtime },
    );
    const found = await program.run(feeds);
    await program.dispose();
    const wrong = Object.entries(found).flatMap(([name, [error]]) => {
      const what = cases[Number(name.split('/')[0])].what ?? 'plain';
      return Math.abs(error) < (name.endsWith('rematerialised') ? 1e-6 : 1e-4)
        ? []
        : [`${what} ${name}: ${error}`];
    });
    expect(wrong).toEqual([]);
  });
});
