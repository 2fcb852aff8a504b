/**
 * An identity network that no loss of ours ever sees: dlib's face recognition ResNet (D. King; weights CC0) as the npm package
 * `@vladmandic/face-api` (MIT) ships it. That file holds weights without a graph, so the 29 layers are written down here from the
 * published architecture and run on our own graph. Pictures are cut as that package cuts them: the landmarks' box grown by a
 * fifth, the longer side 150 px, black beside it.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { cropMatrix, cropPhoto } from '@likeness/core/analysis';
import type { Photo } from '@likeness/core/image';
import {
  add,
  averagePool2d,
  compile,
  constant,
  conv2d,
  matmul,
  maxPool2d,
  mean,
  pad,
  relu,
} from '@likeness/graph';
import type { Tensor } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';

export interface OutsideNetwork extends AsyncDisposable {
  readonly name: string;
  /** @param points68 [68, 2] iBUG points in pixels. @returns 128 numbers; distances below 0.6 mean one person */
  embed(photo: Photo, points68: ArrayLike<number>): Promise<Float32Array>;
  /** Where the network wants a face: a render is drawn straight into it, so that nothing is resampled twice. */
  cropOf(points68: ArrayLike<number>): OutsideCrop;
  /**
   * @param image [3, sizePx, sizePx] or [1, 3, sizePx, sizePx] RGB, sRGB-encoded 0..1; values beyond are clipped, as an 8-bit picture
   *   would be. What lies beside the face's box is blackened here. @returns 128 numbers, as `embed`
   */
  embedCrop(image: Float32Array, crop: OutsideCrop): Promise<Float32Array>;
}

/** A face's place in the network's square. */
export interface OutsideCrop {
  readonly sizePx: number;
  /** [2, 3] row-major: photo pixels -> crop pixels, pixel centres at +0.5. */
  readonly matrix: Float32Array;
  /** Half the face's box in crop pixels; beside it the network sees black. */
  readonly halfWidthPx: number;
  readonly halfHeightPx: number;
}

const PACKAGE = '@vladmandic/face-api';
const WEIGHTS = 'face_recognition_model';
const INPUT_PX = 150;
const MEAN_RGB = [122.782, 117.001, 104.298] as const;
/** The box of the landmarks is grown by this share of its size, half of it on either side. */
const BOX_PADDING = 0.2;

interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly quantization?: { readonly dtype: string; readonly scale: number; readonly min: number };
}

/** Folder of the package's weights, where it is installed. */
export function outsideNetworkFolder(): string | undefined {
  try {
    const folder = join(dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)), 'model');
    return existsSync(join(folder, `${WEIGHTS}-weights_manifest.json`)) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** @param folder of the weights and their manifest */
export async function openOutsideNetwork(folder: string): Promise<OutsideNetwork> {
  const weights = await readWeights(folder);
  const program = await compile(
    ({ picture }) => dlibResNet(picture, weights),
    { picture: { shape: [1, 3, INPUT_PX, INPUT_PX] } },
    { runtime: nodeRuntime(), threads: 2 },
  );
  const run = async (picture: Float32Array): Promise<Float32Array> =>
    Object.values(await program.run({ picture }))[0].slice();
  return {
    name: 'dlib ResNet (face-api)',
    embed: (photo, points68) => {
      const crop = placeFace(points68);
      return run(normalised(cropPhoto(photo, crop.matrix, INPUT_PX, 0), crop));
    },
    cropOf: placeFace,
    embedCrop: async (image, crop) => {
      if (image.length !== 3 * INPUT_PX * INPUT_PX)
        throw new RangeError(
          `dlib's network looks at [3, ${INPUT_PX}, ${INPUT_PX}], but got ${image.length} numbers.`,
        );
      return run(normalised(image, crop));
    },
    [Symbol.asyncDispose]: async () => {
      await program.dispose();
    },
  };
}

