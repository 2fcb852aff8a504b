import { describe, expect, it } from 'vitest';
import { expressionBasis, mirrorExpressionName } from '../../src/shape/expression-basis.ts';
import { heldOutError } from '../../src/shape/held-out-error.ts';
import { identityBasis } from '../../src/shape/identity-basis.ts';
import { createRandom } from '../../src/shape/random.ts';
import { sampleCoefficients } from '../../src/shape/sample-coefficients.ts';
import { vertexWeights } from '../../src/shape/vertex-weights.ts';

/** Points in mirrored pairs and on the midline, with a few lopsided source modes. */
function problem(modes: number): Parameters<typeof identityBasis>[0] {
  const pairs = 40;
  const middle = 12;
  const count = pairs * 2 + middle;
  const random = createRandom(11);
  const mean = new Float32Array(count * 3);
  const mirror = new Uint32Array(count);
  for (let p = 0; p < pairs; p++) {
    const [x, y, z] = [random.between(5, 70), random.between(-90, 90), random.between(-80, 80)];
    mean.set([x, y, z, -x, y, z], p * 6);
    mirror[p * 2] = p * 2 + 1;
    mirror[p * 2 + 1] = p * 2;
  }
  for (let v = pairs * 2; v < count; v++) {
    mean.set([0, random.between(-90, 90), random.between(-80, 80)], v * 3);
    mirror[v] = v;
  }
  const sourceModes = Array.from({ length: 6 }, (_, k) =>
    Float32Array.from({ length: count * 3 }, () => (random.normal() * 3) / (1 + k)),
  );
  return {
    mean,
    mirror,
    weights: new Float64Array(count).fill(1 / count),
    sourceModes,
    coefficients: sampleCoefficients(random, 60, 6),
    modes,
  };
}

describe('identityBasis', () => {
  const input = problem(12);
  const basis = identityBasis(input);
  const size = input.mean.length;
  const inner = (a: number, b: number): number => {
    let sum = 0;
    for (let i = 0; i < size; i++)
      sum += input.weights[Math.floor(i / 3)] * basis.deltas[a * size + i] * basis.deltas[b * size + i];
    return sum;
  };

  it('is orthogonal in its metric, with its standard deviations as lengths, falling', () => {
    const falling = basis.standardDeviationsMm.toSorted().toReversed();
    expect([...basis.standardDeviationsMm]).toEqual([...falling]);
    for (let a = 0; a < 12; a++) {
      expect(Math.sqrt(inner(a, a))).toBeCloseTo(basis.standardDeviationsMm[a], 4);
      for (let b = 0; b < a; b++)
        expect(Math.abs(inner(a, b))).toBeLessThan(1e-5 * basis.standardDeviationsMm[0] ** 2);
    }
  });

  it('has modes that are exactly symmetric or antisymmetric', () => {
    const broken: string[] = [];
    for (const [k, sign] of basis.symmetry.entries())
      for (const [v, m] of input.mirror.entries())
        for (let c = 0; c < 3; c++) {
          const other = sign * (c === 0 ? -1 : 1) * basis.deltas[k * size + m * 3 + c];
          if (v !== m && basis.deltas[k * size + v * 3 + c] !== other) broken.push(`mode ${k}, vertex ${v}`);
        }
    expect(broken).toEqual([]);
    expect(new Set(basis.symmetry)).toEqual(new Set([1, -1]));
  });

  it('holds no rotation and no translation', () => {
    for (let k = 0; k < 12; k++) {
      const sum = [0, 0, 0, 0, 0, 0];
      for (let v = 0; v < input.mirror.length; v++) {
        const [x, y, z] = input.mean.subarray(v * 3, v * 3 + 3);
        const [a, b, c] = basis.deltas.subarray(k * size + v * 3, k * size + v * 3 + 3);
        const w = input.weights[v];
        for (const [i, value] of [
          a,
          b,
          c,
          (y * c - z * b) / 60,
          (z * a - x * c) / 60,
          (x * b - y * a) / 60,
        ].entries())
          sum[i] += w * value;
      }
      // First order in the displacement; the second order is what remains.
      for (const value of sum) expect(Math.abs(value)).toBeLessThan(0.02 * basis.standardDeviationsMm[0]);
    }
  });

  it('describes heads it has not seen, and keeps nearly all variance', () => {
    const random = createRandom(99);
    const error = heldOutError(
      { ...input, coefficients: Float64Array.from({ length: 20 * 6 }, () => random.normal()) },
      basis,
    );
    expect(basis.varianceKept).toBeGreaterThan(0.999);
    expect(basis.varianceKept).toBeLessThanOrEqual(1);
    expect(error.meanMm).toBeLessThan(0.05 * basis.standardDeviationsMm[0]);
    const few = identityBasis({ ...input, modes: 2 });
    expect(few.varianceKept).toBeLessThan(basis.varianceKept);
  });

  it('repeats bit for bit, and refuses more modes than there are directions', () => {
    expect(identityBasis(input).deltas).toEqual(basis.deltas);
    const flat = problem(12);
    expect(() =>
      identityBasis({ ...flat, sourceModes: flat.sourceModes.map((m) => m.map(() => 0)) }),
    ).toThrow(RangeError);
  });
});

describe('expressionBasis', () => {
  it('pairs left with right', () => {
    expect(mirrorExpressionName('eyeBlinkLeft')).toBe('eyeBlinkRight');
    expect(mirrorExpressionName('jawRight')).toBe('jawLeft');
    expect(mirrorExpressionName('jawOpen')).toBe('jawOpen');
    expect(() => expressionBasis(['jawLeft'], [new Float32Array(3)], Uint32Array.of(0))).toThrow(
      /no partner/,
    );
  });

  it('makes the pair mirror images and a central mode its own, and says by how much', () => {
    const mirror = Uint32Array.of(1, 0, 2);
    const left = Float32Array.of(1, 2, 3, 0, 0, 0, 0.5, 1, 1);
    const right = Float32Array.of(0, 0, 0, -1, 2, 3.5, 0.5, 1, 1);
    const open = Float32Array.of(1, 1, 1, 1, 1, 1, 1, 1, 1);
    const basis = expressionBasis(['aLeft', 'aRight', 'open'], [left, right, open], mirror);
    const at = (k: number, v: number): number[] => [
      ...basis.deltas.subarray(k * 9 + v * 3, k * 9 + v * 3 + 3),
    ];
    expect(at(0, 0)).toEqual([1, 2, 3.25]);
    expect(at(1, 1)).toEqual([-1, 2, 3.25]);
    expect(at(2, 2)).toEqual([0, 1, 1]);
    expect(basis.asymmetryMm).toBe(1);
  });
});

describe('vertexWeights', () => {
  const positions = Float32Array.of(0, 0, 0, 10, 0, 0, 0, 10, 0, 30, 30, 0, 5, 5, 5);
  const triangles = Uint32Array.of(0, 1, 2, 1, 3, 2);
  it('sums to 1, is 0 off the skin, and counts the face more', () => {
    const w = vertexWeights(positions, triangles, Float32Array.of(1, 0, 0, 0, 1), { offFace: 0.5 });
    expect(w.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(w[4]).toBe(0);
    const even = vertexWeights(positions, triangles, new Float32Array(5).fill(1), { offFace: 0.5 });
    expect(w[0]).toBeGreaterThan(even[0]);
    expect(even[3] / even[0]).toBeCloseTo(5, 6); // areas 250 and 50
    const alike = vertexWeights(positions, triangles, new Float32Array(5).fill(1), { byArea: false });
    expect([...alike]).toEqual([0.25, 0.25, 0.25, 0.25, 0]);
  });
});
