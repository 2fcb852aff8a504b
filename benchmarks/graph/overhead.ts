// What a program costs besides its arithmetic: one run of a tiny one, tracing and compiling a large one, compiling the same
// again. Targets: 0.3 ms a run, 1 s for 1,000 nodes.
import { add, compile, constant, grad, matmul, sum, tanh, type TensorFunction } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import {
  measureAgainst,
  ourSide,
  type BenchContext,
  type BenchRow,
  type BenchSuite,
  type Side,
} from './rows.ts';
import { hashed } from './zoo.ts';

const WIDTH = 8;
const layers = (count: number): Float32Array[] =>
  Array.from({ length: count }, (_, layer) =>
    Float32Array.from({ length: WIDTH * WIDTH }, (_value, i) => 0.3 * hashed(i, layer)),
  );

/** `count` layers tanh(x W + b) and the gradient of their sum by x: about 11 nodes a layer. */
function chain(weights: readonly Float32Array[]): TensorFunction {
  return grad(({ x }) => {
    let y = x;
    for (const w of weights) y = tanh(add(matmul(y, constant(w, [WIDTH, WIDTH])), 0.01));
    return sum(y);
  });
}

async function* rows(context: BenchContext): AsyncGenerator<BenchRow> {
  const { threads, torch, samples } = context;
  const wanted = (task: string): boolean => task.includes(context.filter);
  const peer = async (
    task: string,
    parameters: Record<string, unknown>,
  ): Promise<(Side & { free(): Promise<void> }) | undefined> => torch?.load(task, parameters);

  for (const given of [false, true]) {
    const task = `one run of x + 1${given ? ', given output array' : ''}`;
    if (!wanted(task)) continue;
    const program = await compile(
      ({ x }) => add(x, 1),
      { x: { shape: [4] } },
      { runtime: nodeRuntime({ threads }) },
    );
    const inputs = { x: new Float32Array(4) };
    const options = given ? { outputs: { output: new Float32Array(4) } } : undefined;
    const theirs = await peer('overhead-add', {});
    const ours = ourSide(task, () => program.run(inputs, options));
    yield {
      group: 'overhead',
      task,
      ...(await measureAgainst(ours, theirs, { samples, warmUp: 200, burst: 200 })),
    };
    await theirs?.free();
    await program.dispose();
  }

  for (const nodes of [1_000, 10_000]) {
    const weights = layers(Math.round(nodes / 11));
    const fn = chain(weights);
    const inputs = { x: { shape: [4, WIDTH] } };
    const compiling = `trace + compile ${nodes} nodes`;
    if (wanted(compiling)) {
      const ours = ourSide(compiling, async () => {
        await (await compile(fn, inputs, { runtime: nodeRuntime({ threads }) })).dispose();
      });
      const few = { samples: nodes > 1_000 ? 3 : Math.min(samples, 7), warmUp: 1 };
      yield { group: 'overhead', task: compiling, ...(await measureAgainst(ours, undefined, few)) };
    }
    const running = `one run of ${nodes} nodes (gradient of a chain of layers)`;
    const again = `the same ${nodes} nodes compiled again`;
    if (!wanted(running) && !wanted(again)) continue;
    const runtime = nodeRuntime({ threads });
    const program = await compile(fn, inputs, { runtime });
    if (wanted(again)) {
      const ours = ourSide(again, async () => {
        await (await compile(fn, inputs, { runtime })).dispose();
      });
      yield { group: 'overhead', task: again, ...(await measureAgainst(ours, undefined, { samples })) };
    }
    if (wanted(running)) {
      const x = { x: new Float32Array(4 * WIDTH).fill(0.1) };
      const theirs = await peer('overhead-chain', { layers: weights.length, width: WIDTH });
      const ours = ourSide(running, () => program.run(x));
      yield {
        group: 'overhead',
        task: running,
        ...(await measureAgainst(ours, theirs, { samples, warmUp: 3, burst: 3 })),
      };
      await theirs?.free();
    }
    await program.dispose();
  }

  // 100 MB of weights: what the program cache saves.
  const weights = new Float32Array(25 << 20);
  const large: TensorFunction = ({ x }) => add(x, constant(weights, [25, 1 << 20]));
  const shape = { x: { shape: [1, 1] } };
  const fresh = '100 MB of weights compiled';
  if (wanted(fresh)) {
    const ours = ourSide(fresh, async () => {
      await (await compile(large, shape, { runtime: nodeRuntime({ threads, cache: false }) })).dispose();
    });
    yield { group: 'overhead', task: fresh, ...(await measureAgainst(ours, undefined, { samples: 5 })) };
  }
  const cached = '100 MB of weights compiled again';
  if (wanted(cached)) {
    const runtime = nodeRuntime({ threads });
    const program = await compile(large, shape, { runtime });
    const ours = ourSide(cached, async () => {
      await (await compile(large, shape, { runtime })).dispose();
    });
    yield { group: 'overhead', task: cached, ...(await measureAgainst(ours, undefined, { samples: 5 })) };
    await program.dispose();
  }
}

export const overheadSuite: BenchSuite = { group: 'overhead', rows };
