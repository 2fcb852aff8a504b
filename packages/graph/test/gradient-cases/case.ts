// What a gradient case is, and the helpers that make them. The cases are data, so that the same ones run in Node and in the browser.
import type { GradientCheckInput } from '@likeness/testing/gradient-check';
import * as g from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';

/**
 * One check of one operation: a function, and inputs that stay away from its kinks. The same cases run in float32, float64 and
 * float16, so constants take the type of an input (`t.dtype`); a case called 'float64' converts by itself and runs once.
 */
export interface GradientCase {
  readonly what?: string;
  /** The function holds float32 constants or makes what only float32 has: left out in other types. */
  readonly float32Only?: true;
  readonly fn: (inputs: Readonly<Record<string, Tensor>>) => Tensor;
  readonly inputs: Readonly<Record<string, GradientCheckInput>>;
}

/** Values at least 0.1 away from 0, of both signs: for functions with a kink there. */
export const awayFromZero = (_: number, random: () => number): number =>
  (random() < 0.5 ? -1 : 1) * (0.1 + random());
export const positive = (_: number, random: () => number): number => 0.5 + random();
/** Distinct values 0.1 apart in a scrambled order: no ties for maxima. */
export const distinct = (index: number): number => ((index * 37) % 101) / 10 - 5;

export const x = (
  shape: readonly number[],
  values?: GradientCheckInput['values'],
): GradientCase['inputs'] => ({
  x: { shape, values },
});

export const unary = (fn: (t: Tensor) => Tensor, values?: GradientCheckInput['values']): GradientCase[] => [
  { fn: ({ x: t }) => fn(t), inputs: x([3, 4], values) },
];

export const binary = (
  fn: (a: Tensor, b: Tensor) => Tensor,
  values?: GradientCheckInput['values'],
  valuesOfB: GradientCheckInput['values'] = values,
): GradientCase[] =>
  [
    [
      [2, 3],
      [2, 3],
    ],
    [[2, 3], [3]],
    [
      [2, 1, 3],
      [4, 1],
    ],
    [[], [2, 2]],
  ].map(([a, b]) => ({
    what: `[${a.join(',')}] with [${b.join(',')}]`,
    fn: ({ a: p, b: q }) => fn(p, q),
    inputs: { a: { shape: a, values }, b: { shape: b, values: valuesOfB } },
  }));

export const conv = (
  what: string,
  image: readonly number[],
  weights: readonly number[],
  options: g.Conv2dOptions,
  bias = true,
): GradientCase => ({
  what,
  fn: ({ x: t, w, b }) => g.conv2d(t, w, bias ? b : undefined, options),
  inputs: { x: { shape: image }, w: { shape: weights }, ...(bias ? { b: { shape: [weights[0]] } } : {}) },
});
