// 3DDFA_V2's MobileNet and FaceBoxes against outputs that NumPy computed independently (data/nets beside the
// repository), on formula inputs and on photographs; and their gradients against central differences.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { readSafetensors } from '../pytorch/fixtures.ts';
import { largestDifference } from '../fixtures/evaluate.ts';
import { decodeFaceBoxes, faceBoxes, faceBoxesAnchors, mobilenet3ddfa } from './networks.ts';

const DATA = fileURLToPath(new URL('../../../../../shared/data/', import.meta.url));
const present = existsSync(`${DATA}nets/golden.json`);
if (!present)
  console.warn('SKIPPED: ../shared/data/nets is absent, 3DDFA_V2 and FaceBoxes are not compared.');

interface Golden {
  readonly '3ddfa_v2_mb05': { readonly fc_param_62: number[]; readonly fc_lm_136: number[] };
  readonly pictures: Readonly<
    Record<
      string,
      {
        readonly resizedTo: readonly [number, number];
        readonly boxes: readonly number[][];
        readonly landmarks: readonly { readonly roi: readonly number[]; readonly lm: readonly number[] }[];
      }
    >
  >;
  readonly faceboxes: {
    readonly anchors: number;
    readonly loc_sum: number;
    readonly loc_first8: number[];
    readonly loc_last4: number[];
    readonly score_first4: number[];
    readonly score_max: number;
    readonly score_argmax: number;
  };
}

const runtime = nodeRuntime();

/** The derivative along the gradient against a central difference. */
async function slopeError(
  loss: (x: g.Tensor) => g.Tensor,
  shape: readonly number[],
  x: Float32Array,
  step: number,
): Promise<number> {
  const forward = await g.compile(({ x: t }) => loss(t), { x: { shape } }, { runtime });
  const backward = await g.compile(
    g.grad(({ x: t }) => loss(t)),
    { x: { shape } },
    { runtime },
  );
  const { x: gradient } = await backward.run({ x });
  const length = Math.sqrt(gradient.reduce((total, part) => total + part * part, 0));
  const at = async (sign: number): Promise<number> =>
    (await forward.run({ x: x.map((value, i) => value + (sign * step * gradient[i]) / length) }))[
      'output'
    ][0];
  const slope = ((await at(1)) - (await at(-1))) / (2 * step);
  await forward.dispose();
  await backward.dispose();
  expect(length).toBeGreaterThan(0);
  return Math.abs(slope - length) / length;
}

/** Weighted sum with weights of both signs. */
const weighted = (x: g.Tensor): g.Tensor =>
  g.sum(
    g.mul(
      x,
      g.constant(
        Float32Array.from({ length: x.size }, (_, i) => ((i * 29) % 17) / 8 - 1),
        x.shape,
      ),
    ),
  );

