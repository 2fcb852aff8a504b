// The gradient cases in the other floating-point types: float16 agrees with float32 in values and gradients, and in float64
// the gradient along a direction agrees with differences to ten digits, which float32 anywhere in the program would spoil.
import { seededRandom } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import { arrayFrom, numbersFrom } from '../../src/dtype.ts';
import * as g from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { GRADIENT_CASES, type GradientCase } from '../gradient-cases/index.ts';

/** float32 by contract; a conversion, which is what the test would measure; and cases with constants of float32. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'scaleChannels',
  'cast',
  'convFilterGradient',
  'adjointKernel',
]);

const runtime = nodeRuntime({ threads: 1 });
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Inputs of a case, exact in float16. */
function inputsOf({ inputs }: GradientCase): Record<string, number[]> {
  const random = seededRandom(1);
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, values }]) => {
      const raw = Array.from({ length: size(shape) }, (_, index) =>
        values ? values(index, random) : 2 * random() - 1,
      );
      return [name, numbersFrom('float16', arrayFrom('float16', raw))];
    }),
  );
}

interface Evaluation {
  readonly value: readonly number[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

/** Value, and gradients of Σ w y, at any points. */
async function evaluator(
  { fn, inputs }: GradientCase,
  dtype: g.DType,
): Promise<{
  at(values: Readonly<Record<string, readonly number[]>>): Promise<Evaluation>;
  close(): Promise<void>;
}> {
  const names = Object.keys(inputs);
  const specs = Object.fromEntries(names.map((name) => [name, { shape: inputs[name].shape, dtype }]));
  const both: g.TensorFunction = (given) => {
    const y = fn(given);
    const weights = Array.from({ length: y.size }, (_, index) => Math.cos(index + 1));
    const loss = g.sum(g.mul(y, g.constant(weights, y.shape, y.dtype)));
    const found = g.gradients(
      loss,
      names.map((name) => given[name]),
    );
    return {
      '%y': y,
      '%loss': g.cast(loss, 'float64'),
      ...Object.fromEntries(found.map((gradient, index) => [names[index], gradient])),
    };
  };
  const program = await g.compile<g.TypedArray>(both, specs, { runtime });
  const types = new Map(program.outputs.map((output) => [output.name, output.dtype]));
  return {
    async at(values) {
      const feeds = Object.fromEntries(names.map((name) => [name, arrayFrom(dtype, values[name])]));
      const found = await program.run(feeds);
      const read = (name: string): number[] => numbersFrom(types.get(name) ?? dtype, found[name]);
      return {
        value: [...read('%y'), ...read('%loss')],
        gradients: Object.fromEntries(names.map((name) => [name, read(name)])),
      };
    },
    close: () => program.dispose(),
  };
}

const largest = (values: readonly number[]): number => Math.max(...values.map(Math.abs), 1e-2);
const difference = (a: readonly number[], b: readonly number[]): number =>
  Math.max(
    ...a.map((value, index) => {
      const error = Math.abs(value - b[index]) / largest(a);
      return Number.isNaN(error) ? Infinity : error;
    }),
  );

const CASES = Object.entries(GRADIENT_CASES)
  .filter(([name]) => !LEFT_OUT.has(name))
  .flatMap(([name, cases]) =>
    cases.map((one, index) => ({ title: `${name} ${one.what ?? ''}`, one, isFirst: index === 0 })),
  )
  // These convert to float64 and back to float32 themselves.
  .filter(({ one }) => one.what !== 'float64' && one.float32Only !== true);

describe('float16', () => {
  // The runtime computes it in float32 between conversions: one case an operation shows what there is to see.
  it.each(CASES.filter(({ isFirst }) => isFirst))('$title', async ({ one }) => {
    const values = inputsOf(one);
    const [single, half] = await Promise.all([evaluator(one, 'float32'), evaluator(one, 'float16')]);
    const [expected, found] = [await single.at(values), await half.at(values)];
    expect(difference(expected.value.slice(0, -1), found.value.slice(0, -1))).toBeLessThan(0.02);
    for (const [name, gradient] of Object.entries(expected.gradients)) {
      expect(difference(gradient, found.gradients[name])).toBeLessThan(0.03);
    }
    await Promise.all([single.close(), half.close()]);
  });
});

describe('float64', () => {
  it.each(CASES)('$title', async ({ one }) => {
    const values = inputsOf(one);
    const random = seededRandom(2);
    const direction = Object.fromEntries(
      Object.entries(values).map(([name, data]) => [name, data.map(() => random() - 0.5)]),
    );
    const double = await evaluator(one, 'float64');
    const lossAt = async (step: number): Promise<number> => {
      const moved = Object.fromEntries(
        Object.entries(values).map(([name, data]) => [
          name,
          data.map((value, index) => value + step * direction[name][index]),
        ]),
      );
      return (await double.at(moved)).value.at(-1) ?? NaN;
    };
    const slope = async (step: number): Promise<number> =>
      ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
    const numeric = (4 * (await slope(2 ** -13)) - (await slope(2 ** -12))) / 3;
    const { gradients } = await double.at(values);
    let analytic = 0;
    let scale = 1e-2;
    for (const [name, gradient] of Object.entries(gradients)) {
      gradient.forEach((value, index) => {
        analytic += value * direction[name][index];
        scale += Math.abs(value * direction[name][index]);
      });
    }
    expect(Math.abs(numeric - analytic) / scale).toBeLessThan(1e-9);
    await double.close();
  });
});
