/**
 * A trained generator as an ONNX file that draws whole maps. The network draws the face's window; what lies outside is the
 * linear model's: its leading coarse modes, with weights predicted from a thumbnail of the window (ridge regression over the
 * training maps), so that scalp and neck take after the face, and what the window's border still differs by is spread over
 * it (`border-tone.ts`), so that no tone leaves a step. Everything is one differentiable graph.
 */
import {
  add,
  averagePool2d,
  cast,
  constant,
  exportOnnx,
  matmul,
  mul,
  pad,
  reshape,
  resize2d,
  sub,
  toFloat16,
  type Tensor,
  type TensorValue,
  type TensorValues,
} from '@likeness/graph';
import { solveDense } from '@likeness/core/geometry';
import type { LinearTexture } from '@likeness/core/texture';
import { borderTone, spreadBorderTone } from './border-tone.ts';
import { levelSize, type FaceWindow } from './face-window.ts';
import type { Exemplars } from './exemplars.ts';
import type { LatentSpace } from './latent-space.ts';
import { generator, type GanArchitecture } from './networks.ts';

/** The linear continuation of a window: p = R (thumbnail - mean), outside = m + U p. */
export interface MapContinuation {
  /** [K, T] weights of the modes from the thumbnail's T numbers (0..1, channel-first). */
  readonly regression: Float32Array;
  /** [T] mean thumbnail. */
  readonly mean: Float32Array;
  /** Level of the thumbnail in the window's pyramid. */
  readonly level: number;
  readonly texture: LinearTexture;
  /** Modes used. */
  readonly modes: number;
}

export interface ContinuationOptions {
  /** Leading modes of the linear model (default 12). */
  readonly modes?: number;
  /** Level of the thumbnail (default 2: 20 x 16). */
  readonly level?: number;
  /** Ridge, in units of a thumbnail value's variance (default 0.02). */
  readonly ridge?: number;
}

export const CONTINUATION_DEFAULTS: Required<ContinuationOptions> = { modes: 12, level: 2, ridge: 0.02 };

/** Width in texels at 512 over which the window gives way to its continuation. */
const FEATHER = 20;

/**
 * @param pyramids windows of the training maps (`windowPyramid`, -1..1)
 * @param latents [n, modeCount] the same maps in the linear model
 */
export function fitContinuation(
  pyramids: readonly (readonly Float32Array[])[],
  latents: readonly Float32Array[],
  texture: LinearTexture,
  options: ContinuationOptions = {},
): MapContinuation {
  const { modes, level, ridge } = { ...CONTINUATION_DEFAULTS, ...options };
  const thumbnails = pyramids.map((levels) => levels[level].map((value) => (value + 1) / 2));
  const n = thumbnails.length;
  const length = thumbnails[0].length;
  const mean = new Float32Array(length);
  for (const image of thumbnails) image.forEach((value, i) => (mean[i] += value / n));
  const centred = thumbnails.map((image) => image.map((value, i) => value - mean[i]));
  // There are fewer maps than numbers in a thumbnail: the dual form, R = P' (X X' + r I)^-1 X.
  const gram = new Float64Array(n * n);
  let trace = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const value = centred[i].reduce((sum, x, t) => sum + x * centred[j][t], 0);
      gram[i * n + j] = value;
      gram[j * n + i] = value;
    }
    trace += gram[i * n + i];
  }
  for (let i = 0; i < n; i++) gram[i * n + i] += (ridge * trace) / n;
  const regression = new Float32Array(modes * length);
  for (let k = 0; k < modes; k++) {
    const dual = solveDense(
      gram.slice(),
      Float64Array.from(latents, (latent) => latent[k]),
      n,
    );
    if (!dual) throw new RangeError('fitContinuation: the training maps are all alike.');
    for (let i = 0; i < n; i++)
      for (let t = 0; t < length; t++) regression[k * length + t] += dual[i] * centred[i][t];
  }
  return { regression, mean, level, texture, modes };
}

/** @param image [1, 3, h, w] the window, -1..1; @returns [1, 3, S, S] the whole map, 0..1 */
export function continueMap(image: Tensor, window: FaceWindow, continuation: MapContinuation): Tensor {
  const { regression, mean, level, texture, modes } = continuation;
  const [h, w] = levelSize(window, window.topLevel);
  const size = window.mapSize;
  const coloured = mul(add(image, 1), 0.5);
  const factor = 2 ** (window.topLevel - level);
  const thumbnail = reshape(averagePool2d(coloured, { kernel: [factor, factor] }), [1, mean.length]);
  const centred = sub(thumbnail, constant(mean, [1, mean.length]));
  const transposed = new Float32Array(regression.length);
  for (let k = 0; k < modes; k++)
    for (let t = 0; t < mean.length; t++) transposed[t * modes + k] = regression[k * mean.length + t];
  const weights = matmul(centred, constant(transposed, [mean.length, modes]));
  const { coarseSize } = texture;
  const plane = 3 * coarseSize * coarseSize;
  const coarse = matmul(weights, constant(texture.coarse.slice(0, modes * plane), [modes, plane]));
  const continued = add(
    resize2d(reshape(coarse, [1, 3, coarseSize, coarseSize]), { size: [size, size] }),
    constant(texture.mean, [1, 3, size, size]),
  );
  const tone = borderTone(window, (FEATHER * size) / 512);
  const outside = add(continued, spreadBorderTone(coloured, continued, window, tone));
  const placed = pad(coloured, [0, 0, window.y, window.x], [0, 0, size - window.y - h, size - window.x - w]);
  const share = constant(feather(window), [1, 1, size, size]);
  return add(outside, mul(sub(placed, outside), share));
}

/** [S, S] 1 inside the window, 0 outside, a smooth step at its border. */
function feather(window: FaceWindow): Float32Array {
  const size = window.mapSize;
  const [h, w] = levelSize(window, window.topLevel);
  const width = (FEATHER * size) / 512;
  const step = (distance: number): number => {
    const t = Math.min(1, Math.max(0, distance / width));
    return t * t * (3 - 2 * t);
  };
  const out = new Float32Array(size * size);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      out[(y + window.y) * size + x + window.x] = step(Math.min(x + 0.5, y + 0.5, w - x - 0.5, h - y - 0.5));
  return out;
}

/**
 * Bytes of the ONNX file `latent` [1, L] -> `texture` [1, 3, S, S], sRGB-encoded 0..1. Weights of the convolutions are kept
 * as float16 (their error is a hundredth of a grey level's), and widened when the file is loaded.
 * @param weights `g/...` of the average
 * @param space the linear model that the generator was trained to complete
 */
export function exportGenerator(
  architecture: GanArchitecture,
  weights: TensorValues,
  window: FaceWindow,
  continuation: MapContinuation,
  space?: LatentSpace,
  exemplars?: Exemplars,
  detailGain?: number,
): Uint8Array {
  const constants = Object.fromEntries(
    Object.entries(weights).map(([name, { data, shape }]) => [name, half(data, shape)]),
  );
  return exportOnnx(
    ({ latent }) => {
      const image = generator(architecture, constants, latent, window.topLevel, {
        space,
        exemplars,
        detailGain,
        fixedDetail: true,
        store: half,
      });
      return { texture: continueMap(image, window, continuation) };
    },
    { latent: { shape: [1, architecture.latent] } },
  );
}

function half(data: TensorValue['data'], shape: readonly number[]): Tensor {
  return cast(constant(Uint16Array.from(data as Float32Array, toFloat16), shape, 'float16'), 'float32');
}
