// Times of the four face networks in Node: import, compile, forward, forward with the gradient by the picture.
// One JSON line a row; `npx tsx --conditions=source benchmarks/graph/networks.ts [threads] [runs]`.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compile, importTfjs, sum, valueAndGrad, type Program, type Tensor } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';

const threads = Number(process.argv[2] ?? 2);
const runs = Number(process.argv[3] ?? 20);
const models = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/human')), '..', 'models');
const runtime = nodeRuntime({ threads });

/** Median, smallest, largest and processor milliseconds of `runs` runs, after three that warm up. */
async function time(program: Program, inputs: Record<string, Float32Array>): Promise<Record<string, number>> {
  for (let i = 0; i < 3; i++) await program.run(inputs);
  const times: number[] = [];
  const before = process.cpuUsage();
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await program.run(inputs);
    times.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  const round = (ms: number): number => Math.round(ms * 100) / 100;
  return {
    medianMs: round(times[Math.floor(runs / 2)]),
    minMs: round(times[0]),
    maxMs: round(times[runs - 1]),
    // All threads together; unlike the clock it barely depends on what else the machine does.
    cpuMs: round((user + system) / 1000 / runs),
  };
}

for (const network of ['blazeface', 'facemesh', 'iris', 'faceres']) {
  const json: unknown = JSON.parse(readFileSync(join(models, `${network}.json`), 'utf8'));
  const weights = new Uint8Array(readFileSync(join(models, `${network}.bin`))).buffer;
  const start = performance.now();
  const model = importTfjs(json, weights);
  const imported = performance.now();
  const forward = await compile(model, model.inputs, { runtime });
  const compiled = performance.now();
  const { name, shape } = model.inputs[0];
  const size = shape.reduce((a, b) => a * b, 1);
  const inputs = { [name]: Float32Array.from({ length: size }, (_, i) => ((i * 37) % 101) / 101) };

  const loss = (given: Readonly<Record<string, Tensor>>): Tensor => {
    const [output] = model.outputNames;
    return sum(model.apply(given, [output])[output]);
  };
  const both = await compile(
    (given) => {
      const { value, gradients } = valueAndGrad(loss)(given);
      return { value, gradient: gradients[name] };
    },
    model.inputs,
    { runtime },
  );
  const row = { group: 'face-networks', task: network, threads, runtime: runtime.name };
  const milliseconds = { importMs: Math.round(imported - start), compileMs: Math.round(compiled - imported) };
  console.log(JSON.stringify({ ...row, ...milliseconds, ...(await time(forward, inputs)) }));
  console.log(JSON.stringify({ ...row, task: `${network} + input gradient`, ...(await time(both, inputs)) }));
  await forward.dispose();
  await both.dispose();
}
