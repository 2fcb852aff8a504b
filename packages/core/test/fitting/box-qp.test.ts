import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { solveBoxQp } from '../../src/fitting/box-qp.ts';
import { positiveDefinite } from './positive-definite.ts';

describe('solveBoxQp', () => {
  it('meets the KKT conditions: stationary inside, pushed outwards at the bounds', () => {
    const problem = positiveDefinite.chain(({ n, matrix, rhs }) =>
      fc.record({
        n: fc.constant(n),
        matrix: fc.constant(matrix),
        rhs: fc.constant(rhs),
        lower: fc.array(fc.double({ min: -2, max: 0.5, noNaN: true }), { minLength: n, maxLength: n }),
        width: fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: n, maxLength: n }),
      }),
    );
    fc.assert(
      fc.property(problem, ({ n, matrix, rhs, lower, width }) => {
        const upper = lower.map((value, i) => value + width[i]);
        const x = solveBoxQp(matrix, rhs, lower, upper);
        if (x === undefined) throw new Error('no solution');
        for (let i = 0; i < n; i++) {
          expect(x[i]).toBeGreaterThanOrEqual(lower[i]);
          expect(x[i]).toBeLessThanOrEqual(upper[i]);
          let slope = -rhs[i];
          for (let j = 0; j < n; j++) slope += matrix[i * n + j] * x[j];
          // Positive only at the lower bound, negative only at the upper one.
          const allowed = slope > 0 ? x[i] - lower[i] : upper[i] - x[i];
          expect(Math.min(Math.abs(slope), allowed)).toBeLessThan(1e-7);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is the plain solution where no bound matters', () => {
    const x = solveBoxQp(Float64Array.of(2, 0, 1, 4), [1, 1], [-9, -9], [9, 9]);
    // H = [[2, 1], [1, 4]]
    expect(x?.[0]).toBeCloseTo(3 / 7, 12);
    expect(x?.[1]).toBeCloseTo(1 / 7, 12);
  });

  it('gives nothing for an indefinite matrix', () => {
    expect(solveBoxQp(Float64Array.of(-1), [1], [-1], [1])).toBeUndefined();
  });
});
