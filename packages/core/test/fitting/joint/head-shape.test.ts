import { compile } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { syntheticModel } from '@likeness/testing';
import { expect, it } from 'vitest';
import { facePivot, headPositions, landmarkPlaces } from '../../../src/fitting/joint/head-shape.ts';
import { evaluateModel, landmarkPositions } from '../../../src/model/index.ts';

const model = syntheticModel();

it('gives the positions of evaluateModel, for each expression', async () => {
  const identity = Float32Array.from({ length: model.identity.count }, (_, k) => Math.sin(k + 1));
  const expressions = [0, 1].map((row) =>
    Float32Array.from({ length: model.expression.count }, (_, k) => 0.5 + 0.4 * Math.cos(3 * k + row)),
  );
  const program = await compile(
    ({ p, e }) => {
      const [first, second] = headPositions(model, p, e);
      return { first, second };
    },
    { p: { shape: [1, identity.length] }, e: { shape: [2, model.expression.count] } },
    { runtime: nodeRuntime() },
  );
  const found = await program.run({
    p: identity,
    e: Float32Array.from([...expressions[0], ...expressions[1]]),
  });
  for (const [row, name] of (['first', 'second'] as const).entries()) {
    const expected = evaluateModel(model, identity, expressions[row]);
    const worst = found[name].reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
    expect(worst).toBeLessThan(1e-3);
  }
  await program.dispose();
});

it('gives the landmarks of landmarkPositions', async () => {
  const embedding = model.landmarks['mediapipe468'];
  const identity = Float32Array.from({ length: model.identity.count }, (_, k) => Math.cos(2 * k));
  const expression = Float32Array.from({ length: model.expression.count }, (_, k) => 0.5 + 0.5 * Math.sin(k));
  const program = await compile(
    ({ p, e }) => ({ places: landmarkPlaces(model, embedding, p, e) }),
    { p: { shape: [1, identity.length] }, e: { shape: [1, expression.length] } },
    { runtime: nodeRuntime() },
  );
  const { places } = await program.run({ p: identity, e: expression });
  const expected = landmarkPositions(model, embedding, evaluateModel(model, identity, expression));
  expect(places).toHaveLength(expected.length);
  const worst = places.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
  expect(worst).toBeLessThan(1e-3);
  await program.dispose();
});

it('turns about a point of the face', () => {
  const [x, , z] = facePivot(model, model.landmarks['mediapipe468']);
  expect(Math.abs(x)).toBeLessThan(2);
  expect(z).toBeGreaterThan(40);
});
