// Single 3x3 convolutions beside PyTorch: forward, gradient by the input, gradient by the filters. The weights of the first
// two are constants, as in a frozen network; rows called `trained` take them as an input, as a training step does.
import { compile, constant, conv2d, vjp, type Tensor, type TensorFunction } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import {
  measureAgainst,
  ourSide,
  rounded,
  type BenchContext,
  type BenchRow,
  type BenchSuite,
} from './rows.ts';
import { hashed } from './zoo.ts';

/** Channels (in and out) and the image's side. */
const SHAPES = [
  [64, 112],
  [128, 56],
  [256, 28],
  [512, 14],
  [128, 256],
] as const;
const BATCHES = [1, 8] as const;
const PASSES = [
  'forward',
  'input gradient',
  'filter gradient',
  'forward, trained',
  'input gradient, trained',
] as const;

const filled = (size: number, seed: number, scale = 1): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => scale * hashed(i, seed));

function program(pass: (typeof PASSES)[number], weights: Tensor | undefined): TensorFunction {
  const convolve = (x: Tensor, w: Tensor): Tensor => conv2d(x, w, undefined, { pads: [1, 1, 1, 1] });
  if (pass.startsWith('forward')) return ({ x, w }) => convolve(x, weights ?? w);
  return ({ x, w, g }) => {
    const kernel = weights ?? w;
    return vjp([convolve(x, kernel)], [pass === 'filter gradient' ? kernel : x], [g])[0];
  };
}

async function* measure(
  batch: number,
  channels: number,
  size: number,
  context: BenchContext,
): AsyncGenerator<BenchRow> {
  const image = [batch, channels, size, size];
  const kernel = [channels, channels, 3, 3];
  const flop = 2 * batch * channels * channels * 9 * size * size;
  const pixels = batch * channels * size * size;
  const data: Record<string, Float32Array> = {
    x: filled(pixels, 1),
    g: filled(pixels, 2),
    w: filled(channels * channels * 9, 3, Math.sqrt(1 / (3 * channels))),
  };
  const runtime = nodeRuntime({ threads: context.threads });
  for (const pass of PASSES) {
    const task = `3x3 ${channels} channels ${size}² batch ${batch} ${pass}`;
    if (!task.includes(context.filter)) continue;
    const frozen = pass === 'forward' || pass === 'input gradient';
    const names = pass.startsWith('forward') ? ['x'] : pass === 'filter gradient' ? ['x', 'g'] : ['g', 'x'];
    if (pass !== 'filter gradient' && !frozen) names.push('w');
    const weights = constant(data['w'], kernel);
    const compiled = await compile(
      program(pass, frozen || pass === 'filter gradient' ? weights : undefined),
      Object.fromEntries(names.map((name) => [name, { shape: name === 'w' ? kernel : image }])),
      { runtime },
    );
    const inputs = Object.fromEntries(names.map((name) => [name, data[name]]));
    const once = async (): Promise<Float32Array> => (await compiled.run(inputs))['output'];
    const peer = await context.torch?.load('convolution', {
      pass: pass.replace(', trained', ''),
      image,
      kernel,
    });
    // Long convolutions get fewer samples, short ones are averaged in bursts.
    const samples = flop > 5e10 ? Math.min(context.samples, 5) : context.samples;
    const row = await measureAgainst(ourSide(runtime.name, once), peer, {
      samples,
      burst: flop < 2e9 ? 3 : 1,
    });
    const notes: Record<string, number> = { gflops: rounded(flop / row.ours_ms / 1e6) };
    if (peer) {
      const result = await once();
      const theirs = await peer.values();
      const ours = [0, 0];
      result.forEach((value, i) => {
        ours[0] += value * value;
        ours[1] += value * ((i % 7) - 3);
      });
      // The second sum has both signs, so it is measured by the length of the result.
      const error = Math.max(
        Math.abs(ours[0] / theirs[0] - 1),
        Math.abs(ours[1] - theirs[1]) / Math.sqrt(theirs[0] * result.length),
      );
      notes['peer_gflops'] = rounded(flop / (row.peer_ms ?? NaN) / 1e6);
      notes['error'] = Number(error.toExponential(1));
    }
    await compiled.dispose();
    await peer?.free();
    yield { group: 'conv', task, ...row, notes };
  }
}

export const convolutionSuite: BenchSuite = {
  group: 'conv',
  async *rows(context) {
    for (const batch of BATCHES) {
      for (const [channels, size] of SHAPES) yield* measure(batch, channels, size, context);
    }
  },
};
