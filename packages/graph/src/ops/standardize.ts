// (x - mean) / sqrt(variance + ε) over any axes: the core that the normalisation layers share, and its adjoint.
import { sizeOf } from '../shape.ts';
import { applyOperation, expectFloat, type Operation, type Tensor } from '../tensor.ts';
import { add, div, mul, sub } from './arithmetic.ts';
import { formulas } from './formulas.ts';
import { mean } from './reduce.ts';
import { expand, reduceAttributes, reducedShape, type ReduceOptions } from './shape.ts';

interface StandardizeAttributes {
  readonly axes: readonly number[];
  readonly epsilon: number;
}

/** The adjoint of x -> (x - mean) / deviation, from the adjoint h of the result: (h - E[h] - ŷ E[h ŷ]) / deviation. */
export function standardizeAdjoint(
  h: Tensor,
  standardized: Tensor,
  inverseDeviation: Tensor,
  axes: readonly number[],
): Tensor {
  const average = (x: Tensor): Tensor => mean(x, { axes, keepDims: true });
  const along = mul(standardized, average(mul(h, standardized)));
  return mul(inverseDeviation, sub(sub(h, average(h)), along));
}

/**
 * The adjoint of x by a normalisation with outputs (y, mean, 1 / deviation), where y depends on x through `standardized`
 * with adjoint `h`: m has the derivative 1 / N, s = 1 / deviation has -s² ŷ / N.
 */
export function statisticsAdjoint(
  h: Tensor | undefined,
  ofMean: Tensor | undefined,
  ofInverse: Tensor | undefined,
  standardized: () => Tensor,
  inverseDeviation: Tensor,
  shape: readonly number[],
  axes: readonly number[],
): Tensor | undefined {
  const count = sizeOf(axes.map((axis) => shape[axis]));
  const parts = [
    ...(h ? [standardizeAdjoint(h, standardized(), inverseDeviation, axes)] : []),
    ...(ofInverse
      ? [mul(div(mul(ofInverse, mul(inverseDeviation, inverseDeviation)), -count), standardized())]
      : []),
    ...(ofMean ? [expand(div(ofMean, count), shape)] : []),
  ];
  return parts.length === 0 ? undefined : parts.reduce((total, part) => add(total, part));
}

/** Outputs: the standardised x, its mean and 1 / √(variance + ε), both with axes of extent 1. */
export const standardizeOperation: Operation<StandardizeAttributes> = {
  name: 'standardize',
  infer: ([x], { axes }) => {
    expectFloat(x, 'standardize');
    const reduced = { shape: reducedShape(x.shape, { axes, keepDims: true }), dtype: x.dtype };
    return [x, reduced, reduced];
  },
  lower: (context, { names: [x], inputs: [{ dtype }], attributes: { axes, epsilon } }) => {
    const write = formulas(context, dtype);
    const average = (name: string): string =>
      context.emit('ReduceMean', [name, context.indices(axes)], { keepdims: { i: 1 } })[0];
    const centre = average(x);
    const centred = write('Sub', x, centre);
    const variance = average(write('Mul', centred, centred));
    const inverse = write('Reciprocal', write('Sqrt', write('Add', variance, epsilon)));
    return [write('Mul', centred, inverse), centre, inverse];
  },
  vjp: ({ inputs: [x], outputs: [y, , inverse], attributes: { axes }, cotangents: [g, gm, gs] }) => [
    statisticsAdjoint(g, gm, gs, () => y, inverse, x.shape, axes),
  ],
};

/** What `standardize` returns. */
export interface Standardized {
  /** (x - mean) / √(variance + ε), of x's shape. */
  readonly value: Tensor;
  /** Mean, the axes kept with extent 1. */
  readonly mean: Tensor;
  /** 1 / √(variance + ε), the axes kept with extent 1; the variance is that of the population. */
  readonly inverseDeviation: Tensor;
}

/** x brought to mean 0 and variance 1 over axes (all by default). */
export function standardize(
  x: Tensor,
  options: ReduceOptions & { readonly epsilon?: number } = {},
): Standardized {
  const { axes } = reduceAttributes(x, options, 'standardize');
  const epsilon = options.epsilon ?? 1e-5;
  const [value, centre, inverseDeviation] = applyOperation(standardizeOperation, [x], { axes, epsilon });
  return { value, mean: centre, inverseDeviation };
}
