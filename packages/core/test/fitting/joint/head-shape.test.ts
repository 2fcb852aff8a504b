import { compile, gradients, mul, sin, sum, type Tensor } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { syntheticModel } from '@likeness/testing';
import { expect, it } from 'vitest';
import {
  facePivot,
  headPositions,
  headVertices,
  knownHeadVertices,
  landmarkPlaces,
} from '../../../src/fitting/joint/head-shape.ts';
import { evaluateModel, landmarkPositions } from '../../../src/model/index.ts';

const model = syntheticModel();

it('gives the positions of evaluateModel, for each expression', async () => {
  const identity = Float32Array.from({ length: model.identity.count }, (_, k) => Math.sin(k + 1));
  const expressions = [0, 1].map((row) =>
    Float32Array.from({ length: model.expression.count }, (_, k) => 0.5 + 0.4 * Math.cos(3 * k + row)),
  );
  const program = await compile(
    ({ p, e }) => {
      const [first, second] = headPositions(headVertices(model, p, e));
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

it('has the same gradient where the vertices are known', async () => {
  const size = model.vertexCount * 3;
  const specs = {
    p: { shape: [1, model.identity.count] },
    e: { shape: [2, model.expression.count] },
    w: { shape: [2, size] },
  };
  const slopes = (heads: Tensor, { p, e, w }: Readonly<Record<string, Tensor>>): Record<string, Tensor> => {
    const [byIdentity, byExpression] = gradients(sum(mul(sin(heads), w)), [p, e]);
    return { heads, byIdentity, byExpression };
  };
  const runtime = nodeRuntime();
  const whole = await compile((t) => slopes(headVertices(model, t['p'], t['e']), t), specs, { runtime });
  const known = await compile(
    (t) => slopes(knownHeadVertices(model, t['p'], t['e'], t['heads']), t),
    { ...specs, heads: { shape: [2, size] } },
    { runtime },
  );
  const inputs = {
    p: Float32Array.from({ length: model.identity.count }, (_, k) => Math.sin(k + 1)),
    e: Float32Array.from({ length: 2 * model.expression.count }, (_, k) => 0.5 + 0.4 * Math.cos(3 * k)),
    w: Float32Array.from({ length: 2 * size }, (_, k) => Math.cos(k)),
  };
  const expected = await whole.run(inputs);
  const found = await known.run({ ...inputs, heads: expected['heads'] });
  for (const name of ['byIdentity', 'byExpression']) {
    const length = Math.hypot(...expected[name]);
    expect(length).toBeGreaterThan(1);
    expect(Math.hypot(...found[name].map((value, i) => value - expected[name][i]))).toBeLessThan(
      1e-5 * length,
    );
  }
  await whole.dispose();
  await known.dispose();
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
