import { adam, compile, constant } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { expect, it } from 'vitest';
import { ADAM_SETTINGS, adamInit, adamUpdate } from '../../../src/fitting/joint/adam.ts';

it('takes the same steps as the optimiser of the graph package', async () => {
  const rate = 0.05;
  const optimiser = adam({ learningRate: rate, ...ADAM_SETTINGS });
  const gradients = [
    [1, -2, 1e-4, 0],
    [0.5, -2.5, 2e-4, 0],
    [-0.25, 1, -1e-4, 0.1],
  ];
  // Three steps unrolled into one program.
  const program = await compile(
    ({ x }) => {
      let parameters = { x };
      let state = Object.fromEntries(
        Object.entries(optimiser.init({ x: { shape: [4] } })).map(([name, value]) => [
          name,
          constant(value.data, value.shape, value.dtype),
        ]),
      );
      for (const gradient of gradients) {
        const next = optimiser.update({ x: constant(gradient, [4]) }, state, parameters);
        parameters = { x: next.parameters['x'] };
        state = next.state;
      }
      return parameters.x;
    },
    { x: { shape: [4] } },
    { runtime: nodeRuntime() },
  );
  const start = Float32Array.of(1, 2, 3, 4);
  const expected = (await program.run({ x: start }))['output'];
  const values = Float64Array.from(start);
  let state = adamInit(4);
  for (const gradient of gradients)
    state = adamUpdate(values, Float64Array.from(gradient), new Float64Array(4).fill(rate), state);
  for (let i = 0; i < 4; i++) expect(values[i]).toBeCloseTo(expected[i], 6);
  expect(state.taken).toBe(3);
  await program.dispose();
});

it('hardly moves what has hardly any gradient', () => {
  const values = new Float64Array(2);
  adamUpdate(values, Float64Array.of(1e-2, 1e-8), new Float64Array(2).fill(0.1), adamInit(2));
  expect(values[0]).toBeCloseTo(-0.1, 3);
  expect(Math.abs(values[1])).toBeLessThan(2e-4);
});