describe.skipIf(!present)('networks of data/nets', () => {
  const golden = present
    ? (JSON.parse(readFileSync(`${DATA}nets/golden.json`, 'utf8')) as Golden)
    : ({} as Golden);
  const landmarkNet = present ? readSafetensors(`${DATA}nets/3ddfa_v2_mb05_120x120.safetensors`) : {};
  const boxNet = present ? readSafetensors(`${DATA}nets/faceboxes_prod.safetensors`) : {};
  const face = Float32Array.from({ length: 3 * 120 * 120 }, (_, i) => (((37 * i) % 256) - 127.5) / 128);
  const shape = [1, 3, 120, 120];

  it('3DDFA_V2: parameters and landmarks of the formula picture', async () => {
    const program = await g.compile(({ x }) => mobilenet3ddfa(landmarkNet, x), { x: { shape } }, { runtime });
    const { parameters, landmarks } = await program.run({ x: face });
    await program.dispose();
    // The goldens have six decimals, of values up to 5.
    expect(largestDifference(parameters, golden['3ddfa_v2_mb05'].fc_param_62)).toBeLessThan(2e-5);
    expect(largestDifference(landmarks, golden['3ddfa_v2_mb05'].fc_lm_136)).toBeLessThan(2e-6);
  });

  it('3DDFA_V2: the gradient by the picture is the slope that differences show', async () => {
    const loss = (x: g.Tensor): g.Tensor => {
      const { parameters, landmarks } = mobilenet3ddfa(landmarkNet, x);
      return g.add(weighted(parameters), weighted(landmarks));
    };
    // Steps from 0.002 down agree within 0.07%; larger ones cross ReLUs (3% at 0.02).
    expect(await slopeError(loss, shape, face, 0.001)).toBeLessThan(0.003);
  });

  /** Bytes of RGB pixels, row by row, as FaceBoxes takes them. */
  const boxInput = (rgb: ArrayLike<number>, width: number, height: number): Float32Array => {
    const plane = width * height;
    const means = [104, 117, 123];
    const out = new Float32Array(3 * plane);
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < plane; i++) out[c * plane + i] = rgb[3 * i + 2 - c] - means[c];
    }
    return out;
  };
  const pattern = (): Float32Array => {
    const rgb = Array.from({ length: 160 * 128 }, (_, i) => {
      const [x, y] = [i % 160, Math.floor(i / 160)];
      return [(3 * y + 5 * x) % 256, (x * y) % 256, (7 * y + 2 * x) % 256];
    });
    return boxInput(rgb.flat(), 160, 128);
  };

  it('FaceBoxes: codes and scores of the formula picture', async () => {
    const program = await g.compile(
      ({ x }) => faceBoxes(boxNet, x),
      { x: { shape: [1, 3, 128, 160] } },
      { runtime },
    );
    const { boxes, scores } = await program.run({ x: pattern() });
    await program.dispose();
    const { faceboxes } = golden;
    expect(scores.length).toBe(faceboxes.anchors);
    expect(largestDifference(boxes.slice(0, 8), faceboxes.loc_first8)).toBeLessThan(2e-5);
    expect(largestDifference(boxes.slice(-4), faceboxes.loc_last4)).toBeLessThan(2e-5);
    expect(Math.abs(boxes.reduce((a, b) => a + b, 0) - faceboxes.loc_sum)).toBeLessThan(2e-3);
    expect(largestDifference(scores.slice(0, 4), faceboxes.score_first4)).toBeLessThan(1e-6);
    expect(Math.abs(Math.max(...scores) - faceboxes.score_max)).toBeLessThan(1e-6);
    expect(scores.indexOf(Math.max(...scores))).toBe(faceboxes.score_argmax);
  });

  it('FaceBoxes: the gradient by the picture is the slope that differences show', async () => {
    const loss = (x: g.Tensor): g.Tensor => {
      const { boxes, scores } = faceBoxes(boxNet, x);
      return g.add(weighted(boxes), weighted(scores));
    };
    // Measured 0.2% and less for steps from 0.05 to 2.
    expect(await slopeError(loss, [1, 3, 128, 160], pattern(), 1)).toBeLessThan(0.005);
  });

  // Those that the goldens took at their own size; the others were resized in a way that is not recorded.
  it.each(['astronaut.png', 'camera.png', 'obama_240p.jpg', 'noface_cat.png', 'cartoon_face.png'])(
    'FaceBoxes: the boxes in %s',
    async (name) => {
      const { resizedTo, boxes: expected } = golden.pictures[name];
      const { data, info } = await sharp(`${DATA}photos/${name}`)
        .flatten({ background: '#000' })
        .toColourspace('srgb')
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect([info.width, info.height, info.channels]).toEqual([...resizedTo, 3]);
      const program = await g.compile(
        ({ x }) => faceBoxes(boxNet, x),
        { x: { shape: [1, 3, info.height, info.width] } },
        { runtime },
      );
      const { boxes, scores } = await program.run({ x: boxInput(data, info.width, info.height) });
      await program.dispose();
      const found = decodeFaceBoxes(boxes, scores, faceBoxesAnchors(info.width, info.height));
      expect(found).toHaveLength(expected.length);
      found.forEach((box, i) => {
        expect(largestDifference(box.slice(0, 4), expected[i].slice(0, 4))).toBeLessThan(0.02);
        expect(Math.abs(box[4] - expected[i][4])).toBeLessThan(1e-4);
      });
    },
  );
});
