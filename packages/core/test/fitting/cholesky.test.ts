import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backSubstitute, choleskyEliminate, forwardSubstitute } from '../../src/fitting/cholesky.ts';
import { positiveDefinite } from './positive-definite.ts';

describe('choleskyEliminate', () => {
  it('solves H x = b, whatever the number of pivots eliminated first', () => {
    fc.assert(
      fc.property(positiveDefinite, fc.nat(), ({ n, matrix, rhs }, choice) => {
        const pivots = choice % (n + 1);
        const factor = matrix.slice();
        expect(choleskyEliminate(factor, n, pivots)).toBe(true);
        const x = rhs.slice();
        forwardSubstitute(factor, n, pivots, x);
        // The Schur complement is a smaller system of the same kind.
        const rest = n - pivots;
        const schur = new Float64Array(rest * rest);
        for (let i = 0; i < rest; i++) {
          for (let j = 0; j <= i; j++) schur[i * rest + j] = factor[(pivots + i) * n + pivots + j];
        }
        expect(choleskyEliminate(schur, rest)).toBe(true);
        const tail = x.slice(pivots);
        forwardSubstitute(schur, rest, rest, tail);
        backSubstitute(schur, rest, rest, tail);
        x.set(tail, pivots);
        backSubstitute(factor, n, pivots, x);
        for (let i = 0; i < n; i++) {
          let sum = 0;
          for (let j = 0; j < n; j++) sum += matrix[i * n + j] * x[j];
          expect(sum).toBeCloseTo(rhs[i], 8);
        }
      }),
    );
  });

  it('says so when the matrix is not positive definite', () => {
    expect(choleskyEliminate(Float64Array.of(1, 2, 2, 1), 2)).toBe(false);
    expect(choleskyEliminate(Float64Array.of(Number.NaN), 1)).toBe(false);
  });
});
