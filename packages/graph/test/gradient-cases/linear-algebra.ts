// Cases of matrix products in index notation and of small linear algebra.
import type { GradientCheckInput } from '@likeness/testing/gradient-check';
import * as g from '../../src/index.ts';
import { x, type GradientCase } from './case.ts';

type Inputs = Readonly<Record<string, g.Tensor>>;

const einsum = (equation: string, ...shapes: readonly (readonly number[])[]): GradientCase => ({
  what: equation,
  fn: (inputs) => g.einsum(equation, ...shapes.map((_, index) => inputs[`x${index}`])),
  inputs: Object.fromEntries(shapes.map((shape, index) => [`x${index}`, { shape }])),
});

/** Near the identity, so that inverses are well conditioned. */
const nearIdentity =
  (n: number): GradientCheckInput['values'] =>
  (index, random) =>
    (Math.floor((index % (n * n)) / n) === index % n ? 1.5 : 0) + 0.8 * (random() - 0.5);

const wide = (t: g.Tensor): g.Tensor => g.cast(t, 'float64');

export const linearAlgebraCases: Readonly<Record<string, readonly GradientCase[]>> = {
  einsum: [
    einsum('ij,jk->ik', [2, 3], [3, 4]),
    einsum('bij,bkj->bki', [2, 3, 2], [2, 2, 2]),
    einsum('...ij,...jk', [2, 1, 2, 3], [3, 3, 2]),
    einsum('i,j,k->kij', [2], [3], [2]),
    einsum('ij,ij->', [2, 3], [2, 3]),
    einsum('ii->i', [3, 3]),
    einsum('bii,bi', [2, 3, 3], [2, 3]),
    einsum('bhqd,bkhd,bh->bqhk', [2, 2, 3, 2], [2, 2, 2, 2], [2, 2]),
    einsum('ij->j', [2, 3]),
    einsum('ij,j->ij', [2, 3], [1]),
  ],
  gemm: [false, true].flatMap((transA) =>
    [false, true].map((transB) => ({
      what: `${transA ? "A'" : 'A'} ${transB ? "B'" : 'B'}`,
      fn: ({ a, b, c }: Inputs) => g.gemm(a, b, c, { transA, transB, alpha: 0.7, beta: -2 }),
      inputs: {
        a: { shape: transA ? [3, 2] : [2, 3] },
        b: { shape: transB ? [4, 3] : [3, 4] },
        c: { shape: transA ? [4] : [2, 1] },
      },
    })),
  ),
  dot: [{ fn: ({ a, b }) => g.dot(a, b), inputs: { a: { shape: [2, 3] }, b: { shape: [3] } } }],
  outer: [{ fn: ({ a, b }) => g.outer(a, b), inputs: { a: { shape: [2, 3] }, b: { shape: [2, 2] } } }],
  cross: [{ fn: ({ a, b }) => g.cross(a, b), inputs: { a: { shape: [2, 3] }, b: { shape: [3] } } }],
  normalize: [
    { what: 'last axis', fn: ({ x: t }) => g.normalize(t), inputs: x([3, 3]) },
    { what: 'first axis', fn: ({ x: t }) => g.normalize(t, 0), inputs: x([3, 2]) },
  ],
  det: [1, 2, 3].map((n) => ({
    what: `${n}x${n}`,
    fn: ({ x: t }: Inputs) => g.det(t),
    inputs: x([2, n, n], nearIdentity(n)),
  })),
  inverse: [1, 2, 3].map((n) => ({
    what: `${n}x${n}`,
    fn: ({ x: t }: Inputs) => g.inverse(t),
    inputs: x([2, n, n], nearIdentity(n)),
  })),
  cholesky: [
    { what: '1x1', fn: ({ x: t }) => g.cholesky(t), inputs: x([1, 1], nearIdentity(1)) },
    { what: 'batch of 4x4', fn: ({ x: t }) => g.cholesky(t), inputs: x([2, 4, 4], nearIdentity(4)) },
    {
      what: 'float64',
      fn: ({ x: t }) => g.cast(g.cholesky(wide(t)), 'float32'),
      inputs: x([3, 3], nearIdentity(3)),
    },
  ],
  triangularSolve: [false, true].flatMap((lower) =>
    [false, true].map((transpose) => ({
      what: `${lower ? 'lower' : 'upper'}${transpose ? ', transposed' : ''}`,
      fn: ({ x: t, b }: Inputs) => g.triangularSolve(t, b, { lower, transpose }),
      inputs: { ...x([3, 3], nearIdentity(3)), b: { shape: [2, 3, 2] } },
    })),
  ),
  solvePositiveDefinite: [
    {
      what: 'batch',
      fn: ({ x: t, b }) => g.solvePositiveDefinite(t, b),
      inputs: { ...x([2, 3, 3], nearIdentity(3)), b: { shape: [2, 3, 2] } },
    },
    {
      what: 'one matrix, many right sides',
      fn: ({ x: t, b }) => g.solvePositiveDefinite(t, b),
      inputs: { ...x([4, 4], nearIdentity(4)), b: { shape: [2, 4, 1] } },
    },
  ],
  rotationFromAxisAngle: [
    { what: 'any', fn: ({ x: t }) => g.rotationFromAxisAngle(t), inputs: x([3, 3]) },
    { what: 'at 0', fn: ({ x: t }) => g.rotationFromAxisAngle(t), inputs: x([3], () => 0) },
    {
      what: 'on both sides of the series',
      fn: ({ x: t }) => g.rotationFromAxisAngle(t),
      inputs: x([2, 3], (index) => (index < 3 ? 0.27 : 0.33)),
    },
  ],
  rotationFrom6d: [{ fn: ({ x: t }) => g.rotationFrom6d(t), inputs: x([2, 6]) }],
};
