// Random programs: as they are compiled (rewritten, in the blocked layout, weights known) against each operation by itself in the
// order it was written, and gradients against differences in float64. Seeds that fail once become cases of other tests.
import { describe, expect, it } from 'vitest';
import { compile, trace, type Graph, type LoweringContext, type Tensor } from '../src/index.ts';
import { nodeRuntime } from '../src/node/index.ts';
import { encodeOnnx } from '../src/onnx/encode.ts';
import type { OnnxInitializer, OnnxModel, OnnxNode } from '../src/onnx/model.ts';
import { inputOperation } from '../src/ops/input.ts';
import { attributesOf } from '../src/tensor.ts';
import { randomProgram, type RandomProgram } from './fixtures/random-program.ts';

const runtime = nodeRuntime({ threads: 1, cache: false });
type Values = Readonly<Record<string, ArrayLike<number>>>;

/** Every node as it writes itself: no rewrites, no blocked layout, every value by its own name. */
function lowerPlainly(graph: Graph): OnnxModel {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxInitializer[] = [];
  const names = new Map<Tensor, string>();
  let count = 0;
  const context: LoweringContext = {
    emit(opType, inputs, attributes = {}, outputs = 1) {
      const made = Array.from({ length: outputs }, () => `%${count++}`);
      nodes.push({ opType, inputs: [...inputs], outputs: made, attributes });
      return made;
    },
    constant(data, shape, dtype) {
      const name = `%${count++}`;
      initializers.push({ name, shape, dtype, data });
      return name;
    },
    indices: (values) => context.constant(BigInt64Array.from(values, BigInt), [values.length], 'int64'),
    declare: () => undefined,
  };
  const name = (tensor: Tensor): string => names.get(tensor) ?? '';
  const read = new Set([...graph.nodes.flatMap(({ inputs }) => inputs), ...Object.values(graph.outputs)]);
  for (const node of graph.nodes) {
    const made =
      node.operation === inputOperation.name
        ? [attributesOf(node.outputs[0], inputOperation)?.name ?? '']
        : node.lower(
            context,
            node.inputs.map(name),
            node.outputs.map((output) => read.has(output)),
          );
    node.outputs.forEach((output, index) => names.set(output, made[index]));
  }
  const outputs = Object.entries(graph.outputs).map(([key, tensor]) => {
    nodes.push({ opType: 'Identity', inputs: [name(tensor)], outputs: [key], attributes: {} });
    return { name: key, shape: tensor.shape, dtype: tensor.dtype };
  });
  const inputs = Object.entries(graph.inputs).map(([key, { shape, dtype }]) => ({ name: key, shape, dtype }));
  return { opset: 18, initializers, nodes, inputs, outputs };
}

async function runPlainly({ fn, specs, feeds }: RandomProgram): Promise<Values> {
  const graph = trace(fn, specs);
  const session = await runtime.createSession(encodeOnnx(lowerPlainly(graph)), {});
  const inputs = Object.entries(graph.inputs).map(
    ([name, { shape, dtype }]) => [name, { data: feeds[name], shape, dtype }] as const,
  );
  const results = await session.run(Object.fromEntries(inputs));
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

async function run({ fn, specs, feeds }: RandomProgram): Promise<Values> {
  const program = await compile(fn, specs, { runtime });
  const result = await program.run(feeds);
  await program.dispose();
  return result;
}

/** Largest difference of any output relative to its largest number. */
function difference(found: Values, expected: Values): number {
  let worst = 0;
  for (const [name, wanted] of Object.entries(expected)) {
    const values = Array.from(wanted);
    const scale = Math.max(1e-2, ...values.map(Math.abs));
    values.forEach((value, index) => {
      const error = Math.abs(found[name][index] - value) / scale;
      worst = Number.isNaN(error) ? Infinity : Math.max(worst, error);
    });
  }
  return worst;
}

const seeds = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

describe('random programs', () => {
  it.each([
    ['known weights', false, 120],
    ['trained weights', true, 60],
  ])('compute with %s what their operations do one by one', async (_, trained, count) => {
    for (const seed of seeds(trained ? 500 : 0, count)) {
      const program = randomProgram(seed, { trained });
      const error = difference(await run(program), await runPlainly(program));
      expect(error, `seed ${seed}: ${program.steps.join('; ')}`).toBeLessThan(2e-4);
    }
  });

  it('have the gradients that differences find', async () => {
    for (const seed of seeds(1000, 60)) {
      const { fn, specs, feeds, steps } = randomProgram(seed, { smooth: true, dtype: 'float64' });
      const program = await compile<Float64Array>(fn, specs, { runtime });
      const x = Float64Array.from(feeds['x']);
      const direction = x.map((_, i) => Math.sin(12.9898 * (i + seed)));
      const at = async (step: number): Promise<number> =>
        (await program.run({ x: x.map((value, i) => value + step * direction[i]) })).loss[0];
      const { d0 } = await program.run({ x });
      const slope = d0.reduce((total, value, i) => total + value * direction[i], 0);
      const length = Math.sqrt(d0.reduce((total, value) => total + value * value, 0));
      const numeric = ((await at(1e-4)) - (await at(-1e-4))) / 2e-4;
      await program.dispose();
      expect(
        Math.abs(numeric - slope) / Math.max(length, 1e-3),
        `seed ${seed}: ${steps.join('; ')}`,
      ).toBeLessThan(1e-5);
    }
  });
});
