// The path of a user's own ArcFace ONNX: random-weight networks of that shape, all layouts, guesses, refusals, gradients.
import {
  compile,
  exportOnnx,
  globalAveragePool,
  trace,
  conv2d,
  constant,
  valueAndGrad,
  type Tensor,
} from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  arcFaceNetwork,
  compileIdentityNetwork,
  embeddingSimilarity,
  IdentityNetworkError,
  type ArcFaceNetwork,
  type IdentityNetworkDescription,
} from '../../src/analysis/index.ts';
import { contentLoss, identityLoss } from '../../src/losses/index.ts';
import { buildModel } from '../../../graph/test/fixtures/onnx-builder.ts';
import { iresnetOnnx } from './iresnet.ts';

const runtime = nodeRuntime();
const SMALL = { blocks: [1, 1, 1, 1], width: 4, sizePx: 32, embeddingLength: 24 } as const;

/** [n, 3, size, size] in 0..1, smooth. */
function picture(sizePx: number, n = 1, phase = 0): Float32Array {
  return Float32Array.from({ length: n * 3 * sizePx * sizePx }, (_, i) => {
    const [x, y] = [i % sizePx, Math.floor(i / sizePx) % sizePx];
    const plane = Math.floor(i / (sizePx * sizePx));
    return 0.5 + 0.4 * Math.sin(0.3 * x + plane + phase) * Math.cos(0.17 * y - 2 * plane);
  });
}

async function embed(network: ArcFaceNetwork, image: Float32Array): Promise<Float32Array> {
  const { sizePx } = network;
  const n = image.length / (3 * sizePx * sizePx);
  const program = await compile(
    (inputs) => network.embed(inputs['image']).embedding,
    { image: { shape: [n, 3, sizePx, sizePx] } },
    { runtime },
  );
  const { output } = await program.run({ image });
  await program.dispose();
  return output;
}

const apart = (a: Float32Array, b: Float32Array): number =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i])));

describe('a ResNet-50 of ArcFace’s shape', () => {
  let network: ArcFaceNetwork;
  beforeAll(() => {
    network = arcFaceNetwork(iresnetOnnx({ width: 8, embeddingLength: 64 }));
  });

  it('is taken without a description, and what was guessed is said', () => {
    expect(network.sizePx).toBe(112);
    expect(network.embeddingLength).toBe(64);
    expect(network.description).toMatchObject({ layout: 'nchw', channels: 'rgb', mean: 127.5, std: 127.5 });
    expect(network.guessed.join('\n')).toMatch(
      /nchw.*\n.*112 px.*\n.*red, green, blue.*\n.*127\.5.*\n.*five points/,
    );
  });

  it('finds an image the same as itself and its embedding of length 1', async () => {
    const compiled = await compileIdentityNetwork(network, { runtime });
    const [a, b, other] = [
      await compiled.embedCrop(picture(112)),
      await compiled.embedCrop(picture(112)),
      await compiled.embedCrop(picture(112, 1, 2)),
    ];
    expect(embeddingSimilarity(a, b)).toBeCloseTo(1, 5);
    expect(embeddingSimilarity(a, a)).toBeCloseTo(1, 5);
    expect(embeddingSimilarity(a, other)).toBeLessThan(0.999);
    await compiled.dispose();
  });

  it('passes identity and content gradients on to the picture', async () => {
    const shape = [1, 3, 112, 112];
    const loss = (image: Tensor, target: Tensor): { identity: Tensor; content: Tensor } => {
      const [seen, wanted] = [network.embed(image), network.embed(target)];
      // Twenty-four residual blocks.
      expect(Object.keys(seen.activations)).toHaveLength(24);
      return {
        identity: identityLoss(wanted.embedding, seen.embedding),
        content: contentLoss(wanted.activations, seen.activations),
      };
    };
    for (const term of ['identity', 'content'] as const) {
      const program = await compile(
        ({ image, target }) => {
          const both = valueAndGrad((inputs) => loss(inputs['image'], target)[term])({ image });
          return { value: both.value, gradient: both.gradients['image'] };
        },
        { image: { shape }, target: { shape } },
        { runtime },
      );
      const target = picture(112);
      const at = async (image: Float32Array): Promise<{ value: number; gradient: Float32Array }> => {
        const { value, gradient } = await program.run({ image, target });
        return { value: value[0], gradient };
      };
      expect((await at(target)).value).toBeCloseTo(0, 5);
      const start = picture(112, 1, 0.7);
      const { value, gradient } = await at(start);
      expect(value).toBeGreaterThan(1e-3);
      const length = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
      const step = 0.01;
      const moved = (sign: number): Float32Array =>
        start.map((v, i) => v + (sign * step * gradient[i]) / length);
      const slope = ((await at(moved(1))).value - (await at(moved(-1))).value) / (2 * step);
      expect(Math.abs(slope - length)).toBeLessThan(0.02 * length);
      await program.dispose();
    }
  });
});

