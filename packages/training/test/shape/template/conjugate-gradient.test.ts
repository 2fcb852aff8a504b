import { describe, expect, it } from 'vitest';
import { meshPattern, solveConjugateGradient } from '../../../src/shape/template/conjugate-gradient.ts';

/** A strip of triangles: 0 2 4 ... above 1 3 5 ... */
const STRIP = Int32Array.from([0, 1, 2, 2, 1, 3, 2, 3, 4, 4, 3, 5, 4, 5, 6, 6, 5, 7]);

describe('solveConjugateGradient', () => {
  it('solves 2 x 2 block systems and leaves fixed entries', () => {
    const n = 8;
    const { start, column } = meshPattern(n, STRIP);
    const values = new Float64Array(4 * column.length);
    const dense = Array.from({ length: 2 * n }, () => new Float64Array(2 * n));
    for (let row = 0; row < n; row++) {
      for (let i = start[row]; i < start[row + 1]; i++) {
        const col = column[i];
        const block =
          row === col ? [9, 1, 1, 8] : [-0.7, 0.2 * Math.sign(col - row), 0.2 * Math.sign(row - col), -0.4];
        values.set(block, 4 * i);
        for (let k = 0; k < 4; k++) dense[2 * row + (k >> 1)][2 * col + (k & 1)] = block[k];
      }
    }
    const b = Float64Array.from({ length: 2 * n }, (_, i) => Math.sin(3 * i) + 0.5);
    const x = new Float64Array(2 * n);
    const fixed = new Uint8Array(2 * n);
    fixed[5] = 1;
    x[5] = 2;
    solveConjugateGradient({ size: 2, start, column, values }, b, x, fixed, {
      tolerance: 1e-12,
      maxIterations: 200,
    });
    expect(x[5]).toBe(2);
    const residual = dense.map((row, i) =>
      Math.abs(b[i] - row.reduce((sum, value, j) => sum + value * x[j], 0)),
    );
    expect(Math.max(...residual.filter((_, i) => i !== 5))).toBeLessThan(1e-9);
  });
});
