// Two real networks, written with this package's operations on the tensors of their safetensors files: 3DDFA_V2's
// MobileNet (Guo et al. 2020) and FaceBoxes (Zhang et al. 2017).
import * as g from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import type { StoredTensor } from '../pytorch/fixtures.ts';

export type Weights = Readonly<Record<string, StoredTensor>>;
type Quad = readonly [number, number, number, number];
type Pair = readonly [number, number];

const constantOf = (weights: Weights, name: string): Tensor => {
  const { data, shape } = weights[name];
  return g.constant(data, shape);
};

/** Convolution, batch normalisation in inference (epsilon 1e-5), without activation. */
function convNorm(
  weights: Weights,
  [conv, norm]: readonly [string, string],
  x: Tensor,
  options: g.Conv2dOptions = {},
): Tensor {
  const part = (name: string): Tensor => constantOf(weights, `${norm}.${name}`);
  return g.batchNorm(
    g.conv2d(x, constantOf(weights, `${conv}.weight`), undefined, options),
    { mean: part('running_mean'), variance: part('running_var') },
    { scale: part('weight'), bias: part('bias') },
  );
}

const BLOCKS: readonly (readonly [string, number])[] = [
  ['dw2_1', 1],
  ['dw2_2', 2],
  ['dw3_1', 1],
  ['dw3_2', 2],
  ['dw4_1', 1],
  ['dw4_2', 2],
  ['dw5_1', 1],
  ['dw5_2', 1],
  ['dw5_3', 1],
  ['dw5_4', 1],
  ['dw5_5', 1],
  ['dw5_6', 2],
  ['dw6', 1],
];
const ONE: Quad = [1, 1, 1, 1];

/** x: [n, 3, 120, 120], BGR, (v - 127.5) / 128. Returns 62 parameters (standardised) and 136 landmark coordinates. */
export function mobilenet3ddfa(weights: Weights, x: Tensor): { parameters: Tensor; landmarks: Tensor } {
  let h = g.relu(convNorm(weights, ['conv1', 'bn1'], x, { strides: [2, 2], pads: ONE }));
  for (const [name, stride] of BLOCKS) {
    const depthwise = { strides: [stride, stride], pads: ONE, groups: h.shape[1] } as const;
    h = g.relu(convNorm(weights, [`${name}.conv_dw`, `${name}.bn_dw`], h, depthwise));
    h = g.relu(convNorm(weights, [`${name}.conv_sep`, `${name}.bn_sep`], h));
  }
  const pooled = g.mean(h, { axes: [2, 3] });
  const head = (name: string): Tensor =>
    g.add(
      g.matmul(pooled, g.transpose(constantOf(weights, `${name}.weight`))),
      constantOf(weights, `${name}.bias`),
    );
  return { parameters: head('fc_param'), landmarks: head('fc_lm') };
}

