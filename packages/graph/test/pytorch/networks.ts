// The networks of make-fixtures.py, written with this package's operations.
import * as g from '../../src/index.ts';
import type { Tensor, Tensors } from '../../src/index.ts';

/** What a network returns: values to compare, and for each loss (the first value if not said) the inputs to differentiate it by. */
export interface NetworkResult {
  readonly values: Tensors;
  readonly losses: readonly { readonly loss: Tensor; readonly by: (name: string) => boolean }[];
}

export type Network = (inputs: Tensors) => NetworkResult;

const everything = (loss: Tensor): NetworkResult['losses'] => [{ loss, by: () => true }];
const same = (k: number): readonly [number, number, number, number] => [k, k, k, k];
const channel = (x: Tensor): Tensor => g.reshape(x, [1, -1, 1, 1]);

/** [n, c] as a sum over classes of one-hot labels. */
function crossEntropy(logits: Tensor, labels: readonly number[]): Tensor {
  const [n, classes] = logits.shape;
  const hot = new Float32Array(n * classes);
  labels.forEach((label, row) => (hot[row * classes + label] = -1 / n));
  return g.sum(g.mul(g.logSoftmax(logits), g.constant(hot, [n, classes])));
}

export const residual =
  (training: boolean): Network =>
  (inputs) => {
    const running: Record<string, Tensor> = {};
    const unit = (name: string, h: Tensor, stride = 1, pad = 1): Tensor => {
      const y = g.conv2d(h, inputs[name], undefined, { strides: [stride, stride], pads: same(pad) });
      const statistics = { mean: inputs[`${name}.mean`], variance: inputs[`${name}.variance`] };
      const affine = { scale: inputs[`${name}.gamma`], bias: inputs[`${name}.beta`] };
      if (!training) return g.batchNorm(y, statistics, affine);
      const normalised = g.batchNormTraining(y, statistics, affine);
      running[`${name}.mean`] = normalised.running.mean;
      running[`${name}.variance`] = normalised.running.variance;
      return normalised.y;
    };
    let h = g.maxPool2d(g.relu(unit('stem', inputs['x'])), {
      kernel: [3, 3],
      strides: [2, 2],
      pads: same(1),
    });
    h = g.relu(g.add(unit('a2', g.relu(unit('a1', h))), h));
    h = g.relu(g.add(unit('b2', g.relu(unit('b1', h, 2))), unit('b0', h, 2, 0)));
    const logits = g.add(g.matmul(g.mean(h, { axes: [2, 3] }), inputs['fc']), inputs['bias']);
    const loss = crossEntropy(logits, [3, 0, 2]);
    return { values: { loss, logits, ...running }, losses: everything(loss) };
  };

export const mobilenet: Network = (t) => {
  const affine = (name: string, h: Tensor): Tensor =>
    g.add(g.mul(h, channel(t[`${name}.gamma`])), channel(t[`${name}.beta`]));
  const conv = (name: string, h: Tensor, options: g.Conv2dOptions = {}): Tensor =>
    g.conv2d(h, t[name], undefined, options);
  const relu6 = (h: Tensor): Tensor => g.clip(h, 0, 6);
  let h = g.hardSwish(affine('stem', conv('stem', t['x'], { strides: [2, 2], pads: same(1) })));
  let e = relu6(g.mul(affine('a.expand', conv('a.expand', h)), 3));
  e = relu6(affine('a.depth', conv('a.depth', e, { pads: same(1), groups: 48 })));
  const squeezed = g.relu(conv('a.squeeze', g.mean(e, { axes: [2, 3], keepDims: true })));
  const gate = g.hardSigmoid(conv('a.excite', squeezed), 1 / 6, 0.5);
  h = g.add(h, affine('a.project', conv('a.project', g.mul(e, gate))));
  e = g.hardSwish(affine('b.expand', conv('b.expand', h)));
  e = g.hardSwish(affine('b.depth', conv('b.depth', e, { strides: [2, 2], pads: [1, 1, 2, 2], groups: 48 })));
  h = affine('b.project', conv('b.project', e));
  const scores = g.softmax(g.matmul(g.hardSwish(g.mean(h, { axes: [2, 3] })), t['fc']), 1);
  const loss = g.sum(g.mul(scores, t['probe']));
  return { values: { loss, scores }, losses: everything(loss) };
};

const FADE = 0.3;

