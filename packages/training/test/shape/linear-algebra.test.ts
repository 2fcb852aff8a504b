import { describe, expect, it } from 'vitest';
import { symmetricEigen } from '@likeness/core/geometry';
import { leadingEigenvectors } from '../../src/shape/leading-eigenvectors.ts';
import { createRandom } from '../../src/shape/random.ts';
import { sampleCoefficients } from '../../src/shape/sample-coefficients.ts';

describe('createRandom', () => {
  it('repeats with its seed and differs with another', () => {
    const draw = (seed: number): number[] => {
      const random = createRandom(seed);
      return Array.from({ length: 20 }, () => random.normal());
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(() => createRandom(0.5)).toThrow(RangeError);
  });

  it('draws uniform and normal numbers', () => {
    const random = createRandom(3);
    const n = 20000;
    const uniform = Array.from({ length: n }, () => random.uniform());
    const normal = Array.from({ length: n }, () => random.normal());
    const mean = (x: number[]): number => x.reduce((a, b) => a + b, 0) / n;
    expect(uniform.every((x) => x >= 0 && x < 1)).toBe(true);
    expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(mean(normal))).toBeLessThan(0.03);
    expect(Math.abs(mean(normal.map((x) => x * x)) - 1)).toBeLessThan(0.05);
    expect(Math.abs(mean(normal.map((x) => x ** 4)) - 3)).toBeLessThan(0.3);
  });
});

describe('sampleCoefficients', () => {
  it('has mean 0 and covariance 1 exactly', () => {
    const [count, dimensions] = [150, 12];
    const x = sampleCoefficients(createRandom(5), count, dimensions);
    for (let a = 0; a < dimensions; a++) {
      let mean = 0;
      for (let n = 0; n < count; n++) mean += x[n * dimensions + a] / count;
      expect(mean).toBeCloseTo(0, 12);
      for (let b = 0; b < dimensions; b++) {
        let covariance = 0;
        for (let n = 0; n < count; n++) covariance += (x[n * dimensions + a] * x[n * dimensions + b]) / count;
        expect(covariance).toBeCloseTo(a === b ? 1 : 0, 10);
      }
    }
  });

  it('refuses fewer samples than dimensions', () => {
    expect(() => sampleCoefficients(createRandom(1), 10, 10)).toThrow(RangeError);
  });
});

describe('leadingEigenvectors', () => {
  it('agrees with the full decomposition (the slow reference)', () => {
    const n = 60;
    const random = createRandom(7);
    // Rank 25 with falling eigenvalues, as a Gram matrix of sampled heads has.
    const factors = Float64Array.from(
      { length: 25 * n },
      (_, i) => random.normal() / (1 + Math.floor(i / n)),
    );
    const matrix = new Float64Array(n * n);
    for (let a = 0; a < n; a++)
      for (let b = 0; b < n; b++)
        for (let k = 0; k < 25; k++) matrix[a * n + b] += factors[k * n + a] * factors[k * n + b];
    const leading = leadingEigenvectors(matrix, n, 10);
    const full = symmetricEigen(matrix, n);
    for (let k = 0; k < 10; k++) {
      expect(leading.values[k]).toBeCloseTo(full.values[k], 6);
      let dot = 0;
      for (let i = 0; i < n; i++) dot += leading.vectors[k * n + i] * full.vectors[k * n + i];
      expect(Math.abs(dot)).toBeCloseTo(1, 6);
    }
  });
});