describe('arcFaceNetwork', () => {
  const open = (
    options: Parameters<typeof iresnetOnnx>[0] = {},
    description?: IdentityNetworkDescription,
  ): ArcFaceNetwork => arcFaceNetwork(iresnetOnnx({ ...SMALL, ...options }), description);
  const image = picture(32);

  it('gives one embedding for one network in either layout', async () => {
    const plain = await embed(open(), image);
    const nhwc = open({ layout: 'nhwc' });
    expect(nhwc.description.layout).toBe('nhwc');
    expect(apart(await embed(nhwc, image), plain)).toBeLessThan(1e-5);
  });

  it('sees that a graph scales its input itself', async () => {
    const plain = await embed(open(), image);
    const own = open({ normalises: true });
    expect(own.description).toMatchObject({ mean: 0, std: 1 });
    expect(own.guessed.join()).toMatch(/scales its input itself/);
    expect(apart(await embed(own, image), plain)).toBeLessThan(1e-5);
  });

  it('takes colours in the order that is told, scaled as told', async () => {
    const plane = 32 * 32;
    const swapped = new Float32Array(image.length);
    for (let c = 0; c < 3; c++) swapped.set(image.subarray(c * plane, (c + 1) * plane), (2 - c) * plane);
    const plain = await embed(open(), image);
    expect(apart(await embed(open({}, { channels: 'bgr' }), swapped), plain)).toBeLessThan(1e-6);
    expect(apart(await embed(open({}, { channels: 'bgr' }), image), plain)).toBeGreaterThan(1e-3);
    // 255 (v - 0.2) / 51 = (255 v - 51) / 51, written for pictures that were shifted by as much.
    const shifted = image.map((v) => (v * 2 - 1) / 5 + 0.2);
    const told = open({}, { mean: [51, 51, 51], std: 51 });
    expect(apart(await embed(told, shifted), plain)).toBeLessThan(1e-5);
    expect(told.guessed.join()).not.toMatch(/127/);
  });

  it('takes any number of pictures from a file made for one, or for three', async () => {
    const pictures = picture(32, 4);
    const single = open();
    const rows = await Promise.all(
      [0, 1, 2, 3].map((i) => embed(single, pictures.subarray(i * 3072, (i + 1) * 3072))),
    );
    const wanted = Float32Array.from(rows.flatMap((row) => Array.from(row)));
    expect(apart(await embed(single, pictures), wanted)).toBeLessThan(1e-5);
    expect(apart(await embed(open({ batch: 3 }), pictures), wanted)).toBeLessThan(1e-5);
    const content = await compile(
      ({ x }) => open({ batch: 3 }).embed(x).activations,
      { x: { shape: [4, 3, 32, 32] } },
      { runtime },
    );
    expect(content.outputs.map(({ shape }) => shape[0])).toEqual([4, 4, 4, 4]);
    await content.dispose();
  });

  it('takes a batch at once where the graph bears it', async () => {
    const weights = constant(new Float32Array(20 * 3 * 9).fill(0.1), [20, 3, 3, 3]);
    const bytes = exportOnnx(({ data }) => globalAveragePool(conv2d(data, weights)), {
      data: { shape: [1, 3, 24, 24] },
    });
    const network = arcFaceNetwork(bytes);
    expect([network.sizePx, network.embeddingLength]).toEqual([24, 20]);
    const convolutions = (n: number): number =>
      trace((inputs) => network.embed(inputs['x']).embedding, {
        x: { shape: [n, 3, 24, 24] },
      }).nodes.filter(({ operation }) => operation === 'conv2d').length;
    expect([convolutions(1), convolutions(5)]).toEqual([1, 1]);
    expect((await embed(network, picture(24, 5))).length).toBe(100);
  });

  it('settles what a file leaves open: batch and size', async () => {
    const weights = Array.from({ length: 20 * 27 }, (_, i) => Math.sin(1.7 * i));
    const bytes = buildModel({
      inputs: [{ name: 'input.1', shape: ['None', 3, null, 'w'] }],
      nodes: [
        { op: 'Conv', name: 'conv', inputs: ['input.1', 'weights'], outputs: ['a'] },
        { op: 'Relu', name: 'relu', inputs: ['a'], outputs: ['b'] },
        { op: 'GlobalAveragePool', name: 'pool', inputs: ['b'], outputs: ['c'] },
        { op: 'Flatten', name: 'flatten', inputs: ['c'], outputs: ['683'] },
      ],
      outputs: [{ name: '683', shape: ['None', 20] }],
      initializers: [{ name: 'weights', dims: [20, 3, 3, 3], floats: weights }],
    });
    const guessing = arcFaceNetwork(bytes);
    expect(guessing.sizePx).toBe(112);
    expect(guessing.guessed.join()).toMatch(/112 px \(the file leaves it open\)/);
    const network = arcFaceNetwork(bytes, { sizePx: 40 });
    const pictures = picture(40, 2);
    const both = await embed(network, pictures);
    const one = await embed(network, pictures.subarray(4800));
    expect(apart(both.subarray(20), one)).toBeLessThan(1e-6);
    // No residual blocks: what the activation function gives is the layer.
    const traced = trace((inputs) => network.embed(inputs['x']).activations, {
      x: { shape: [2, 3, 40, 40] },
    });
    expect(Object.values(traced.outputs).map(({ shape }) => shape)).toEqual([[2, 20, 38, 38]]);
  });

  it('aligns as told', () => {
    const points = new Float32Array(468 * 3);
    const put = (i: number, x: number, y: number): void => points.set([x, y], i * 3);
    // The template itself, twice as large, shifted by (10, 20): eye corners around the eyes.
    const at = ([x, y]: readonly [number, number]): [number, number] => [
      2 * (x + 0.5) + 10,
      2 * (y + 0.5) + 20,
    ];
    const [right, left, nose, mouthRight, mouthLeft] = [
      at([38.2946, 51.6963]),
      at([73.5318, 51.5014]),
      at([56.0252, 71.7366]),
      at([41.5493, 92.3655]),
      at([70.7299, 92.2041]),
    ];
    put(33, right[0] - 9, right[1]);
    put(133, right[0] + 9, right[1]);
    put(362, left[0] - 9, left[1]);
    put(263, left[0] + 9, left[1]);
    put(4, ...nose);
    put(61, ...mouthRight);
    put(291, ...mouthLeft);
    const crop = arcFaceNetwork(iresnetOnnx({ ...SMALL, sizePx: 112 })).cropOf(points);
    for (const [i, value] of [0.5, 0, -5, 0, 0.5, -10].entries()) expect(crop[i]).toBeCloseTo(value, 3);
    const smaller = open().cropOf(points);
    expect(smaller[0]).toBeCloseTo((0.5 * 32) / 112, 4);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['a size that the file does not take', () => open({}, { sizePx: 64 }), /says sizePx 64, .* takes 32 px/],
    ['an output that is not there', () => open({}, { output: 'fc9' }), /"fc9", which its file does not have/],
    ['an unknown key', () => open({}, { size: 112 } as IdentityNetworkDescription), /"size" is no key/],
    ['a mean without a deviation', () => open({}, { mean: 127.5 }), /belong together/],
    [
      'a deviation of zero',
      () => open({}, { mean: 0, std: [1, 0, 1] }),
      /"std" should be one positive number/,
    ],
    ['four points', () => open({}, { alignment: [[1, 2]] }), /"alignment" should be/],
    [
      'a network that is no recogniser',
      () =>
        arcFaceNetwork(
          exportOnnx(({ data }) => globalAveragePool(data), { data: { shape: [1, 3, 24, 24] } }),
        ),
      /gives 3 numbers by its output .* too few/,
    ],
    [
      'a network without pictures',
      () => arcFaceNetwork(exportOnnx(({ data }) => data, { data: { shape: [1, 512] } })),
      /one input, a batch of colour pictures .* data \[1, 512\]/,
    ],
  ])('refuses %s in one sentence', (_, run, message) => {
    expect(run).toThrow(IdentityNetworkError);
    expect(run).toThrow(message);
  });
});
