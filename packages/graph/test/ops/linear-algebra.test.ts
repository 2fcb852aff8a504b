// Values of einsum, gemm and small linear algebra against loops and known identities.
import { seededRandom } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { evaluate, largestDifference, numbers, type Concrete } from '../fixtures/evaluate.ts';

const random = seededRandom(5);
const tensor = (...shape: readonly number[]): Concrete => ({
  shape,
  data: numbers(
    shape.reduce((a, b) => a * b, 1),
    random,
  ),
});

/** The definition: a loop over every label, explicit output, no ellipsis. */
function einsumReference(equation: string, inputs: readonly Concrete[]): number[] {
  const [left, right] = equation.split('->');
  const terms = left.split(',');
  const extents = new Map<string, number>();
  terms.forEach((term, t) =>
    term.split('').forEach((label, axis) => extents.set(label, inputs[t].shape[axis])),
  );
  const labels = [...extents.keys()];
  const offset = (term: string, at: ReadonlyMap<string, number>): number =>
    term.split('').reduce((total, label) => total * (extents.get(label) ?? 1) + (at.get(label) ?? 0), 0);
  const out = Array.from(
    { length: right.split('').reduce((size, label) => size * (extents.get(label) ?? 1), 1) },
    () => 0,
  );
  const at = new Map<string, number>();
  const visit = (depth: number): void => {
    if (depth === labels.length) {
      out[offset(right, at)] += terms.reduce(
        (product, term, t) => product * inputs[t].data[offset(term, at)],
        1,
      );
      return;
    }
    for (let i = 0; i < (extents.get(labels[depth]) ?? 1); i++) {
      at.set(labels[depth], i);
      visit(depth + 1);
    }
  };
  visit(0);
  return out;
}

describe('einsum', () => {
  it.each([
    ['ij,jk->ik', [tensor(2, 3), tensor(3, 4)]],
    ['ij,jk->ki', [tensor(2, 3), tensor(3, 4)]],
    ['bij,bjk->bik', [tensor(2, 2, 3), tensor(2, 3, 2)]],
    ['bij,kj->bki', [tensor(2, 2, 3), tensor(4, 3)]],
    ['i,j->ij', [tensor(3), tensor(2)]],
    ['ij,ij->i', [tensor(3, 2), tensor(3, 2)]],
    ['iij->j', [tensor(3, 3, 2)]],
    ['ii->', [tensor(4, 4)]],
    ['aab,bc->ac', [tensor(3, 3, 2), tensor(2, 2)]],
    ['ijk,jl,kl->il', [tensor(2, 3, 2), tensor(3, 2), tensor(2, 2)]],
    ['nchw,cd,nd->nhw', [tensor(2, 3, 2, 2), tensor(3, 2), tensor(2, 2)]],
    ['abc->cab', [tensor(2, 3, 4)]],
  ] as const)('%s', async (equation, inputs) => {
    const named = Object.fromEntries(inputs.map((input, index) => [`x${index}`, input]));
    const { data } = await evaluate(
      (given) => g.einsum(equation, ...inputs.map((_, index) => given[`x${index}`])),
      named,
    );
    expect(largestDifference(data, einsumReference(equation, inputs))).toBeLessThan(1e-5);
  });

  it('has implicit results and an ellipsis', async () => {
    const [a, b] = [tensor(2, 3), tensor(3, 4)];
    const explicit = einsumReference('ij,jk->ik', [a, b]);
    const { data } = await evaluate((t) => g.einsum(' ij, jk ', t['a'], t['b']), { a, b });
    expect(largestDifference(data, explicit)).toBeLessThan(1e-6);
    const batched = await evaluate((t) => g.einsum('...ij,jk->...ki', t['a'], t['b']), {
      a: { ...tensor(2, 2, 2, 3) },
      b,
    });
    expect(batched.shape).toEqual([2, 2, 4, 2]);
    expect(g.einsum('ba', g.zeros([2, 3])).shape).toEqual([3, 2]);
  });

  it('takes whole numbers', async () => {
    const x = { shape: [2, 2], data: [1, 2, 3, 4], dtype: 'int32' } as const;
    expect((await evaluate((t) => g.einsum('ij,jk->ik', t['x'], t['x']), { x })).data).toEqual([
      7, 10, 15, 22,
    ]);
  });

  it.each([
    ['ij,jk->ik', [[2, 3]], 'names 2 inputs, received 1'],
    ['ij->ij', [[2, 3, 4]], "names 2 axes in 'ij', received [2,3,4]"],
    [
      'ij,jk',
      [
        [2, 3],
        [4, 2],
      ],
      "has extents 3 and 4 for 'j'",
    ],
    ['ij->ik', [[2, 3]], "has no input with 'k'"],
    ['ij->ii', [[2, 3]], 'repeats a letter in its result'],
    ['i1->i', [[2, 3]], "has an input 'i1'"],
    ['ii->i', [[2, 3]], "has extents 2 and 3 for 'i'"],
  ] as const)('%s of %j is refused', (equation, shapes, message) => {
    expect(() => g.einsum(equation, ...shapes.map((shape) => g.zeros(shape)))).toThrow(
      `einsum: '${equation}' ${message}`,
    );
  });
});

