/**
 * How much stronger the exemplars' detail has to be for samples to have the real maps' energy in the finest octave. Training
 * brings it near, and stays below: of what is blended some variance is lost, and the weights' average draws less than the weights.
 */
import { levelSize, type FaceWindow } from './face-window.ts';

export interface DetailCalibration {
  /** Factor for the exemplars' detail. */
  readonly gain: number;
  /** Mean energy of the luminance's finest octave: of the samples before, and of the maps. */
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
    energy: (base + 2 * cross + detail) / (h * w),
    wanted: wanted / (h * w),
  };
}

/** Rec. 709 weights of luminance. */
const LUMA = [0.2126, 0.7152, 0.0722] as const;

/**
 * The finest octave of luminance, [3, h, w]: what is left after two blurs by 1-2-1 have been taken away, blurred once, which is
 * strongest at 0.6 of the Nyquist frequency and nothing at it, where a sub-pixel level's phases show. Tapered (Hann): the middle of
 * the face counts, as it does where samples are judged.
 */
function finestOctave(image: Float32Array, h: number, w: number): Float32Array {
  const plane = h * w;
  const luminance = Float32Array.from({ length: plane }, (_, i) =>
    LUMA.reduce((sum, weight, c) => sum + weight * image[c * plane + i], 0),
  );
  const high = highPass(highPass(luminance, h, w), h, w);
  const higher = highPass(high, h, w);
  const taper = (i: number, length: number): number => Math.sin((Math.PI * (i + 0.5)) / length) ** 2;
  return high.map((value, i) => (value - higher[i]) * taper(i % w, w) * taper(Math.floor(i / w), h));
}

function highPass(image: Float32Array, h: number, w: number): Float32Array {
  const rows = new Float32Array(h * w);
  const out = new Float32Array(h * w);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      const [left, right] = [Math.max(0, x - 1), Math.min(w - 1, x + 1)];
      rows[y * w + x] = (image[y * w + left] + 2 * image[y * w + x] + image[y * w + right]) / 4;
    }
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      const [up, down] = [Math.max(0, y - 1), Math.min(h - 1, y + 1)];
      out[y * w + x] = image[y * w + x] - (rows[up * w + x] + 2 * rows[y * w + x] + rows[down * w + x]) / 4;
    }
  return out;
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
