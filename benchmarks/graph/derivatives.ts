// What the other derivatives cost, in forwards: gradient, Jacobian-vector product, Hessian-vector product of a network by its
// picture, what rematerialisation saves and costs, and random numbers inside a program and outside. Processor time, because machines are shared.
//
//   npx tsx --conditions=source benchmarks/graph/derivatives.ts [threads] [runs]
//
// One JSON line a row. The memory rows run in processes of their own (peak above what the process had before the first run).
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as g from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';

const threads = Number(process.argv[2] ?? 1);
const runs = Number(process.argv[3] ?? 20);
const shape = [1, 3, 112, 112];

const values = (size: number, seed: number, scale: number): Float32Array => {
  const drawn = g.random.normal(g.random.key(seed), [size]);
  return drawn.map((value) => scale * value);
};

/** A residual network: 16 convolutions of 3x3, 32 to 64 channels, frozen random weights. */
function network(x: g.Tensor): g.Tensor {
  let seed = 1;
  const conv = (h: g.Tensor, filters: number, stride = 1): g.Tensor => {
    const size = [filters, h.shape[1], 3, 3];
    const w = g.constant(values(filters * h.shape[1] * 9, seed++, Math.sqrt(2 / (9 * h.shape[1]))), size);
    return g.conv2d(h, w, undefined, { pads: [1, 1, 1, 1], strides: [stride, stride] });
  };
  let h = g.relu(conv(x, 32, 2));
  for (let block = 0; block < 4; block++) h = g.relu(g.add(h, g.mul(conv(g.relu(conv(h, 32)), 32), 0.3)));
  h = g.relu(conv(h, 64, 2));
  for (let block = 0; block < 3; block++) h = g.relu(g.add(h, g.mul(conv(g.relu(conv(h, 64)), 64), 0.3)));
  return g.mean(h, { axes: [2, 3] });
}

const loss = ({ x }: g.Tensors): g.Tensor => {
  const y = network(x);
  return g.sum(g.mul(y, y));
};
const programs: Readonly<Record<string, g.TensorFunction>> = {
  forward: ({ x }) => network(x),
  gradient: ({ x }) => g.grad(loss)({ x }),
  jvp: ({ x, v }) => g.jvp(({ x: at }) => network(at), { x }, { x: v }).tangents,
  'jvp with value': ({ x, v }) => {
    const { outputs, tangents } = g.jvp(({ x: at }) => network(at), { x }, { x: v });
    return { value: outputs['output'], slope: tangents['output'] };
  },
  'hessian-vector product': ({ x, v }) => g.hessianVectorProduct(loss, { x }, { x: v }),
};
const feeds = { x: values(3 * 112 * 112, 90, 1), v: values(3 * 112 * 112, 91, 1) };

let forwardMs = 0;
for (const [task, fn] of Object.entries(programs)) {
  const needed =
    task === 'forward' || task === 'gradient' ? { x: { shape } } : { x: { shape }, v: { shape } };
  const program = await g.compile(fn, needed, { runtime: nodeRuntime(), threads });
  const given = Object.fromEntries(Object.keys(needed).map((name) => [name, feeds[name as 'x']]));
  await program.run(given);
  const samples: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = process.cpuUsage();
    await program.run(given);
    const { user, system } = process.cpuUsage(start);
    samples.push((user + system) / 1000);
  }
  await program.dispose();
  const ms = samples.toSorted((a, b) => a - b)[Math.floor(runs / 2)];
  if (task === 'forward') forwardMs = ms;
  console.log(JSON.stringify({ group: 'derivatives', task, threads, cpu_ms: ms, forwards: ms / forwardMs }));
}

const script = fileURLToPath(
  new URL('../../packages/graph/test/fixtures/rematerialise-memory.ts', import.meta.url),
);
for (const by of ['picture', 'weights']) {
  for (const mode of ['plain', 'rematerialise']) {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--conditions=source', '--import', 'tsx', script, mode, by, 'timed'],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(stderr);
    const { peak, cpu } = JSON.parse(stdout) as { peak: number; cpu: number };
    const task = `32 convolutions by the ${by}, ${mode}`;
    console.log(JSON.stringify({ group: 'derivatives', task, peak_mib: peak, cpu_ms: cpu }));
  }
}

const { random } = g;
const root = random.key(1);
for (const [task, inside, outside] of [
  ['uniform', random.uniformTensor, random.uniform],
  ['normal', random.normalTensor, random.normal],
] as const) {
  const count = 1_000_000;
  const program = await g.compile(
    ({ step }) => inside(random.foldInTensor(random.keyTensor(root), step), [count]),
    { step: { shape: [], dtype: 'int32' } },
    { runtime: nodeRuntime(), threads },
  );
  const median = async (draw: (step: number) => unknown): Promise<number> => {
    const samples: number[] = [];
    for (let step = 0; step < Math.min(runs, 9); step++) {
      const start = process.cpuUsage();
      await draw(step);
      const { user, system } = process.cpuUsage(start);
      samples.push((user + system) / 1000);
    }
    return samples.toSorted((a, b) => a - b)[samples.length >> 1];
  };
  const insideMs = await median((step) => program.run({ step: Int32Array.of(step) }));
  const outsideMs = await median((step) => outside(random.foldIn(root, step), [count]));
  await program.dispose();
  console.log(
    JSON.stringify({
      group: 'random',
      task: `${task}, a million`,
      inside_ms: insideMs,
      outside_ms: outsideMs,
    }),
  );
}
