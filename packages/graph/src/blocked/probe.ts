// The blocked operators are ONNX Runtime's own, not part of ONNX: whether this build has them, with which block, and whether they
// still mean what they meant is found out by running a small program in both forms.
import { encodeOnnx } from '../onnx/encode.ts';
import { lower } from '../lower.ts';
import { add } from '../ops/arithmetic.ts';
import { leakyRelu, relu } from '../ops/activation.ts';
import { conv2d, convTranspose2d } from '../ops/conv.ts';
import { constant } from '../ops/input.ts';
import { averagePool2d, maxPool2d } from '../ops/pool.ts';
import { mean } from '../ops/reduce.ts';
import { resize2d } from '../ops/resize.ts';
import type { RuntimeSession, RuntimeTensor } from '../runtime.ts';
import type { Tensor } from '../tensor.ts';
import { trace } from '../trace.ts';

const SHAPE = [1, 20, 6, 6] as const;

/** Numbers in [-1, 1] without a pattern that a wrong order of channels would keep. */
const numbers = (length: number, seed: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(12.9898 * i + 78.233 * seed));

const weights = (shape: readonly number[], seed: number): Tensor =>
  constant(
    numbers(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    shape,
  );

/** One of every blocked operator: convolutions of three kinds with sum and activations, pools, upsampling. */
function network(x: Tensor): Tensor {
  const pads = [1, 1, 1, 1] as const;
  let y = relu(conv2d(x, weights([36, 20, 3, 3], 1), weights([36], 2), { pads }));
  y = add(y, conv2d(y, weights([36, 1, 3, 3], 3), undefined, { pads, groups: 36 }));
  y = leakyRelu(conv2d(y, weights([32, 36, 1, 1], 4)), 0.2);
  y = conv2d(y, weights([32, 16, 3, 3], 5), undefined, { pads, groups: 2 });
  y = add(maxPool2d(y, { kernel: [2, 2] }), averagePool2d(y, { kernel: [2, 2] }));
  y = convTranspose2d(y, weights([32, 24, 3, 3], 6), { strides: [2, 2], pads, size: [6, 6] });
  y = resize2d(y, { size: [12, 12], mode: 'nearest', coordinates: 'asymmetric' });
  return mean(y, { axes: [2, 3] });
}

/** Channels of one block, or 0 where the runtime has no such operators or they do something else. */
export async function probeChannelBlock(
  open: (model: Uint8Array) => Promise<RuntimeSession>,
): Promise<number> {
  const image: RuntimeTensor = { data: numbers(720, 7), shape: SHAPE, dtype: 'float32' };
  const graph = trace(({ x }) => network(x), { x: { shape: SHAPE } });
  const run = async (model: Uint8Array): Promise<Float32Array> => {
    const session = await open(model);
    const { output } = await session.run({ x: image });
    await session.release();
    return output.data as Float32Array;
  };
  const expected = await run(encodeOnnx(lower(graph)));
  const scale = Math.max(...expected.map(Math.abs));
  for (const block of [16, 8]) {
    const model = encodeOnnx(lower(graph, { channelBlock: block }));
    // Refused: another block, or none.
    const found = await run(model).catch(() => undefined);
    if (found?.every((value, i) => Math.abs(value - expected[i]) <= 1e-4 * scale)) return block;
  }
  return 0;
}
