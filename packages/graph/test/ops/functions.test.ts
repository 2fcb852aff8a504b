// Values of the elementwise functions against plain TypeScript, in every floating-point type, edges included.
import { describe, expect, it } from 'vitest';
import { arrayFrom, numbersFrom } from '../../src/dtype.ts';
import * as g from '../../src/index.ts';
import { evaluate } from '../fixtures/evaluate.ts';

/** erf from its series and, beyond 3, from the continued fraction of erfc (Lentz, from the far end). */
function erf(x: number): number {
  const t = Math.abs(x);
  if (t < 3) {
    let term = t;
    let total = t;
    for (let n = 1; n < 120; n++) {
      term *= (2 * t * t) / (2 * n + 1);
      total += term;
    }
    return ((Math.sign(x) * 2) / Math.sqrt(Math.PI)) * Math.exp(-t * t) * total;
  }
  let fraction = 0;
  for (let k = 60; k >= 1; k--) fraction = k / 2 / (t + fraction);
  return Math.sign(x) * (1 - Math.exp(-t * t) / Math.sqrt(Math.PI) / (t + fraction));
}

const roundHalfEven = (v: number): number => {
  const low = Math.floor(v);
  return v - low > 0.5 || (v - low === 0.5 && low % 2 !== 0) ? low + 1 : low;
};

const WIDE = [-30, -7.5, -2.5, -2, -1.5, -0.5, -0.1, -1e-3, 0, 1e-3, 0.1, 0.5, 1.5, 2, 2.5, 7.5, 30];
const UNIT = [-1, -0.9, -0.5, -1e-3, 0, 1e-3, 0.3, 0.9, 1];
const OPEN = UNIT.slice(1, -1);

type Row = readonly [string, (x: g.Tensor) => g.Tensor, (v: number) => number, readonly number[]];
const ROWS: readonly Row[] = [
  ['tan', g.tan, Math.tan, WIDE],
  ['asin', g.asin, Math.asin, UNIT],
  ['acos', g.acos, Math.acos, UNIT],
  ['atan', g.atan, Math.atan, [...WIDE, 1e6, -1e6, Infinity]],
  ['sinh', g.sinh, Math.sinh, WIDE.slice(1, -1)],
  ['cosh', g.cosh, Math.cosh, WIDE.slice(1, -1)],
  ['asinh', g.asinh, Math.asinh, WIDE],
  ['acosh', g.acosh, Math.acosh, [1, 1.001, 1.5, 3, 40]],
  ['atanh', g.atanh, Math.atanh, OPEN],
  ['erf', g.erf, erf, [...WIDE, 1.99, 2.01, 3.5, 5, 6.5, Infinity]],
  ['reciprocal', g.reciprocal, (v) => 1 / v, WIDE],
  ['square', g.square, (v) => v * v, WIDE],
  ['rsqrt', g.rsqrt, (v) => 1 / Math.sqrt(v), [0, 0.25, 2, 9]],
  ['log1p', g.log1p, Math.log1p, [-1, -0.9, -1e-3, 0, 1e-3, 0.5, 20, Infinity]],
  ['expm1', g.expm1, Math.expm1, [-Infinity, -30, -1, -1e-3, 0, 1e-3, 0.5, 8]],
  ['softsign', g.softsign, (v) => v / (1 + Math.abs(v)), WIDE],
  ['gelu', g.gelu, (v) => (v * (1 + erf(v / Math.SQRT2))) / 2, WIDE],
  ['silu', g.silu, (v) => v / (1 + Math.exp(-v)), WIDE],
  ['mish', g.mish, (v) => v * Math.tanh(Math.log1p(Math.exp(v))), WIDE],
  [
    'selu',
    (t) => g.selu(t),
    (v) => 1.0507009873554805 * (v > 0 ? v : 1.6732632423543772 * Math.expm1(v)),
    WIDE,
  ],
  ['sigmoid', g.sigmoid, (v) => 1 / (1 + Math.exp(-v)), WIDE],
  ['leakyRelu', (t) => g.leakyRelu(t, 0.1), (v) => (v > 0 ? v : 0.1 * v), WIDE],
  ['elu', (t) => g.elu(t, 0.7), (v) => (v > 0 ? v : 0.7 * Math.expm1(v)), WIDE],
  ['step', (t) => g.step(t, 0.25), (v) => (v > 0.25 ? 1 : 0), WIDE],
  ['celu', (t) => g.celu(t, 2), (v) => Math.max(0, v) + Math.min(0, 2 * Math.expm1(v / 2)), WIDE],
  ['hardSigmoid', (t) => g.hardSigmoid(t), (v) => Math.min(1, Math.max(0, 0.2 * v + 0.5)), WIDE],
  ['hardSwish', g.hardSwish, (v) => v * Math.min(1, Math.max(0, v / 6 + 0.5)), WIDE],
  ['thresholdedRelu', (t) => g.thresholdedRelu(t, 2), (v) => (v > 2 ? v : 0), WIDE],
  ['ceil', g.ceil, Math.ceil, WIDE],
  ['round', g.round, roundHalfEven, WIDE],
  ['trunc', g.trunc, Math.trunc, WIDE],
  ['mod', (t) => g.mod(t, 1.5), (v) => v - 1.5 * Math.floor(v / 1.5), WIDE],
  ['mod by a negative', (t) => g.mod(t, -2), (v) => v + 2 * Math.floor(v / -2), WIDE],
  ['fmod', (t) => g.fmod(t, -2), (v) => v % -2, WIDE],
];

