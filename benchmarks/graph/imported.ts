// Networks as PyTorch exports them, run by ONNX Runtime as they are and through importOnnx + compile: the import must
// cost nothing at run time. Run: npx tsx --conditions=source benchmarks/graph/imported.ts [samples] [name part]
// One JSON line a network: the forward pass of both in turn (median wall and processor time), import and compile.
// Kept in benchmarks/results/graph-import.jsonl.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, importOnnx } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';

const [samples = '15', filter = ''] = process.argv.slice(2);
const python = ['python3', '/usr/bin/python3'].find((name) => {
  try {
    execFileSync(name, ['-c', 'import torch'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

/** Median wall and processor milliseconds of both functions, run in turn. */
async function inTurn(
  runs: readonly (() => Promise<unknown>)[],
  count: number,
): Promise<{ wall: number; cpu: number }[]> {
  const times = runs.map(() => ({ wall: [] as number[], cpu: [] as number[] }));
  for (let sample = 0; sample < count + 2; sample++) {
    for (const [index, run] of runs.entries()) {
      const cpu = process.cpuUsage();
      const start = performance.now();
      await run();
      if (sample < 2) continue;
      const used = process.cpuUsage(cpu);
      times[index].wall.push(performance.now() - start);
      times[index].cpu.push((used.user + used.system) / 1000);
    }
  }
  const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
  return times.map(({ wall, cpu }) => ({ wall: median(wall), cpu: median(cpu) }));
}

const rounded = (value: number): number => Number(value.toPrecision(4));

if (python === undefined) {
  console.error('SKIPPED: imported networks: no Python with torch was found (Debian: python3-torch)');
} else {
  const [{ model: cpu }] = cpus();
  console.log(JSON.stringify({ cpu, cores: cpus().length, threads: 2, node: process.version }));
  const folder = mkdtempSync(join(tmpdir(), 'likeness-networks-'));
  const script = fileURLToPath(new URL('export_networks.py', import.meta.url));
  try {
    execFileSync(python, [script, folder], { stdio: ['ignore', 'ignore', 'inherit'] });
    for (const name of readdirSync(folder).filter((file) => file.includes(filter))) {
      const path = join(folder, name);
      if (existsSync(path)) console.log(JSON.stringify(await measure(name, readFileSync(path))));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(name: string, bytes: Uint8Array): Promise<Record<string, string | number>> {
  const runtime = nodeRuntime({ threads: 2 });
  let start = performance.now();
  const model = importOnnx(bytes);
  const importMs = performance.now() - start;
  start = performance.now();
  const program = await compile(model, {}, { runtime });
  const compileMs = performance.now() - start;
  const session = await runtime.createSession(bytes, {});
  const [{ shape }] = model.inputs;
  const x = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 0.37) / 2);
  const [ours] = Object.values(await program.run({ x }));
  const original = Object.values(await session.run({ x: { data: x, shape, dtype: 'float32' } }))[0]
    .data as Float32Array;
  let difference = 0;
  let scale = 0;
  original.forEach((value, i) => {
    scale = Math.max(scale, Math.abs(value));
    difference = Math.max(difference, Math.abs(value - ours[i]));
  });
  const [direct, imported] = await inTurn(
    [() => session.run({ x: { data: x, shape, dtype: 'float32' } }), () => program.run({ x })],
    Number(samples),
  );
  await program.dispose();
  await session.release();
  return {
    group: 'import',
    task: name.replace('.onnx', ''),
    file_mb: rounded(bytes.length / 1e6),
    import_ms: rounded(importMs),
    compile_ms: rounded(compileMs),
    ours_ms: rounded(imported.wall),
    ours_cpu_ms: rounded(imported.cpu),
    peer: 'ONNX Runtime on the file itself',
    peer_ms: rounded(direct.wall),
    peer_cpu_ms: rounded(direct.cpu),
    ratio_cpu: rounded(direct.cpu / imported.cpu),
    relative_difference: rounded(difference / scale),
  };
}
