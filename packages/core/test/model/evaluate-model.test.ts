import { describe, expect, it } from 'vitest';
import { evaluateModel, landmarkModel, landmarkPositions } from '@likeness/core/model';
import { syntheticModel } from '@likeness/testing';

describe('evaluateModel', () => {
  const model = syntheticModel();
  const pick = (count: number, phase: number): Float32Array =>
    Float32Array.from({ length: count }, (_, k) => Math.sin(3 * k + phase));
  const identity = pick(model.identity.count, 0);
  const expression = pick(model.expression.count, 1).map(Math.abs);

  it('is mean plus the weighted sum of the modes (float64 reference)', () => {
    const positions = evaluateModel(model, identity, expression);
    for (let i = 0; i < positions.length; i += 11) {
      let expected = model.mean[i];
      for (let k = 0; k < identity.length; k++)
        expected += identity[k] * model.identity.deltas[k * positions.length + i];
      for (let k = 0; k < expression.length; k++)
        expected += expression[k] * model.expression.deltas[k * positions.length + i];
      expect(positions[i]).toBeCloseTo(expected, 3);
    }
  });

  it('takes fewer coefficients as zeros, refuses more, and writes into a given array', () => {
    expect(evaluateModel(model, [], [])).toEqual(model.mean);
    expect(() => evaluateModel(model, new Float32Array(model.identity.count + 1), [])).toThrow(RangeError);
    const out = new Float32Array(model.mean.length).fill(7);
    expect(evaluateModel(model, [], [], out)).toBe(out);
    expect(out).toEqual(model.mean);
    expect(() => evaluateModel(model, [], [], new Float32Array(3))).toThrow(RangeError);
  });

  it('restricted to landmarks gives the landmarks of the whole', () => {
    for (const embedding of Object.values(model.landmarks)) {
      const whole = landmarkPositions(model, embedding, evaluateModel(model, identity, expression));
      const small = landmarkModel(model, embedding);
      for (let i = 0; i < whole.length; i++) {
        let x = small.mean[i];
        for (let k = 0; k < identity.length; k++) x += identity[k] * small.identity[k * whole.length + i];
        for (let k = 0; k < expression.length; k++)
          x += expression[k] * small.expression[k * whole.length + i];
        expect(whole[i]).toBeCloseTo(x, 3);
      }
    }
  });
});