/** x: [1, 3, h, w], BGR minus (104, 117, 123). Returns box codes [anchors, 4] and face probabilities [anchors]. */
export function faceBoxes(weights: Weights, x: Tensor): { boxes: Tensor; scores: Tensor } {
  const unit = (name: string, h: Tensor, stride = 1, pad = 0): Tensor =>
    convNorm(weights, [`${name}.conv`, `${name}.bn`], h, {
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
    });
  const relu = (name: string, h: Tensor, stride = 1, pad = 0): Tensor => g.relu(unit(name, h, stride, pad));
  const crelu = (h: Tensor): Tensor => g.relu(g.concat([h, g.neg(h)], 1));
  const pooled = { kernel: [3, 3] as Pair, strides: [2, 2] as Pair, pads: ONE };
  const inception = (name: string, h: Tensor): Tensor => {
    const branch = (part: string, from: Tensor, pad = 0): Tensor => relu(`${name}.${part}`, from, 1, pad);
    // The pool counts its padding: nine ninths everywhere.
    const average = g.averagePool2d(g.pad(h, [0, 0, 1, 1], [0, 0, 1, 1]), {
      kernel: [3, 3],
      strides: [1, 1],
    });
    return g.concat(
      [
        branch('branch1x1', h),
        branch('branch1x1_2', average),
        branch('branch3x3', branch('branch3x3_reduce', h), 1),
        branch('branch3x3_3', branch('branch3x3_2', branch('branch3x3_reduce_2', h), 1), 1),
      ],
      1,
    );
  };
  let h = g.maxPool2d(crelu(unit('conv1', x, 4, 3)), pooled);
  h = g.maxPool2d(crelu(unit('conv2', h, 2, 2)), pooled);
  const first = ['inception1', 'inception2', 'inception3'].reduce((from, name) => inception(name, from), h);
  const second = relu('conv3_2', relu('conv3_1', first), 2, 1);
  const third = relu('conv4_2', relu('conv4_1', second), 2, 1);
  const heads = (kind: 'loc' | 'conf', width: number): Tensor =>
    g.concat(
      [first, second, third].map((from, level) => {
        const y = g.conv2d(
          from,
          constantOf(weights, `${kind}.${level}.weight`),
          constantOf(weights, `${kind}.${level}.bias`),
          { pads: ONE },
        );
        return g.reshape(g.transpose(y, [0, 2, 3, 1]), [-1, width]);
      }),
      0,
    );
  const probabilities = g.softmax(heads('conf', 2));
  return {
    boxes: heads('loc', 4),
    scores: g.reshape(g.sliceAxis(probabilities, 1, 1, 2), [probabilities.shape[0]]),
  };
}

/** Centres and sizes of FaceBoxes' anchors, in pixels, in the order of its heads. */
export function faceBoxesAnchors(width: number, height: number): number[][] {
  const down = (extent: number): number => Math.floor((extent + 1) / 2);
  let rows = down(down(Math.floor((height - 1) / 4) + 1 /* conv1 */));
  let columns = down(down(Math.floor((width - 1) / 4) + 1));
  rows = down(rows);
  columns = down(columns);
  const anchors: number[][] = [];
  for (const [stride, sizes] of [
    [32, [32, 64, 128]],
    [64, [256]],
    [128, [512]],
  ] as const) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        for (const size of sizes) {
          const offsets = size === 32 ? [0, 0.25, 0.5, 0.75] : size === 64 ? [0, 0.5] : [0.5];
          for (const dy of offsets) {
            for (const dx of offsets) anchors.push([(x + dx) * stride, (y + dy) * stride, size]);
          }
        }
      }
    }
    rows = down(rows);
    columns = down(columns);
  }
  return anchors;
}

/** Boxes [left, top, right, bottom, score] above 0.5, without those that overlap a better one by more than 0.3. */
export function decodeFaceBoxes(
  codes: Float32Array,
  scores: Float32Array,
  anchors: readonly (readonly number[])[],
): number[][] {
  const boxes = anchors.flatMap(([x, y, size], i) => {
    if (!(scores[i] > 0.5)) return [];
    const [dx, dy, dw, dh] = codes.subarray(4 * i, 4 * i + 4);
    const [cx, cy] = [x + 0.1 * dx * size, y + 0.1 * dy * size];
    const [w, h] = [size * Math.exp(0.2 * dw), size * Math.exp(0.2 * dh)];
    return [[cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, scores[i]]];
  });
  boxes.sort((p, q) => q[4] - p[4]);
  const area = ([x0, y0, x1, y1]: number[]): number => (x1 - x0) * (y1 - y0);
  const kept: number[][] = [];
  for (const box of boxes) {
    const overlaps = kept.some((other) => {
      const width = Math.min(box[2], other[2]) - Math.max(box[0], other[0]);
      const height = Math.min(box[3], other[3]) - Math.max(box[1], other[1]);
      const both = Math.max(width, 0) * Math.max(height, 0);
      return both > 0.3 * (area(box) + area(other) - both);
    });
    if (!overlaps) kept.push(box);
  }
  return kept;
}
