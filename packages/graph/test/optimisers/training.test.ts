// A small network learns: convolution, batch normalisation in training mode with its running statistics as buffers,
// rematerialised blocks, AdamW with warm-up and clipping, noise from keys; the whole step one program.
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';

const { random } = g;
const SIDE = 12;
const BATCH = 16;
const CLASSES = 3;
const CHANNELS = 8;

/** Pictures of stripes that run across, down or diagonally, in noise; one-hot labels. */
function stripes(key: g.random.RandomKey): { x: Float32Array; labels: Float32Array; kinds: Int32Array } {
  const [a, b, c, d] = random.split(key, 4);
  const kinds = random.integers(a, [BATCH], { max: CLASSES });
  const phases = random.uniform(b, [BATCH], { max: 2 * Math.PI });
  const x = random.normal(c, [BATCH, 1, SIDE, SIDE], { deviation: 0.7 });
  const order = random.permutation(d, BATCH);
  const labels = new Float32Array(BATCH * CLASSES);
  order.forEach((sample, row) => {
    labels[row * CLASSES + kinds[sample]] = 1;
    for (let i = 0; i < SIDE * SIDE; i++) {
      const along = [i % SIDE, Math.floor(i / SIDE), (i % SIDE) + Math.floor(i / SIDE)][kinds[sample]];
      x[row * SIDE * SIDE + i] += Math.sin(1.5 * along + phases[sample]);
    }
  });
  return { x, labels, kinds: order.map((sample) => kinds[sample]) };
}

function initial(key: g.random.RandomKey): Record<string, g.TensorValue> {
  const shapes: Record<string, number[]> = {
    first: [CHANNELS, 1, 3, 3],
    second: [CHANNELS, CHANNELS, 3, 3],
    scale: [CHANNELS],
    bias: [CHANNELS],
    out: [CHANNELS, CLASSES],
  };
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape], index) => {
      const fanIn = shape.length === 4 ? 9 * shape[1] : shape[0];
      const draw = random.truncatedNormal(random.foldIn(key, index), shape);
      const data = draw.map((value) =>
        shape.length === 1 ? (name === 'scale' ? 1 : 0) : value / Math.sqrt(fanIn),
      );
      return [name, { shape, dtype: 'float32', data }];
    }),
  );
}

const network = (training: boolean, weights: g.Tensors, x: g.Tensor, running: g.ChannelStatistics) => {
  const affine = { scale: weights['scale'], bias: weights['bias'] };
  const pads = [1, 1, 1, 1] as const;
  const first = g.conv2d(x, weights['first'], undefined, { pads });
  const normal = training
    ? g.batchNormTraining(first, running, affine)
    : { y: g.batchNorm(first, running, affine), running };
  const block = g.rematerialise((h: g.Tensor, w: g.Tensor) =>
    g.relu(g.conv2d(g.relu(h), w, undefined, { pads })),
  );
  const features = g.mean(block(normal.y, weights['second']), { axes: [2, 3] });
  return { logits: g.matmul(features, weights['out']), running: normal.running };
};

const train = async (steps: number): Promise<{ trainer: g.Trainer; losses: number[] }> => {
  const key = random.key(42);
  const trainer = await g.createTrainer({
    loss: (weights, { x, labels }, { mean, variance }) => {
      const { logits, running } = network(true, weights, x, { mean, variance });
      const loss = g.neg(g.mean(g.sum(g.mul(g.logSoftmax(logits), labels), { axes: [1] })));
      return { loss, buffers: { mean: running.mean, variance: running.variance }, metrics: { logits } };
    },
    optimiser: g.withWeightAverage(
      g.withGradientClipping(
        g.adamW({ learningRate: g.warmUp(g.cosineRate(0.03, 60, 0.003), 5), weightDecay: 0.01 }),
        5,
      ),
      0.9,
    ),
    parameters: initial(random.foldIn(key, 0)),
    buffers: {
      mean: { shape: [CHANNELS], dtype: 'float32', data: new Float32Array(CHANNELS) },
      variance: { shape: [CHANNELS], dtype: 'float32', data: new Float32Array(CHANNELS).fill(1) },
    },
    batch: { x: { shape: [BATCH, 1, SIDE, SIDE] }, labels: { shape: [BATCH, CLASSES] } },
    gradientNorm: true,
    runtime: nodeRuntime({ threads: 1 }),
  });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { x, labels } = stripes(random.foldIn(random.foldIn(key, 1), step));
    const report = await trainer.train({ x, labels });
    expect(report.gradientNorm).toBeGreaterThan(0);
    losses.push(report.loss);
  }
  return { trainer, losses };
};

describe('training', () => {
  it('learns, generalises in inference mode, and is the same bytes again', async () => {
    const { trainer, losses } = await train(60);
    const start = losses.slice(0, 5).reduce((a, b) => a + b) / 5;
    const end = losses.slice(-5).reduce((a, b) => a + b) / 5;
    expect(start).toBeGreaterThan(0.7);
    expect(end).toBeLessThan(0.15);

    // The averaged weights and the running statistics, on pictures that were not trained on.
    const { state, buffers } = trainer.checkpoint();
    const value = ({ data, shape, dtype }: g.TensorValue): g.Tensor => g.constant(data, shape, dtype);
    const weights = Object.fromEntries(
      Object.entries(state).flatMap(([name, tensor]) =>
        name.startsWith('average/') ? [[name.slice('average/'.length), value(tensor)]] : [],
      ),
    );
    const statistics = { mean: value(buffers['mean']), variance: value(buffers['variance']) };
    const program = await g.compile(
      ({ x }) => network(false, weights, x, statistics).logits,
      { x: { shape: [BATCH, 1, SIDE, SIDE] } },
      { runtime: nodeRuntime({ threads: 1 }) },
    );
    let right = 0;
    for (let i = 0; i < 5; i++) {
      const { x, kinds } = stripes(random.foldIn(random.key(7), i));
      const { output } = await program.run({ x });
      kinds.forEach((kind, row) => {
        const scores = output.slice(row * CLASSES, (row + 1) * CLASSES);
        if (scores.indexOf(Math.max(...scores)) === kind) right++;
      });
    }
    expect(right / (5 * BATCH)).toBeGreaterThan(0.9);
    await program.dispose();

    const again = await train(60);
    expect(again.losses).toEqual(losses);
    expect(again.trainer.checkpoint()).toEqual(trainer.checkpoint());
    await trainer.dispose();
    await again.trainer.dispose();
  });
});