/** [1, 3, 150, 150] -> [1, 128]. */
function dlibResNet(picture: Tensor, weights: ReadonlyMap<string, Weight>): Tensor {
  const layer = (x: Tensor, name: string, kind: 'down' | 'same'): Tensor => {
    const filters = weight(weights, `${name}/conv/filters`);
    const [height, width, channels, count] = filters.shape;
    const bias = weight(weights, `${name}/conv/bias`).data;
    const gain = weight(weights, `${name}/scale/weights`).data;
    const offset = weight(weights, `${name}/scale/biases`).data;
    // HWIO to OIHW, with the channel's scale folded in: s (w * x + b) + t.
    const kernel = new Float32Array(filters.data.length);
    for (let o = 0; o < count; o++)
      for (let i = 0; i < channels; i++)
        for (let k = 0; k < height * width; k++)
          kernel[(o * channels + i) * height * width + k] =
            gain[o] * filters.data[(k * channels + i) * count + o];
    return conv2d(
      x,
      constant(kernel, [count, channels, height, width]),
      constant(Float32Array.from(bias, (b, o) => gain[o] * b + offset[o])),
      kind === 'down' ? { strides: [2, 2] } : { pads: [1, 1, 1, 1] },
    );
  };
  const residual = (x: Tensor, name: string): Tensor =>
    relu(add(layer(relu(layer(x, `${name}/conv1`, 'same')), `${name}/conv2`, 'same'), x));
  const residualDown = (x: Tensor, name: string): Tensor => {
    const out = layer(relu(layer(x, `${name}/conv1`, 'down')), `${name}/conv2`, 'same');
    const pooled = averagePool2d(x, { kernel: [2, 2] });
    // The pooled branch gains zero channels, the other one zero rows and columns where it came out smaller.
    const size = pooled.shape.map((extent, axis) => Math.max(extent, out.shape[axis]));
    const grown = (t: Tensor): Tensor =>
      pad(
        t,
        [0, 0, 0, 0],
        size.map((extent, axis) => extent - t.shape[axis]),
      );
    return relu(add(grown(pooled), grown(out)));
  };
  let x = maxPool2d(relu(layer(picture, 'conv32_down', 'down')), { kernel: [3, 3], strides: [2, 2] });
  for (const name of ['conv32_1', 'conv32_2', 'conv32_3']) x = residual(x, name);
  x = residualDown(x, 'conv64_down');
  for (const name of ['conv64_1', 'conv64_2', 'conv64_3']) x = residual(x, name);
  x = residualDown(x, 'conv128_down');
  for (const name of ['conv128_1', 'conv128_2']) x = residual(x, name);
  x = residualDown(x, 'conv256_down');
  for (const name of ['conv256_1', 'conv256_2']) x = residual(x, name);
  x = residualDown(x, 'conv256_down_out');
  const fc = weight(weights, 'fc');
  return matmul(mean(x, { axes: [2, 3] }), constant(fc.data, fc.shape));
}

interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

function weight(weights: ReadonlyMap<string, Weight>, name: string): Weight {
  const found = weights.get(name);
  if (found === undefined)
    throw new Error(`The weights of ${PACKAGE} hold no "${name}": install version 1.7.`);
  return found;
}

/** TensorFlow.js' weight files: float32, or uint8 with scale and minimum. */
async function readWeights(folder: string): Promise<Map<string, Weight>> {
  const manifest = JSON.parse(
    await readFile(join(folder, `${WEIGHTS}-weights_manifest.json`), 'utf8'),
  ) as readonly { readonly paths: readonly string[]; readonly weights: readonly WeightEntry[] }[];
  const out = new Map<string, Weight>();
  for (const group of manifest) {
    const parts = await Promise.all(group.paths.map((path) => readFile(join(folder, path))));
    const bytes = Buffer.concat(parts);
    let at = 0;
    for (const { name, shape, quantization } of group.weights) {
      const count = shape.reduce((a, b) => a * b, 1);
      const data = new Float32Array(count);
      if (quantization === undefined) {
        for (let i = 0; i < count; i++) data[i] = bytes.readFloatLE(at + 4 * i);
        at += 4 * count;
      } else {
        for (let i = 0; i < count; i++) data[i] = quantization.scale * bytes[at + i] + quantization.min;
        at += count;
      }
      out.set(name, { shape, data });
    }
  }
  return out;
}

/** The landmarks' box, grown, its longer side filling the square. */
function placeFace(points: ArrayLike<number>): OutsideCrop {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < 68; i++) {
    left = Math.min(left, points[i * 2]);
    right = Math.max(right, points[i * 2]);
    top = Math.min(top, points[i * 2 + 1]);
    bottom = Math.max(bottom, points[i * 2 + 1]);
  }
  const [width, height] = [(right - left) * (1 + BOX_PADDING), (bottom - top) * (1 + BOX_PADDING)];
  const scale = Math.max(width, height) / INPUT_PX;
  const [cx, cy] = [(left + right) / 2, (top + bottom) / 2];
  return {
    sizePx: INPUT_PX,
    matrix: cropMatrix({
      a: scale,
      b: 0,
      c: cx - (scale * INPUT_PX) / 2,
      d: 0,
      e: scale,
      f: cy - (scale * INPUT_PX) / 2,
    }),
    halfWidthPx: width / scale / 2,
    halfHeightPx: height / scale / 2,
  };
}

/** What the network gets of a crop: (v - mean) / 255 of 8-bit values v, black beside the box. */
function normalised(image: Float32Array, { halfWidthPx, halfHeightPx }: OutsideCrop): Float32Array {
  const plane = INPUT_PX * INPUT_PX;
  return Float32Array.from({ length: 3 * plane }, (_, k) => {
    const i = k % plane;
    const inside =
      Math.abs((i % INPUT_PX) + 0.5 - INPUT_PX / 2) <= halfWidthPx &&
      Math.abs(Math.floor(i / INPUT_PX) + 0.5 - INPUT_PX / 2) <= halfHeightPx;
    const value = inside ? 255 * Math.min(1, Math.max(0, image[k])) : 0;
    return (value - MEAN_RGB[Math.floor(k / plane)]) / 255;
  });
}
