import * as fc from 'fast-check';

/** A random symmetric positive definite matrix: A A' + I. */
export const positiveDefinite: fc.Arbitrary<{ n: number; matrix: Float64Array; rhs: Float64Array }> = fc
  .integer({ min: 1, max: 12 })
  .chain((n) =>
    fc.record({
      n: fc.constant(n),
      a: fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: n * n, maxLength: n * n }),
      rhs: fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: n, maxLength: n }),
    }),
  )
  .map(({ n, a, rhs }) => {
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        for (let k = 0; k < n; k++) matrix[i * n + j] += a[i * n + k] * a[j * n + k];
        if (i === j) matrix[i * n + j] += 1;
      }
    }
    return { n, matrix, rhs: Float64Array.from(rhs) };
  });
