/** What the tests of all losses do: a value on given numbers, the slope against differences, a call on shapes alone. */
import { compile, trace, type Tensor } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { gradientError, type GradientCheckInput } from '@likeness/testing';

export const runtime = nodeRuntime({ threads: 1 });

export type Loss = (inputs: Readonly<Record<string, Tensor>>) => Tensor;

/** Shape and values. */
export type Numbers = readonly [readonly number[], readonly number[]];

export async function valueOf(loss: Loss, inputs: Readonly<Record<string, Numbers>>): Promise<number> {
  const specs = Object.fromEntries(Object.entries(inputs).map(([name, [shape]]) => [name, { shape }]));
  const program = await compile(loss, specs, { runtime });
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, [, data]]) => [name, Float32Array.from(data)]),
  );
  const { output } = await program.run(values);
  await program.dispose();
  if (output.length !== 1) throw new Error(`A loss is one number, not ${output.length}.`);
  return output[0];
}

/** Error of the traced gradient by every input; below 1e-3 it is right. */
export const slopeError = (
  loss: Loss,
  inputs: Readonly<Record<string, GradientCheckInput>>,
): Promise<number> => gradientError(loss, inputs, { runtime, step: 1 / 128 });

export const onShapes = (loss: Loss, shapes: Readonly<Record<string, readonly number[]>>): (() => void) => {
  const specs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape }]));
  return () => void trace(loss, specs);
};