export const progressive: Network = (t) => {
  const conv = (name: string, h: Tensor, pad?: number, gain = 2): Tensor => {
    const [, inputs, kernel] = t[name].shape;
    const weights = g.mul(t[name], Math.sqrt(gain / (inputs * kernel * kernel)));
    return g.conv2d(h, weights, t[`${name}.bias`], { pads: same(pad ?? Math.floor(kernel / 2)) });
  };
  const act = (h: Tensor): Tensor => g.leakyRelu(h, 0.2);
  const size = (h: Tensor, factor: number): [number, number] => [h.shape[2] * factor, h.shape[3] * factor];
  const up = (h: Tensor): Tensor =>
    g.resize2d(h, { size: size(h, 2), mode: 'nearest', coordinates: 'asymmetric' });
  const down = (h: Tensor): Tensor => g.averagePool2d(h, { kernel: [2, 2] });
  const fade = (low: Tensor, high: Tensor): Tensor => g.add(g.mul(low, 1 - FADE), g.mul(high, FADE));
  const block = (name: string, h: Tensor, pad?: number): Tensor => g.pixelNorm(act(conv(name, h, pad)));

  const generator = (z: Tensor): Tensor => {
    let h = g.reshape(g.pixelNorm(z), [3, 24, 1, 1]);
    h = up(block('g.first', block('g.dense', h, 3)));
    h = block('g.low2', block('g.low', h));
    const low = conv('g.rgb.low', h, 0, 1);
    h = block('g.high2', block('g.high', up(h)));
    return fade(up(low), conv('g.rgb.high', h, 0, 1));
  };
  const critic = (image: Tensor): Tensor => {
    const high = down(act(conv('d.high', act(conv('d.rgb.high', image)))));
    let h = fade(act(conv('d.rgb.low', down(image))), high);
    h = down(act(conv('d.low', h)));
    const distance = g.sub(h, g.mean(h, { axes: [0], keepDims: true }));
    const variance = g.mean(g.mul(distance, distance), { axes: [0] });
    const deviation = g.mean(g.sqrt(g.add(variance, 1e-8)));
    h = g.concat([h, g.expand(g.reshape(deviation, [1, 1, 1, 1]), [3, 1, 4, 4])], 1);
    h = act(conv('d.dense', act(conv('d.last', h)), 0));
    return g.reshape(conv('d.score', h, 0, 1), [3]);
  };

  const image = generator(t['z']);
  const generatorLoss = g.neg(g.mean(critic(image)));
  const fixed = g.stopGradient(image);
  const between = g.add(g.mul(t['mix'], t['real']), g.mul(g.sub(1, t['mix']), fixed));
  const [slope] = g.gradients(g.sum(critic(between)), [between]);
  const lengths = g.sqrt(g.sum(g.mul(slope, slope), { axes: [1, 2, 3] }));
  const excess = g.sub(lengths, 1);
  const penalty = g.mul(g.mean(g.mul(excess, excess)), 10);
  const scores = critic(t['real']);
  const drift = g.mul(g.mean(g.mul(scores, scores)), 0.001);
  const criticLoss = g.add(g.add(g.sub(g.mean(critic(fixed)), g.mean(scores)), penalty), drift);
  return {
    values: { image, generatorLoss, criticLoss, penalty },
    losses: [
      { loss: generatorLoss, by: (name) => !name.startsWith('d.') },
      { loss: criticLoss, by: (name) => name.startsWith('d.') },
    ],
  };
};

export const unet: Network = (t) => {
  const conv = (name: string, h: Tensor, stride = 1, pad = 1, dilation = 1): Tensor =>
    g.conv2d(h, t[name], undefined, {
      strides: [stride, stride],
      pads: same(pad),
      dilations: [dilation, dilation],
    });
  const norm = (name: string, h: Tensor): Tensor =>
    g.silu(g.groupNorm(h, 4, { scale: t[`${name}.gamma`], bias: t[`${name}.beta`] }));
  const unit = (name: string, h: Tensor): Tensor => norm(name, conv(name, h));
  const a = unit('in', t['x']);
  const b = norm('down1', conv('down1', a, 2));
  let c = unit('down2', g.maxPool2d(b, { kernel: [2, 2] }));
  c = g.add(c, norm('middle', conv('middle', c, 1, 2, 2)));
  const up1 = g.convTranspose2d(c, t['up1'], { strides: [2, 2], pads: same(1) });
  const d = unit('join1', g.concat([up1, b], 1));
  const up2 = g.add(g.convTranspose2d(d, t['up2'], { strides: [2, 2] }), channel(t['up2.bias']));
  const e = unit('join2', g.concat([up2, a], 1));
  const coarse = g.resize2d(d, { size: [32, 32] });
  const mask = g.sigmoid(conv('out', g.concat([e, coarse], 1), 1, 0));
  const { target } = t;
  const axes = [2, 3];
  const overlap = g.sum(g.mul(mask, target), { axes });
  const total = g.add(g.sum(mask, { axes }), g.sum(target, { axes }));
  const dice = g.sub(1, g.mean(g.div(g.add(g.mul(overlap, 2), 1), g.add(total, 1))));
  const distance = g.sub(mask, target);
  const loss = g.add(dice, g.mean(g.mul(distance, distance)));
  return { values: { loss, mask }, losses: everything(loss) };
};

