// The networks of the speed target, as functions of tensors. Weights follow a formula, the same one as in peer_networks.py,
// parameter by parameter in the same order, so both sides compute the same numbers and can be checked against each other.
import {
  add,
  batchNorm,
  clip,
  concat,
  constant,
  conv2d,
  convTranspose2d,
  div,
  leakyRelu,
  matmul,
  maxPool2d,
  mean,
  mul,
  relu,
  reshape,
  resize2d,
  sqrt,
  type Tensor,
} from '@likeness/graph';

/** A network with its input's shape. */
export interface Network {
  readonly name: string;
  readonly shape: readonly number[];
  readonly apply: (x: Tensor) => Tensor;
}

/** Element `index` of parameter (or input) `seed`: in [-1, 1), by an integer hash (of the murmur3 family). */
export function hashed(index: number, seed: number): number {
  let h = (index + Math.imul(seed, 0x9e3779b1)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) >>> 0;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) >>> 0;
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 31 - 1;
}

/** Parameters in order: each one the next seed. */
class Parameters {
  private seed = 0;

  next(shape: readonly number[], scale: number, offset = 0): Tensor {
    const seed = ++this.seed;
    const size = shape.reduce((a, b) => a * b, 1);
    return constant(
      Float32Array.from({ length: size }, (_, i) => offset + scale * hashed(i, seed)),
      shape,
    );
  }

  /** Kernel [f, c / groups, k, k] whose outputs are about as large as its inputs. */
  kernel(filters: number, perGroup: number, size: number): Tensor {
    return this.next([filters, perGroup, size, size], Math.sqrt(3 / (perGroup * size * size)));
  }
}

/** Inference form, from its four parameters as networks ship them. */
function normalise(p: Parameters, x: Tensor): Tensor {
  const channels = [x.shape[1]];
  const scale = p.next(channels, 0.3, 1.2);
  const bias = p.next(channels, 0.1);
  const mean = p.next(channels, 0.1);
  const variance = p.next(channels, 0.3, 1);
  return batchNorm(x, { mean, variance }, { scale, bias });
}

interface ConvBlock {
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
}

function convNorm(p: Parameters, x: Tensor, filters: number, block: ConvBlock): Tensor {
  const { kernel, stride = 1, groups = 1 } = block;
  const border = (kernel - 1) >> 1;
  const y = conv2d(x, p.kernel(filters, x.shape[1] / groups, kernel), undefined, {
    strides: [stride, stride],
    pads: [border, border, border, border],
    groups,
  });
  return normalise(p, y);
}

function classify(p: Parameters, x: Tensor): Tensor {
  const features = mean(x, { axes: [2, 3] });
  const weights = p.next([x.shape[1], 1000], Math.sqrt(3 / x.shape[1]));
  return add(matmul(features, weights), p.next([1000], 0.1));
}