describe('gemm', () => {
  it('is one node, with the bias in it', async () => {
    const model = g.trace(({ a, b, c }) => g.gemm(a, b, c, { transB: true, alpha: 2 }), {
      a: { shape: [2, 3] },
      b: { shape: [4, 3] },
      c: { shape: [4] },
    });
    expect(model.nodes.filter(({ operation }) => operation !== 'input').map((n) => n.operation)).toEqual([
      'gemm',
    ]);
    const { data } = await evaluate(({ x }) => g.gemm(x, x, g.constant([10]), { transA: true, beta: 0.5 }), {
      x: { shape: [1, 2], data: [3, 4] },
    });
    expect(data).toEqual([14, 17, 17, 21]);
    expect(() => g.gemm(g.zeros([2, 3]), g.zeros([2, 3]))).toThrow(
      'gemm: expected A [m,k] and B [k,n], received [2,3] and [2,3]',
    );
  });
});

describe.each(['float32', 'float64'] as const)('%s', (dtype) => {
  const tolerance = dtype === 'float32' ? 2e-4 : 1e-11;

  it.each([1, 2, 3])('inverse and determinant of %ix%i', async (n) => {
    const x = { ...tensor(4, n, n), dtype };
    const product = await evaluate((t) => g.matmul(t['x'], g.inverse(t['x'])), { x });
    const identity = Array.from({ length: 4 * n * n }, (_, i) =>
      Math.floor((i % (n * n)) / n) === i % n ? 1 : 0,
    );
    expect(largestDifference(product.data, identity)).toBeLessThan(tolerance);
    const { data } = await evaluate((t) => g.sub(g.det(g.matmul(t['x'], t['x'])), g.square(g.det(t['x']))), {
      x,
    });
    expect(largestDifference(data, [0, 0, 0, 0])).toBeLessThan(tolerance);
  });

  it.each([1, 5, 40])('factor and solution of %i equations', async (n) => {
    const x = { ...tensor(2, n, n), dtype };
    const b = { ...tensor(2, n, 3), dtype };
    const definite = (t: g.Tensor): g.Tensor =>
      g.add(g.matmul(t, g.transpose(t, [0, 2, 1])), g.mul(g.eye(n, { dtype }), n / 4));
    const factor = await evaluate(
      (t) => {
        const a = definite(t['x']);
        const l = g.cholesky(a);
        return g.concat([g.sub(g.matmul(l, g.transpose(l, [0, 2, 1])), a), g.triu(l, 1)], 2);
      },
      { x },
    );
    expect(
      largestDifference(
        factor.data,
        factor.data.map(() => 0),
      ),
    ).toBeLessThan(tolerance);
    const solved = await evaluate(
      (t) => {
        const a = definite(t['x']);
        return g.sub(g.matmul(a, g.solvePositiveDefinite(a, t['b'])), t['b']);
      },
      { x, b },
    );
    expect(
      largestDifference(
        solved.data,
        solved.data.map(() => 0),
      ),
    ).toBeLessThan(tolerance);
  });

  it('rotations are orthogonal, right-handed, and turn by the angle', async () => {
    const w = { shape: [3, 3], data: [0, 0, Math.PI / 2, 0, 0, 0, 0.3, -2, 1.4], dtype };
    const { data } = await evaluate(({ x }) => g.rotationFromAxisAngle(x), { x: w });
    expect(largestDifference(data.slice(0, 9), [0, -1, 0, 1, 0, 0, 0, 0, 1])).toBeLessThan(1e-6);
    expect(data.slice(9, 18)).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    const trace = data[18] + data[22] + data[26];
    expect(trace).toBeCloseTo(1 + 2 * Math.cos(Math.hypot(0.3, 2, 1.4)), 5);
    for (const [fn, input] of [
      [g.rotationFromAxisAngle, w],
      [g.rotationFrom6d, { ...tensor(3, 6), dtype }],
    ] as const) {
      const checks = await evaluate(
        ({ x }) => {
          const r = fn(x);
          const product = g.matmul(r, g.transpose(r, [0, 2, 1]));
          return g.concat([g.reshape(product, [-1]), g.det(r)], 0);
        },
        { x: input },
      );
      const identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];
      expect(largestDifference(checks.data, [...identity, ...identity, ...identity, 1, 1, 1])).toBeLessThan(
        tolerance,
      );
    }
  });
});

it('vectors', async () => {
  const x = { shape: [2, 3], data: [1, 0, 0, 0, 0, 0] };
  expect((await evaluate((t) => g.cross(t['x'], g.constant([0, 1, 0])), { x })).data).toEqual([
    0, 0, 1, 0, 0, 0,
  ]);
  expect((await evaluate((t) => g.normalize(g.mul(t['x'], 3)), { x })).data).toEqual(x.data);
  const slope = await evaluate((t) => g.gradients(g.sum(g.normalize(t['x'])), [t['x']])[0], { x });
  expect(slope.data).toEqual([0, 1, 1, 1, 1, 1]);
  expect(() => g.cross(g.zeros([2]), g.zeros([3]))).toThrow('cross: expected [..,3], received [2] and [3]');
  expect(() => g.inverse(g.zeros([4, 4]))).toThrow('inverse: expected matrices [..,n,n] with n up to 3');
  expect(() => g.triangularSolve(g.zeros([2, 2]), g.zeros([3, 1]))).toThrow(
    'triangularSolve: expected right sides [..,2,m] for [2,2], received [3,1]',
  );
});
