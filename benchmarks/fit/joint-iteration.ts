/**
 * One iteration of the joint fit (two renders of 224², FaceRes on both, texture of 512², every term, the gradient by every parameter)
 * beside the same iteration in PyTorch, in turn, and where its time goes: the share of convolutions and matrix products, which ONNX
 * Runtime times itself.
 *
 *   npx tsx --conditions=source benchmarks/fit/joint-iteration.ts [--samples 11] [--threads 2] [--textures linear,progressive] [--spinning]
 *
 * The texture `progressive` is the shipped generator, whose nodes the peer runs one by one (`onnx_nodes.py`).
 *
 * Both sides are compared number by number first; a difference above `LIMITS` ends the run. Gradients are compared without the pixels at
 * which they jump (on the edge of a triangle, between two texels): there the last digit decides, and one sliver's pixel can outweigh
 * the rest (PyTorch in float32 against itself in float64: 0.6 of p_s' gradient; ours against that: 0.01). Rasterising is TypeScript in both cases (the peer
 * gets our triangles) and is timed by itself: `ratio` adds it to both sides, `graphRatio` to neither. Each texture's row is written when
 * it is done.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nodeRuntime } from '@likeness/graph/node';
import { requireData, rounded, writeResult } from '../common.ts';
import { measureAgainst, ourSide, type LoadedPeer } from '../graph/rows.ts';
import { startTorch } from '../graph/torch.ts';
import {
  iterationProblem,
  STAGE,
  TEXTURES,
  type IterationProblem,
  type OpenIteration,
  type TextureName,
} from './joint-iteration-problem.ts';

const PHOTO = 'obama.jpg';
/**
 * Largest relative difference of a term, and of a group's gradient as a vector: of the terms that ask no network (`plain`), and of all.
 * Through the network a gradient has jumps wherever an activation is within a rounding error of where ReLU6 bends, of five million: light
 * moved by 2e-7 moves our own by up to 1.7e-3 (linear texture), a latent by 3e-6 by up to 6e-3 and by 3e-5 by up to 1.7e-2 (generator), while that
 * of the pixel loss moves by 1e-6 and 1e-4. The generator's hundred operations differ from the peer's by about as much.
 */
const LIMITS: Readonly<
  Record<TextureName, { readonly term: number; readonly plain: number; readonly gradient: number }>
> = {
  linear: { term: 1e-3, plain: 3e-3, gradient: 3e-3 },
  progressive: { term: 1e-3, plain: 3e-3, gradient: 3e-2 },
};
const PROFILED_RUNS = 5;
/** Operations of a program that are arithmetic bound: what the rest is measured by. */
const CONVOLUTIONS = /^(Fused)?Conv(Transpose)?$/;
const PRODUCTS = /^(Fused)?(MatMul|Gemm)$/;
const WARM_RUNS = 3;

const { values: options } = parseArgs({
  options: {
    samples: { type: 'string', default: '11' },
    threads: { type: 'string', default: '2' },
    textures: { type: 'string', default: TEXTURES.join() },
    spinning: { type: 'boolean', default: false },
  },
});
const threads = Number(options.threads);
const samples = Number(options.samples);
const settings = { threads, spinning: options.spinning };
const photo = requireData('photos', PHOTO);
const torch = await startTorch(threads, [dirname(fileURLToPath(import.meta.url))]);
const folder = mkdtempSync(join(tmpdir(), 'likeness-joint-iteration-'));
const rows: Record<string, unknown>[] = [];
try {
  for (const texture of options.textures.split(',') as TextureName[]) {
    rows.push(await measureTexture(texture));
    console.log(JSON.stringify(rows.at(-1), null, 2));
    await writeResult('fit-joint-iteration', {
      ...settings,
      peer: torch?.name ?? null,
      samples,
      renderPx: 224,
      texturePx: STAGE.textureSize,
      rows,
    });
  }
} finally {
  torch?.close();
  rmSync(folder, { recursive: true });
}