/** He et al. 2016, with the stride in the 3x3 convolution. */
function resnet50(x: Tensor): Tensor {
  const p = new Parameters();
  let y = relu(convNorm(p, x, 64, { kernel: 7, stride: 2 }));
  y = maxPool2d(y, { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  [3, 4, 6, 3].forEach((blocks, stage) => {
    const width = 64 << stage;
    for (let i = 0; i < blocks; i++) {
      const stride = i === 0 && stage > 0 ? 2 : 1;
      let inner = relu(convNorm(p, y, width, { kernel: 1 }));
      inner = relu(convNorm(p, inner, width, { kernel: 3, stride }));
      inner = convNorm(p, inner, 4 * width, { kernel: 1 });
      const shortcut = i === 0 ? convNorm(p, y, 4 * width, { kernel: 1, stride }) : y;
      y = relu(add(inner, shortcut));
    }
  });
  return classify(p, y);
}

const relu6 = (x: Tensor): Tensor => clip(x, 0, 6);

/** Howard et al. 2017, width 1. */
function mobileNetV1(x: Tensor): Tensor {
  const p = new Parameters();
  let y = relu6(convNorm(p, x, 32, { kernel: 3, stride: 2 }));
  const layers: readonly (readonly [number, number])[] = [
    [64, 1],
    [128, 2],
    [128, 1],
    [256, 2],
    [256, 1],
    [512, 2],
    ...Array.from({ length: 5 }, () => [512, 1] as const),
    [1024, 2],
    [1024, 1],
  ];
  for (const [filters, stride] of layers) {
    y = relu6(convNorm(p, y, y.shape[1], { kernel: 3, stride, groups: y.shape[1] }));
    y = relu6(convNorm(p, y, filters, { kernel: 1 }));
  }
  return classify(p, y);
}

/** Sandler et al. 2018, width 1. */
function mobileNetV2(x: Tensor): Tensor {
  const p = new Parameters();
  let y = relu6(convNorm(p, x, 32, { kernel: 3, stride: 2 }));
  const stages: readonly (readonly [number, number, number, number])[] = [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
  ];
  for (const [expansion, filters, blocks, first] of stages) {
    for (let i = 0; i < blocks; i++) {
      const stride = i === 0 ? first : 1;
      const width = y.shape[1] * expansion;
      let inner = y;
      if (expansion > 1) inner = relu6(convNorm(p, inner, width, { kernel: 1 }));
      inner = relu6(convNorm(p, inner, width, { kernel: 3, stride, groups: width }));
      inner = convNorm(p, inner, filters, { kernel: 1 });
      y = stride === 1 && y.shape[1] === filters ? add(y, inner) : inner;
    }
  }
  return classify(p, relu6(convNorm(p, y, 1280, { kernel: 1 })));
}

/** Ronneberger et al. 2015 with batch norm and padded convolutions; 32 channels at full size, 512 at the bottom. */
function unet(x: Tensor): Tensor {
  const p = new Parameters();
  const twice = (input: Tensor, filters: number): Tensor =>
    relu(convNorm(p, relu(convNorm(p, input, filters, { kernel: 3 })), filters, { kernel: 3 }));
  const skips: Tensor[] = [];
  let y = x;
  for (const filters of [32, 64, 128, 256]) {
    y = twice(y, filters);
    skips.push(y);
    y = maxPool2d(y, { kernel: [2, 2] });
  }
  y = twice(y, 512);
  for (const skip of skips.toReversed()) {
    const filters = skip.shape[1];
    const up = convTranspose2d(y, p.kernel(y.shape[1], filters, 2), { strides: [2, 2] });
    y = twice(concat([skip, add(up, p.next([filters, 1, 1], 0.1))], 1), filters);
  }
  return conv2d(y, p.kernel(3, 32, 1), p.next([3], 0.1));
}

/** Karras et al. 2018: nearest upsampling, two convolutions a level, leaky ReLU 0.2, pixel norm; half its width. */
function progressiveGenerator(latent: Tensor): Tensor {
  const p = new Parameters();
  const pixelNorm = (t: Tensor): Tensor =>
    div(t, sqrt(add(mean(mul(t, t), { axes: [1], keepDims: true }), 1e-8)));
  const layer = (t: Tensor, filters: number): Tensor =>
    pixelNorm(
      leakyRelu(
        conv2d(t, p.kernel(filters, t.shape[1], 3), p.next([filters], 0.1), { pads: [1, 1, 1, 1] }),
        0.2,
      ),
    );
  const widths = [256, 256, 256, 256, 128, 64, 32, 16];
  const dense = matmul(pixelNorm(latent), p.next([latent.shape[1], 16 * widths[0]], 0.1));
  let y = pixelNorm(leakyRelu(reshape(dense, [1, widths[0], 4, 4]), 0.2));
  y = layer(y, widths[0]);
  for (const width of widths.slice(1)) {
    y = resize2d(y, {
      size: [2 * y.shape[2], 2 * y.shape[3]],
      mode: 'nearest',
      coordinates: 'asymmetric',
    });
    y = layer(layer(y, width), width);
  }
  return conv2d(y, p.kernel(3, y.shape[1], 1), p.next([3], 0.1));
}

/** The five networks of the target. */
export const NETWORKS: readonly Network[] = [
  { name: 'resnet50 112²', shape: [1, 3, 112, 112], apply: resnet50 },
  { name: 'mobilenet v1 224²', shape: [1, 3, 224, 224], apply: mobileNetV1 },
  { name: 'mobilenet v2 224²', shape: [1, 3, 224, 224], apply: mobileNetV2 },
  { name: 'unet 256²', shape: [1, 3, 256, 256], apply: unet },
  { name: 'progressive generator 512²', shape: [1, 512], apply: progressiveGenerator },
];