/** Relative to the size of the value, or to 1 if it is smaller. */
const TOLERANCE = { float32: 1e-6, float64: 1e-14, float16: 2e-3 } as const;

describe.each(['float32', 'float64', 'float16'] as const)('%s', (dtype) => {
  it.each(ROWS)('%s', async (_, op, reference, values) => {
    // What the program receives, rounded to the type.
    const inputs = numbersFrom(dtype, arrayFrom(dtype, values));
    const { data } = await evaluate(({ x }) => op(x), { x: { shape: [inputs.length], data: inputs, dtype } });
    const wrong = inputs.flatMap((input, index) => {
      const [value, expected] = [data[index], reference(input)];
      // The sign of an infinity at a pole is that of zero, which float16 and casts may lose.
      const error = Number.isFinite(expected)
        ? Math.abs(value - expected) / Math.max(1, Math.abs(expected))
        : Math.abs(value) - Infinity;
      return error < TOLERANCE[dtype] || Math.abs(value) === Math.abs(expected)
        ? []
        : [`at ${input}: ${value} against ${expected}`];
    });
    expect(wrong).toEqual([]);
  });

  it('atan2', async () => {
    const pairs = [-2, -0.5, 0, 0.5, 2].flatMap((y) => [-2, -0.5, 0, 0.5, 2].map((x) => [y, x] as const));
    const { data } = await evaluate(({ y, x }) => g.atan2(y, x), {
      y: { shape: [25], data: pairs.map(([y]) => y), dtype },
      x: { shape: [25], data: pairs.map(([, x]) => x), dtype },
    });
    pairs.forEach(([y, x], index) => {
      expect(Math.abs(data[index] - Math.atan2(y, x)), `atan2(${y}, ${x})`).toBeLessThan(
        3 * TOLERANCE[dtype],
      );
    });
  });

  it('finds what is not finite', async () => {
    const x = { shape: [4], data: [NaN, Infinity, -Infinity, 1], dtype };
    expect((await evaluate((t) => g.isNaN(t['x']), { x })).data).toEqual([1, 0, 0, 0]);
    expect((await evaluate((t) => g.isInf(t['x']), { x })).data).toEqual([0, 1, 1, 0]);
    expect((await evaluate((t) => g.isInf(t['x'], { negative: false }), { x })).data).toEqual([0, 1, 0, 0]);
  });
});

describe('near zero', () => {
  it('log1p and expm1 keep their digits', async () => {
    const x = { shape: [3], data: [1e-7, -3e-6, 1e-20] };
    for (const [op, reference] of [
      [g.log1p, Math.log1p],
      [g.expm1, Math.expm1],
    ] as const) {
      const { data } = await evaluate((t) => op(t['x']), { x });
      data.forEach((value, index) => {
        expect(Math.abs(value / reference(Math.fround(x.data[index])) - 1)).toBeLessThan(3e-7);
      });
    }
  });
});

describe('logic', () => {
  const a = { shape: [4], data: [0, 0, 1, 1], dtype: 'bool' } as const;
  const b = { shape: [4], data: [0, 1, 0, 1], dtype: 'bool' } as const;
  it.each([
    ['and', g.logicalAnd, [0, 0, 0, 1]],
    ['or', g.logicalOr, [0, 1, 1, 1]],
    ['xor', g.logicalXor, [0, 1, 1, 0]],
    ['notEqual', g.notEqual, [0, 1, 1, 0]],
  ] as const)('%s', async (_, op, expected) => {
    expect((await evaluate((t) => op(t['a'], t['b']), { a, b })).data).toEqual(expected);
  });
  it('not, and refusals', async () => {
    expect((await evaluate((t) => g.logicalNot(t['a']), { a })).data).toEqual([1, 1, 0, 0]);
    expect(() => g.logicalAnd(g.constant([1]), g.constant([1]))).toThrow('logicalAnd: expected bool tensors');
    expect(() => g.isNaN(g.constant([1], [1], 'int32'))).toThrow('isNaN: expected a floating-point tensor');
  });
  it('whole numbers have a remainder too', async () => {
    const x = { shape: [4], data: [-5, -3, 3, 5], dtype: 'int64' } as const;
    expect((await evaluate((t) => g.mod(t['x'], 3), { x })).data).toEqual([1, 0, 0, 2]);
    expect((await evaluate((t) => g.fmod(t['x'], 3), { x })).data).toEqual([-2, 0, 0, 2]);
  });
});