async function measureTexture(texture: TextureName): Promise<Record<string, unknown>> {
  const runtime = nodeRuntime(settings);
  const problem = await iterationProblem(photo, texture, runtime);
  const programs = problem.programs(runtime);
  const compileStart = performance.now();
  const open = await problem.open(programs);
  const compileMs = performance.now() - compileStart;
  let peer: LoadedPeer | undefined;
  const agreement: Record<string, object> = {};
  if (torch) {
    const { term, plain, gradient } = LIMITS[texture];
    for (const [of, limits] of [
      ['plain', { term, gradient: plain }],
      ['smooth', { term, gradient }],
    ] as const) {
      const written = join(folder, `${texture}-${of}`);
      problem.write(written, of);
      const checked = await torch.load('joint iteration', { folder: written });
      const ours = await ourValues(open, of);
      agreement[of === 'plain' ? 'withoutNetwork' : 'all'] = compare(
        problem,
        ours,
        await checked.values(),
        limits,
      );
      await checked.free();
    }
    const whole = join(folder, `${texture}-whole`);
    problem.write(whole, 'whole');
    peer = await torch.load('joint iteration', { folder: whole });
  }
  const measured = await measureAgainst(
    ourSide('ours', () => step(open)),
    peer,
    { samples, warmUp: WARM_RUNS },
  );
  const geometry = await measureAgainst(
    ourSide('projections', () => open.geometry.run(open.geometryInputs)),
    undefined,
    { samples },
  );
  const raster = await measureAgainst(
    ourSide('raster', () => {
      open.rasterise();
      return Promise.resolve();
    }),
    undefined,
    { samples },
  );
  console.log(
    `${texture}: ours ${measured.ours_cpu_ms} ms of processor time, peer ${measured.peer_cpu_ms ?? '-'} ms; profiling`,
  );
  await peer?.free();
  await programs.dispose();
  const profile = await profileOf(problem);
  const both = (ms: number | null, own: number): number | null => (ms === null ? null : ms + own);
  const whole = {
    oursMs: rounded(measured.ours_ms + raster.ours_ms),
    oursCpuMs: rounded(measured.ours_cpu_ms + raster.ours_cpu_ms),
    peerMs: both(measured.peer_ms, raster.ours_ms),
    peerCpuMs: both(measured.peer_cpu_ms, raster.ours_cpu_ms),
  };
  return {
    texture,
    vertices: problem.vertices,
    coveredPixels: problem.pixels,
    comparedPixels: problem.smoothPixels,
    terms: problem.terms,
    agreement,
    ...whole,
    ratio: whole.peerMs === null ? null : rounded(whole.peerMs / whole.oursMs),
    cpuRatio: whole.peerCpuMs === null ? null : rounded(whole.peerCpuMs / whole.oursCpuMs),
    graphRatio: measured.ratio,
    graphCpuRatio: measured.cpu_ratio,
    spread: measured.spread,
    parts: {
      projectionsMs: geometry.ours_ms,
      projectionsCpuMs: geometry.ours_cpu_ms,
      rasterMs: raster.ours_ms,
      rasterCpuMs: raster.ours_cpu_ms,
      programMs: rounded(measured.ours_ms - geometry.ours_ms),
      programCpuMs: rounded(measured.ours_cpu_ms - geometry.ours_cpu_ms),
    },
    compileMs: rounded(compileMs),
    profile,
    peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

async function step({ geometry, iteration, geometryInputs, inputs }: OpenIteration): Promise<void> {
  await geometry.run(geometryInputs);
  await iteration.run(inputs);
}

async function ourValues(
  { iteration, comparedInputs }: OpenIteration,
  of: keyof OpenIteration['comparedInputs'],
): Promise<number[]> {
  const { terms, gradient } = await iteration.run(comparedInputs[of]);
  return [...terms, ...gradient];
}

/**
 * How far the sides are apart: each term, and each group's gradient as a vector.
 * @throws Error above the limit: then the sides do not do the same work
 */
function compare(
  { terms, groups }: IterationProblem,
  ours: readonly number[],
  theirs: readonly number[],
  limits: { readonly term: number; readonly gradient: number },
): Record<string, number> {
  const out: Record<string, number> = {};
  const difference = (from: number, to: number): number => {
    const a = ours.slice(from, to);
    const b = theirs.slice(from, to);
    return Math.hypot(...a.map((value, i) => value - b[i])) / Math.max(1e-12, Math.hypot(...b));
  };
  for (const [i, name] of terms.entries()) out[`term ${name}`] = difference(i, i + 1);
  let at = terms.length;
  for (const { name, size } of groups) {
    out[`gradient ${name}`] = difference(at, at + size);
    at += size;
  }
  if (theirs.length !== ours.length || at !== ours.length)
    throw new Error(`Ours gives ${ours.length} numbers, the peer ${theirs.length}, ${at} were expected.`);
  const wrong = Object.entries(out).filter(
    ([name, value]) => !(value <= (name.startsWith('term') ? limits.term : limits.gradient)),
  );
  if (wrong.length > 0)
    throw new Error(
      `The two sides do not agree: ${wrong.map(([name, value]) => `${name} ${value.toPrecision(2)}`).join(', ')}.`,
    );
  return Object.fromEntries(Object.entries(out).map(([name, value]) => [name, Number(value.toPrecision(2))]));
}

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly ts: number;
  readonly args?: {
    readonly op_name?: string;
    readonly input_type_shape?: readonly Readonly<Record<string, readonly number[]>>[];
    readonly output_type_shape?: readonly Readonly<Record<string, readonly number[]>>[];
  };
}

/** Where one run of the iteration's program spends its time, by ONNX Runtime's own clock. */
async function profileOf(problem: IterationProblem): Promise<object> {
  const prefix = join(folder, 'profile');
  const programs = problem.programs(nodeRuntime({ ...settings, profilePath: prefix }));
  const { iteration, inputs } = await problem.open(programs);
  for (let run = 0; run < WARM_RUNS + PROFILED_RUNS; run++) await iteration.run(inputs);
  await programs.dispose();
  // The projections have a file too: the larger one is the iteration's.
  const files = readdirSync(folder)
    .filter((name) => name.startsWith('profile'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .toSorted((a, b) => b.length - a.length);
  for (const name of readdirSync(folder).filter((file) => file.startsWith('profile')))
    rmSync(join(folder, name));
  const events = JSON.parse(files[0]) as readonly ProfileEvent[];
  const runs = events.filter(({ name }) => name === 'model_run').slice(WARM_RUNS);
  const since = Math.min(...runs.map(({ ts }) => ts));
  const nodes = events.filter(
    ({ cat, name, ts }) => cat === 'Node' && name.endsWith('_kernel_time') && ts >= since,
  );
  const byOperation = new Map<string, { us: number; count: number; flops: number }>();
  for (const { dur, args } of nodes) {
    const operation = args?.op_name ?? 'unknown';
    const entry = byOperation.get(operation) ?? { us: 0, count: 0, flops: 0 };
    entry.us += dur;
    entry.count++;
    entry.flops += flopsOf(operation, args);
    byOperation.set(operation, entry);
  }
  const total = nodes.reduce((sum, { dur }) => sum + dur, 0);
  const part = (pattern: RegExp): { ms: number; share: number; gflops: number } => {
    const found = [...byOperation].filter(([operation]) => pattern.test(operation)).map(([, value]) => value);
    const us = found.reduce((sum, value) => sum + value.us, 0);
    const flops = found.reduce((sum, value) => sum + value.flops, 0);
    return {
      ms: rounded(us / 1000 / runs.length),
      share: rounded(us / total),
      gflops: rounded(flops / us / 1000),
    };
  };
  const convolutions = part(CONVOLUTIONS);
  const products = part(PRODUCTS);
  const wallUs = runs.reduce((sum, { dur }) => sum + dur, 0);
  return {
    runs: runs.length,
    runMs: rounded(wallUs / 1000 / runs.length),
    kernelsMs: rounded(total / 1000 / runs.length),
    operations: nodes.length / runs.length,
    convolutions,
    products,
    /** The issue's measure: at most 1.5. With what the profiler costs between operations, and without what is between them. */
    overConvolutionsAndProducts: rounded(wallUs / 1000 / runs.length / (convolutions.ms + products.ms)),
    kernelsOverConvolutionsAndProducts: rounded(total / 1000 / runs.length / (convolutions.ms + products.ms)),
    slowest: [...byOperation]
      .toSorted(([, a], [, b]) => b.us - a.us)
      .slice(0, 14)
      .map(([operation, { us, count }]) => ({
        operation,
        ms: rounded(us / 1000 / runs.length),
        share: rounded(us / total),
        count: count / runs.length,
      })),
  };
}

/** Multiplications and additions, from the shapes that the profile gives; 0 for what is not counted. */
function flopsOf(operation: string, args: ProfileEvent['args']): number {
  const shape = (list: ProfileShapes, i: number): readonly number[] =>
    Object.values(list?.[i] ?? {})[0] ?? [];
  const size = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
  const inputs = args?.input_type_shape;
  if (PRODUCTS.test(operation)) {
    const [a, out] = [shape(inputs, 0), shape(args?.output_type_shape, 0)];
    const b = shape(inputs, 1);
    // The inner extent whichever side is transposed: |a| |b| = m k k n.
    const inner = Math.sqrt((size(a) * size(b)) / Math.max(1, size(out)));
    return 2 * size(out) * inner;
  }
  if (!CONVOLUTIONS.test(operation)) return 0;
  const [picture, kernel, out] = [shape(inputs, 0), shape(inputs, 1), shape(args?.output_type_shape, 0)];
  const taps = size(kernel.slice(1));
  return operation.includes('Transpose') ? 2 * size(picture) * taps : 2 * size(out) * taps;
}

type ProfileShapes = readonly Readonly<Record<string, readonly number[]>>[] | undefined;
