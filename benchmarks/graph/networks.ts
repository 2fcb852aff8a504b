// Whole networks: forward, and forward with the gradient of 0.5 |y|² by the input. Five networks of the literature beside
// PyTorch (zoo.ts, peer_networks.py), and the four face networks of `@vladmandic/human`, which stand without a peer.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  compile,
  exportOnnx,
  importTfjs,
  mul,
  sum,
  valueAndGrad,
  type Program,
  type Tensor,
  type TensorFunction,
} from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import {
  measureAgainst,
  ourSide,
  rounded,
  type BenchContext,
  type BenchRow,
  type BenchSuite,
  type LoadedPeer,
} from './rows.ts';
import { hashed, NETWORKS } from './zoo.ts';

/** A network to measure: `apply` returns the tensor whose half square is differentiated. */
export interface MeasuredNetwork {
  readonly name: string;
  readonly shape: readonly number[];
  readonly apply: (x: Tensor) => Tensor;
  readonly peer: boolean;
}

const FACE_NETWORKS = ['blazeface', 'facemesh', 'iris', 'faceres'] as const;

export function faceNetwork(name: string): MeasuredNetwork {
  const models = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/human')), '..', 'models');
  const json: unknown = JSON.parse(readFileSync(join(models, `${name}.json`), 'utf8'));
  const model = importTfjs(json, new Uint8Array(readFileSync(join(models, `${name}.bin`))).buffer);
  const [input] = model.inputs;
  const [output] = model.outputNames;
  const apply = (x: Tensor): Tensor => model.apply({ [input.name]: x }, [output])[output];
  return { name, shape: input.shape, apply, peer: false };
}

/** 0.5 |y|². */
const energy = (y: Tensor): Tensor => mul(sum(mul(y, y)), 0.5);

/** The two programs of a network. */
export function networkPrograms(apply: (x: Tensor) => Tensor): {
  readonly forward: TensorFunction;
  readonly gradient: TensorFunction;
} {
  return {
    forward: ({ x }) => apply(x),
    gradient: (inputs) => {
      const { value, gradients } = valueAndGrad(({ x }) => energy(apply(x)))(inputs);
      return { value, gradient: gradients['x'] };
    },
  };
}

/**
 * Three rows a network: forward beside PyTorch, forward with gradient beside PyTorch, and the latter beside the forward pass that
 * ONNX Runtime alone makes of the network (the exported file, its own fusions and layouts): 1 / ratio is the target's
 * "within 2.5 forwards".
 */
async function* measure(network: MeasuredNetwork, context: BenchContext): AsyncGenerator<BenchRow> {
  const { name, shape } = network;
  const size = shape.reduce((a, b) => a * b, 1);
  const inputs = { x: Float32Array.from({ length: size }, (_, i) => hashed(i, 0)) };
  // Threads spin on both sides, as those of PyTorch's OpenMP do: nothing else runs here. Without, the second thread of this
  // machine often wakes too late to help (`spinning` of nodeRuntime).
  const runtime = nodeRuntime({ threads: context.threads, spinning: true });
  const load = async (task: string): Promise<LoadedPeer | undefined> =>
    network.peer ? await context.torch?.load(task, { network: name, shape }) : undefined;
  const { forward, gradient } = networkPrograms(network.apply);
  // Short runs are averaged in bursts.
  const options = { samples: context.samples, burst: network.peer ? 1 : 5 };
  const side = (who: string, program: Program) => ourSide(who, async () => program.run(inputs));

  const plain = await runtime.createSession(exportOnnx(forward, { x: { shape } }), {});
  const feeds = { x: { data: inputs.x, shape, dtype: 'float32' as const } };
  const reference = ourSide('onnxruntime-node, forward', async () => plain.run(feeds));
  const own = await compile(forward, { x: { shape } }, { runtime });
  const forwardPeer = await load('forward');
  yield {
    group: 'network',
    task: `${name} forward`,
    ...(await measureAgainst(side(runtime.name, own), forwardPeer ?? reference, options)),
  };
  await own.dispose();
  await forwardPeer?.free();

  const start = performance.now();
  const both = await compile(gradient, { x: { shape } }, { runtime });
  const compileMs = rounded(performance.now() - start);
  const ours = side(runtime.name, both);
  const task = `${name} forward + input gradient`;
  const peer = await load('gradient');
  if (peer) {
    const row = await measureAgainst(ours, peer, options);
    const { value, gradient: slope } = await both.run(inputs);
    const [loss, norm] = await peer.values();
    await peer.free();
    const notes: Record<string, number | string> = {
      compile_ms: compileMs,
      loss_error: relative(value[0], loss),
      gradient_norm_error: relative(Math.sqrt(slope.reduce((total, g) => total + g * g, 0)), norm),
      ...(await unfrozen(load)),
    };
    yield { group: 'network', task, ...row, notes };
  }
  const row = await measureAgainst(ours, reference, options);
  const notes = {
    forwards: rounded(row.ours_ms / (row.peer_ms ?? Number.NaN)),
    forwards_cpu: rounded(row.ours_cpu_ms / (row.peer_cpu_ms ?? Number.NaN)),
    compile_ms: compileMs,
  };
  await both.dispose();
  await plain.release();
  yield { group: 'network', task, ...row, notes };
}

/** PyTorch as a module comes: the gradients of all weights are computed as well. Not what is asked for, but what many run. */
async function unfrozen(
  load: (task: string) => Promise<LoadedPeer | undefined>,
): Promise<Record<string, number>> {
  const peer = await load('gradient of everything');
  if (!peer) return {};
  await peer.run(1);
  const samples = await peer.run(3);
  await peer.free();
  return { pytorch_unfrozen_ms: rounded(samples.map(({ wallMs }) => wallMs).toSorted((a, b) => a - b)[1]) };
}

const relative = (ours: number, theirs: number): number =>
  Number(Math.abs(ours / theirs - 1).toExponential(1));

export const networkSuite: BenchSuite = {
  group: 'network',
  async *rows(context) {
    for (const network of NETWORKS) {
      if (network.name.includes(context.filter)) yield* measure({ ...network, peer: true }, context);
    }
    for (const name of FACE_NETWORKS) {
      if (name.includes(context.filter)) yield* measure(faceNetwork(name), context);
    }
  },
};