const RENDER_SIZE = 40;

/** Rows of x [n, k] at `indices` (numbers known now). */
function rows(x: Tensor, indices: ArrayLike<number>): Tensor {
  return g.gather(
    x,
    g.constant(BigInt64Array.from(Array.from(indices, (index) => BigInt(index))), [indices.length], 'int64'),
  );
}

/** Column `index` of x [n, k] as [n, 1]. */
const column = (x: Tensor, index: number): Tensor => g.sliceAxis(x, 1, index, index + 1);

/**
 * A differentiable-rendering step: rigid pose, perspective projection, vertex normals, perspective-correct barycentrics
 * of given triangles, texture sampling, spherical-harmonics shading, L1 loss.
 */
export const rendering =
  (
    data: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>,
  ): Network =>
  (t) => {
    const host = (name: string): Tensor => g.constant(data[`data:${name}`].data, data[`data:${name}`].shape);
    const cornersOf = (name: string): number[][] => {
      const { data: ids } = data[`data:${name}`];
      return [0, 1, 2].map((corner) => Array.from(ids.filter((_, i) => i % 3 === corner)));
    };
    const half = RENDER_SIZE / 2;
    const vertices = g.add(host('rest'), t['relief']);
    const rotation = g.rotationFromAxisAngle(t['rotation']);
    const seen = g.add(
      g.add(g.matmul(vertices, g.transpose(rotation)), t['translation']),
      g.constant([0, 0, -4]),
    );
    const depth = g.neg(column(seen, 2));
    const perPixel = g.div(g.exp(t['logFocal']), depth);
    const screen = g.concat(
      [g.add(g.mul(column(seen, 0), perPixel), half), g.add(g.neg(g.mul(column(seen, 1), perPixel)), half)],
      1,
    );
    const length = (x: Tensor): Tensor =>
      g.sqrt(g.add(g.sum(g.mul(x, x), { axes: [1], keepDims: true }), 1e-12));
    const triangles = cornersOf('triangles');
    const [p0, p1, p2] = triangles.map((corner) => rows(vertices, corner));
    const faceNormals = g.cross(g.sub(p1, p0), g.sub(p2, p0));
    let normals = g.zeros(vertices.shape);
    for (const corner of triangles) {
      const ids = BigInt64Array.from(corner.map(BigInt));
      normals = g.scatterAdd(normals, g.constant(ids, [ids.length], 'int64'), faceNormals);
    }
    normals = g.div(normals, length(normals));

    const covered = data['data:covered'].data;
    const centres = g.constant(
      Float32Array.from({ length: 2 * covered.length }, (_, i) => {
        const pixel = covered[i >> 1];
        return (i % 2 === 0 ? pixel % RENDER_SIZE : Math.floor(pixel / RENDER_SIZE)) + 0.5;
      }),
      [covered.length, 2],
    );
    const faces = cornersOf('face');
    const [a, b, c] = faces.map((corner) => rows(screen, corner));
    const edge = (p: Tensor, q: Tensor): Tensor => {
      const along = g.sub(q, p);
      const to = g.sub(centres, p);
      return g.sub(g.mul(column(along, 0), column(to, 1)), g.mul(column(along, 1), column(to, 0)));
    };
    const raw = [edge(b, c), edge(c, a), edge(a, b)].map((area, corner) =>
      g.div(area, rows(depth, faces[corner])),
    );
    const total = raw.reduce((p, q) => g.add(p, q));
    const weights = raw.map((weight) => g.div(weight, total));
    const interpolate = (attribute: Tensor): Tensor =>
      faces
        .map((corner, index) => g.mul(rows(attribute, corner), weights[index]))
        .reduce((p, q) => g.add(p, q));

    const at = g.sub(g.mul(interpolate(host('uv')), 2), 1);
    const sampled = g.gridSample(t['texture'], g.reshape(at, [1, 1, covered.length, 2]), {
      padding: 'border',
    });
    const colour = g.transpose(g.reshape(sampled, [3, covered.length]));
    const n = interpolate(normals);
    const unit = g.div(n, length(n));
    const [x, y, z] = [0, 1, 2].map((axis) => column(unit, axis));
    const basis = g.concat(
      [
        g.ones(x.shape),
        y,
        z,
        x,
        g.mul(x, y),
        g.mul(y, z),
        g.sub(g.mul(g.mul(z, z), 3), 1),
        g.mul(x, z),
        g.sub(g.mul(x, x), g.mul(y, y)),
      ],
      1,
    );
    const shaded = g.mul(colour, g.add(g.matmul(basis, t['light']), 0.6));
    const loss = g.mean(g.abs(g.sub(shaded, rows(t['target'], covered))));
    return { values: { loss, shaded, screen }, losses: everything(loss) };
  };
