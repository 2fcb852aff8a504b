// Gradients of traced functions against central differences, on the runtime that will run them.
import { compile, trace, vjp, type Runtime, type Tensor, type TensorFunction } from '@likeness/graph';

/** An input of the function under test. */
export interface GradientCheckInput {
  readonly shape: readonly number[];
  /** Values by index (default: seeded, uniform in [-1, 1]); keep them a few steps away from kinks. */
  readonly values?: ((index: number, random: () => number) => number) | undefined;
}

/** Options of `gradientError`. */
export interface GradientCheckOptions {
  readonly runtime: Runtime;
  readonly seed?: number | undefined;
  /** Step of the differences (default 1/64, in float64 2^-17: powers of two, so that x + h is exact more often). */
  readonly step?: number | undefined;
  /** Element type of the inputs (default float32). */
  readonly dtype?: 'float32' | 'float64' | undefined;
}

/** A seeded generator in [0, 1): Mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const numbers = (data: ArrayLike<number | bigint>): number[] => Array.from(data, Number);

/**
 * Largest difference between the traced gradient of sum(w y) by every element of every input and its numerical
 * derivative, relative to the largest gradient of that input; w are random weights.
 *
 * The forward pass is float32, so its rounding (2^-24 relative) over a step of 1/64 leaves about 1e-5 of noise; the
 * differences are extrapolated from two steps (Richardson), so that the curvature leaves O(h^4). 1e-3 is a tolerance
 * that a wrong adjoint cannot meet; in float64 1e-6 is met.
 */
export async function gradientError(
  fn: (inputs: Readonly<Record<string, Tensor>>) => Tensor,
  inputs: Readonly<Record<string, GradientCheckInput>>,
  options: GradientCheckOptions,
): Promise<number> {
  const random = seededRandom(options.seed ?? 1);
  const dtype = options.dtype ?? 'float32';
  const step = options.step ?? (dtype === 'float64' ? 2 ** -17 : 1 / 64);
  const names = Object.keys(inputs);
  const specs = Object.fromEntries(names.map((name) => [name, { shape: inputs[name].shape, dtype }]));
  const outputShape = trace(fn, specs).outputs['output'].shape;
  const uniform = (): number => 2 * random() - 1;
  const fill = (
    shape: readonly number[],
    values?: GradientCheckInput['values'],
  ): Float32Array | Float64Array => {
    const data = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) =>
      values ? values(index, random) : uniform(),
    );
    return dtype === 'float64' ? Float64Array.from(data) : Float32Array.from(data);
  };
  const values = Object.fromEntries(
    names.map((name) => [name, fill(inputs[name].shape, inputs[name].values)]),
  );
  const weights = fill(outputShape);

  const adjoint: TensorFunction = ({ '%cotangent': cotangent, ...rest }) => {
    const found = vjp(
      [fn(rest)],
      names.map((name) => rest[name]),
      [cotangent],
    );
    return Object.fromEntries(names.map((name, index) => [name, found[index]]));
  };
  const { runtime } = options;
  const forward = await compile(fn, specs, { runtime });
  const backward = await compile(
    adjoint,
    { ...specs, '%cotangent': { shape: outputShape, dtype } },
    { runtime },
  );
  const evaluate = async (): Promise<number> => {
    const { output } = await forward.run(values);
    return numbers(output).reduce((total, value, index) => total + value * weights[index], 0);
  };
  const analytic = await backward.run({ ...values, '%cotangent': weights });

  let worst = 0;
  for (const name of names) {
    const x = values[name];
    const found = numbers(analytic[name]);
    const scale = Math.max(...found.map(Math.abs), 1e-2);
    for (let i = 0; i < x.length; i++) {
      const centre = x[i];
      const difference = async (h: number): Promise<number> => {
        x[i] = centre + h;
        const [above, high] = [x[i], await evaluate()];
        x[i] = centre - h;
        const [below, low] = [x[i], await evaluate()];
        x[i] = centre;
        return (high - low) / (above - below);
      };
      const numeric = (4 * (await difference(step / 2)) - (await difference(step))) / 3;
      const error = Math.abs(numeric - found[i]) / scale;
      worst = Number.isNaN(error) ? Infinity : Math.max(worst, error);
    }
  }
  await forward.dispose();
  await backward.dispose();
  return worst;
}
