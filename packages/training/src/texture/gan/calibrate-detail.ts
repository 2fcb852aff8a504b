/**
 * How much stronger the exemplars' detail has to be for samples to have the real maps' energy in the finest octave. Training
 * brings it near, and stays below: of what is blended some variance is lost, and the weights' average draws less than the weights.
 */
import { halveImage, levelSize, type FaceWindow } from './face-window.ts';

export interface DetailCalibration {
  /** Factor for the exemplars' detail. */
  readonly gain: number;
  /** Mean energy of the finest octave: of the samples before, and of the maps. */
  readonly energy: number;
  readonly wanted: number;
}

/** Factors beyond these say that something else is wrong. */
const LIMITS = [0.5, 2] as const;

/**
 * With detail d on a picture b, the energy is |b|^2 + 2 g b.d + g^2 |d|^2 of their finest octaves: solved for g.
 * @param without [n, 3, h, w] samples drawn without exemplars, and `withDetail` from the same latents with them
 * @param maps windows of the training maps, each [3, h, w]
 */
export function calibrateDetail(
  without: Float32Array,
  withDetail: Float32Array,
  maps: readonly Float32Array[],
  window: FaceWindow,
): DetailCalibration {
  const [h, w] = levelSize(window, window.topLevel);
  const size = 3 * h * w;
  const n = without.length / size;
  const octave = (image: Float32Array): Float32Array => finestOctave(image, h, w);
  const wanted = maps.reduce((sum, map) => sum + dot(octave(map), octave(map)), 0) / maps.length;
  let [base, cross, detail] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const plain = octave(without.subarray(i * size, (i + 1) * size));
    const added = octave(withDetail.subarray(i * size, (i + 1) * size)).map((v, j) => v - plain[j]);
    base += dot(plain, plain) / n;
    cross += dot(plain, added) / n;
    detail += dot(added, added) / n;
  }
  const root = Math.sqrt(Math.max(0, cross * cross - detail * (base - wanted)));
  const gain = detail > 0 ? (root - cross) / detail : 1;
  return {
    gain: Math.min(LIMITS[1], Math.max(LIMITS[0], gain)),
    energy: (base + 2 * cross + detail) / size,
    wanted: wanted / size,
  };
}

/** [3, h, w] less the means of its blocks of 2 x 2. */
function finestOctave(image: Float32Array, h: number, w: number): Float32Array {
  const half = halveImage(image, h, w);
  const out = new Float32Array(image.length);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) {
        const at = (c * h + y) * w + x;
        out[at] = image[at] - half[(c * (h / 2) + (y >> 1)) * (w / 2) + (x >> 1)];
      }
  return out;
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
