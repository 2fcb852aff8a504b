import { describe, expect, it } from 'vitest';
import { metricScale } from '../../src/fitting/index.ts';

function irises(rightPx: number, leftPx: number): Float32Array {
  const points = new Float32Array(478 * 3);
  points[469 * 3] = rightPx;
  points[474 * 3] = leftPx;
  return points;
}

describe('metricScale', () => {
  it('takes an iris that measures 13 model millimetres for 11.7, held back by the size of the model', () => {
    const scale = metricScale(irises(26, 26), [2, 2]);
    expect(scale.basis).toBe('iris');
    expect(scale.factor).toBeGreaterThan(0.9);
    expect(scale.factor).toBeLessThan(0.95);
    // More certain than either alone.
    expect(scale.relativeUncertainty).toBeLessThan(0.5 / 11.7);
    expect(scale.relativeUncertainty).toBeGreaterThan(0.03);
  });

  it('believes a coarse iris less', () => {
    const sharp = metricScale(irises(90, 90), [10, 10]).factor;
    const coarse = metricScale(irises(4.5, 4.5), [0.5, 0.5]).factor;
    expect(sharp).toBeGreaterThan(coarse);
    expect(coarse).toBeGreaterThan(1);
  });

  it('is less certain the smaller the irises are and the more they differ', () => {
    const sharp = metricScale(irises(40, 40), [4, 4]).relativeUncertainty;
    expect(metricScale(irises(8, 8), [0.8, 0.8]).relativeUncertainty).toBeGreaterThan(sharp);
    expect(metricScale(irises(44, 36), [4, 4]).relativeUncertainty).toBeGreaterThan(sharp);
  });

  it('accounts for the nearer eye of a turned head', () => {
    expect(metricScale(irises(300, 200), [30, 20]).factor).toBeCloseTo(
      metricScale(irises(200, 200), [20, 20]).factor,
      6,
    );
  });

  it("falls back to the model's size where the irises are missing or contradict each other", () => {
    for (const scale of [
      metricScale(new Float32Array(468 * 3), [1, 1]),
      metricScale(irises(30, 12), [2, 2]),
      metricScale(irises(0, 0), [2, 2]),
    ]) {
      expect(scale).toEqual({ basis: 'model', factor: 1, relativeUncertainty: 0.06 });
    }
  });
});
