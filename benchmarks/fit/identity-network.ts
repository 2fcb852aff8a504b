/**
 * What the identity network costs an iteration of the joint fit: FaceRes forward, with the gradient of the identity loss by the
 * picture, and with the content loss over its fourteen layers, at batch 1 and 2, each as one program. Processor time, so that
 * a busy machine does not count.
 *
 *   npx tsx --conditions=source benchmarks/fit/identity-network.ts [THREADS]
 */
import { faceResNetwork } from '@likeness/core/analysis';
import { contentLoss, identityLoss } from '@likeness/core/losses';
import { add, compile, mul, valueAndGrad, type Tensor, type TensorFunction } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { readAnalysisNetworks } from '@likeness/node';
import { median, quantile, rounded, writeResult } from '../common.ts';

const THREADS = Number(process.argv[2] ?? 1);
const ROUNDS = 15;
const network = faceResNetwork((await readAnalysisNetworks()).faceres);
const runtime = nodeRuntime({ threads: THREADS });

type Specs = Record<string, { readonly shape: readonly number[] }>;

/** Milliseconds of processor time a run: median and quartiles of rounds. */
async function time(fn: TensorFunction, specs: Specs): Promise<{ median: number; q1: number; q3: number }> {
  const program = await compile(fn, specs, { runtime });
  const values = Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]) => [
      name,
      Float32Array.from(
        { length: shape.reduce((a, b) => a * b, 1) },
        (_, i) => 0.5 + 0.4 * Math.sin(0.37 * i) * Math.cos(0.011 * i),
      ),
    ]),
  );
  for (let i = 0; i < 3; i++) await program.run(values);
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage();
    await program.run(values);
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1000);
  }
  await program.dispose();
  return {
    median: rounded(median(times)),
    q1: rounded(quantile(times, 0.25)),
    q3: rounded(quantile(times, 0.75)),
  };
}

const withGradient =
  (loss: (image: Tensor, rest: Readonly<Record<string, Tensor>>) => Tensor): TensorFunction =>
  ({ image, ...rest }) => {
    const { value, gradients } = valueAndGrad((inputs) => loss(inputs['image'], rest))({ image });
    return { value, gradient: gradients['image'] };
  };

const rows: object[] = [];
for (const batch of [1, 2]) {
  const image = { shape: [batch, 3, network.sizePx, network.sizePx] };
  const target = { shape: [batch, 1024] };
  const probe = await compile((inputs) => network.embed(inputs['image']).activations, { image }, { runtime });
  const layers = Object.fromEntries(probe.outputs.map(({ name, shape }) => [name, { shape }]));
  await probe.dispose();
  const forward = await time((inputs) => network.embed(inputs['image']).embedding, { image });
  const identity = await time(
    withGradient((picture, rest) => identityLoss(rest['target'], network.embed(picture).embedding)),
    { image, target },
  );
  const content = await time(
    withGradient((picture, { target: wanted, ...targets }) => {
      const { embedding, activations } = network.embed(picture);
      return add(identityLoss(wanted, embedding), mul(contentLoss(targets, activations), 50));
    }),
    { image, target, ...layers },
  );
  const row = {
    batch,
    forwardMs: forward,
    identityGradientMs: identity,
    identityContentGradientMs: content,
    identityRatio: rounded(identity.median / forward.median),
    identityContentRatio: rounded(content.median / forward.median),
  };
  rows.push(row);
  console.log(
    `batch ${batch}: forward ${forward.median} ms, with the identity loss' gradient ${identity.median} ms (${row.identityRatio.toFixed(2)} forwards), with content loss ${content.median} ms (${row.identityContentRatio.toFixed(2)})`,
  );
}
await writeResult('identity-network', { threads: THREADS, time: 'processor', rows });
