// One runtime against another that was checked by central differences: the value and every gradient of a case, computed
// once on both. Differences on a software WebGPU adapter would take minutes.
import { seededRandom } from '@likeness/testing/gradient-check';
import { compile, trace, vjp, type Runtime, type TensorFunction } from '../../src/index.ts';
import type { GradientCase } from '../gradient-cases/index.ts';

/** Largest difference of any output, relative to the output's largest value. */
export async function runtimeDifference(
  { fn, inputs }: GradientCase,
  runtime: Runtime,
  reference: Runtime,
): Promise<number> {
  const random = seededRandom(1);
  const outputShape = trace(fn, inputs).outputs['output'].shape;
  const fill = (
    shape: readonly number[],
    values?: (index: number, random: () => number) => number,
  ): Float32Array =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) =>
      values ? values(index, random) : 2 * random() - 1,
    );
  const names = Object.keys(inputs);
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, values: at }]) => [name, fill(shape, at)]),
  );
  const both: TensorFunction = ({ '%cotangent': cotangent, ...rest }) => {
    const value = fn(rest);
    const found = vjp(
      [value],
      names.map((name) => rest[name]),
      [cotangent],
    );
    return { '%value': value, ...Object.fromEntries(names.map((name, i) => [`d ${name}`, found[i]])) };
  };
  const specs = { ...inputs, '%cotangent': { shape: outputShape } };
  const given = { ...values, '%cotangent': fill(outputShape) };
  const run = async (on: Runtime): Promise<Record<string, Float32Array>> => {
    const program = await compile(both, specs, { runtime: on });
    try {
      return await program.run(given);
    } finally {
      await program.dispose();
    }
  };
  const expected = await run(reference);
  const received = await run(runtime);
  let worst = 0;
  for (const [name, wanted] of Object.entries(expected)) {
    const scale = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-2);
    wanted.forEach((value, i) => {
      const error = Math.abs(received[name][i] - value) / scale;
      worst = Number.isNaN(error) ? Infinity : Math.max(worst, error);
    });
  }
  return worst;
}
