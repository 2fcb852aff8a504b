/** ArcFace-shaped networks with random weights, as ONNX files: the improved ResNet of Deng et al. 2019 at any width and depth. */
import {
  add,
  batchNorm,
  constant,
  conv2d,
  exportOnnx,
  matmul,
  mul,
  prelu,
  random,
  reshape,
  sub,
  transpose,
  type Tensor,
} from '@likeness/graph';

export interface IResNetOptions {
  /** Residual blocks in the four stages: [3, 4, 14, 3] is the ResNet-50 of ArcFace. */
  readonly blocks?: readonly [number, number, number, number];
  /** Channels of the first stage (64 in ArcFace); doubles from stage to stage. */
  readonly width?: number;
  readonly sizePx?: number;
  readonly embeddingLength?: number;
  readonly layout?: 'nchw' | 'nhwc';
  /** Put (v - 127.5) / 127.5 into the graph. */
  readonly normalises?: boolean;
  readonly batch?: number;
  readonly seed?: number;
}

/** Bytes of an `.onnx` file with the input `data`. */
export function iresnetOnnx(options: IResNetOptions = {}): Uint8Array {
  const { blocks = [3, 4, 14, 3], width = 8, sizePx = 112, embeddingLength = 64 } = options;
  const { layout = 'nchw', normalises = false, batch = 1, seed = 1 } = options;
  const key = random.key(seed);
  let drawn = 0;
  const normal = (shape: number[], deviation: number): Float32Array =>
    random.normal(random.foldIn(key, drawn++), shape, { deviation });
  const convolve = (x: Tensor, channels: number, size: number, stride = 1): Tensor => {
    const shape = [channels, x.shape[1], size, size];
    const weights = constant(normal(shape, Math.sqrt(2 / (x.shape[1] * size * size))), shape);
    const side = (size - 1) / 2;
    return conv2d(x, weights, undefined, {
      strides: [stride, stride],
      pads: [side, side, side, side],
    });
  };
  const norm = (x: Tensor): Tensor => {
    const c = x.shape[1];
    const near = (middle: number, spread: number): Tensor =>
      constant(
        normal([c], spread).map((v) => middle + v),
        [c],
      );
    return batchNorm(
      x,
      { mean: near(0, 0.1), variance: constant(new Float32Array(c).fill(1.2), [c]) },
      { scale: near(1, 0.1), bias: near(0, 0.1) },
    );
  };
  const activate = (x: Tensor): Tensor =>
    prelu(x, constant(new Float32Array(x.shape[1]).fill(0.25), [x.shape[1], 1, 1]));
  const block = (x: Tensor, channels: number, stride: number): Tensor => {
    const inner = norm(convolve(norm(x), channels, 3));
    const long = norm(convolve(activate(inner), channels, 3, stride));
    return add(long, stride === 1 ? x : norm(convolve(x, channels, 1, stride)));
  };
  const shape = layout === 'nchw' ? [batch, 3, sizePx, sizePx] : [batch, sizePx, sizePx, 3];
  return exportOnnx(
    ({ data }) => {
      let x = layout === 'nchw' ? data : transpose(data, [0, 3, 1, 2]);
      if (normalises) x = mul(sub(x, 127.5), 1 / 127.5);
      x = activate(norm(convolve(x, width, 3)));
      blocks.forEach((count, stage) => {
        for (let i = 0; i < count; i++) x = block(x, width * 2 ** stage, i === 0 ? 2 : 1);
      });
      const features = reshape(norm(x), [batch, x.size / batch]);
      const length = features.shape[1];
      const dense = constant(normal([length, embeddingLength], 1 / Math.sqrt(length)), [
        length,
        embeddingLength,
      ]);
      return { embedding: matmul(features, dense) };
    },
    { data: { shape } },
  );
}
