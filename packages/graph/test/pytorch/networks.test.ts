// Whole networks against PyTorch's autograd: every value and every gradient within 1e-4 of the tensor's largest, first
// and second order. The recorded side is float64 (see make-fixtures.py), so the errors are our float32's own.
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { readNetworkFixture, relativeError } from './fixtures.ts';
import { mobilenet, progressive, rendering, residual, unet, type Network } from './networks.ts';

const NETWORKS: Readonly<Record<string, Network>> = {
  'residual-training': residual(true),
  'residual-inference': residual(false),
  mobilenet,
  progressive,
  unet,
  rendering: rendering(readNetworkFixture('rendering').data),
};

describe.each(Object.keys(NETWORKS))('%s', (name) => {
  const { inputs, expected } = readNetworkFixture(name);
  const wanted = Object.keys(expected).filter((key) => key.startsWith('gradient:'));

  it('has the values and gradients that PyTorch has', async () => {
    const program = await g.compile(
      (tensors) => {
        const { values, losses } = NETWORKS[name](tensors);
        const outputs: Record<string, g.Tensor> = {};
        for (const [key, value] of Object.entries(values)) outputs[`value:${key}`] = value;
        for (const { loss, by } of losses) {
          const names = wanted.map((key) => key.slice('gradient:'.length)).filter(by);
          const found = g.gradients(
            loss,
            names.map((key) => tensors[key]),
          );
          names.forEach((key, index) => (outputs[`gradient:${key}`] = found[index]));
        }
        return outputs;
      },
      Object.fromEntries(Object.entries(inputs).map(([key, { shape }]) => [key, { shape }])),
      { runtime: nodeRuntime() },
    );
    const found = await program.run(
      Object.fromEntries(Object.entries(inputs).map(([key, { data }]) => [key, data])),
    );
    await program.dispose();
    expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
    const wrong = Object.entries(expected).flatMap(([key, { data }]) => {
      const error = relativeError(found[key], data);
      return error < 1e-4 ? [] : [`${key}: ${error}`];
    });
    expect(wrong).toEqual([]);
  });
});
