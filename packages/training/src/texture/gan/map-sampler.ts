/**
 * Minibatches of real maps. Few people were photographed, so maps are also mixed: one person's cheeks with another's brow,
 * a tone moved along the directions in which tones of people differ, left and right exchanged. The chart aligns everybody,
 * so a mixture is a face. Everything is drawn from a key, so a step's minibatch does not depend on the steps before it.
 */
import { foldIn, integers, normal, uniform, type RandomKey } from '@likeness/graph/random';
import { symmetricEigen } from '@likeness/core/geometry';
import { levelSize, type FaceWindow } from './face-window.ts';

export interface MapSamplerOptions {
  /** Share of maps that are mixtures of two people (default 0.5). */
  readonly mixed?: number;
  /** Deviation of tone moves as a share of people's own (default 0.35). */
  readonly tone?: number;
}

export const MAP_SAMPLER_DEFAULTS: Required<MapSamplerOptions> = { mixed: 0.5, tone: 0.35 };

export interface MapSampler {
  /** [n, 3, h, w] in -1..1. */
  sample(key: RandomKey, n: number, level: number): Float32Array;
}

/** @param pyramids of each map its levels (`windowPyramid`) */
export function createMapSampler(
  pyramids: readonly (readonly Float32Array[])[],
  window: FaceWindow,
  options: MapSamplerOptions = {},
): MapSampler {
  const { mixed, tone } = { ...MAP_SAMPLER_DEFAULTS, ...options };
  if (pyramids.length < 2) throw new RangeError('createMapSampler: expected at least two maps.');
  const means = pyramids.map(([coarsest]) => channelMeans(coarsest));
  const directions = toneDirections(means);
  return {
    sample(key, n, level) {
      const [height, width] = levelSize(window, level);
      const plane = height * width;
      const out = new Float32Array(n * 3 * plane);
      for (let i = 0; i < n; i++) {
        const own = foldIn(key, i);
        const [first, second] = integers(foldIn(own, 0), [2], { max: pyramids.length });
        const [isMixed, mirror, other] = uniform(foldIn(own, 1), [3]);
        const z = normal(foldIn(own, 2), [3]);
        const a = pyramids[first][level];
        const b = pyramids[second][level];
        const mask = isMixed < mixed ? smoothMask(foldIn(own, 3), window.base, height, width) : undefined;
        for (let c = 0; c < 3; c++) {
          const move = tone * directions.reduce((sum, direction, k) => sum + z[k] * direction[c], 0);
          // The second person in the first one's tone: regions of one face have one tone.
          const shift = means[first][c] - means[second][c];
          for (let y = 0; y < height; y++)
            for (let x = 0; x < width; x++) {
              const from = (c * height + y) * width + (mirror < 0.5 ? width - 1 - x : x);
              const there = (c * height + y) * width + (other < 0.5 ? width - 1 - x : x);
              const share = mask ? mask[y * width + x] : 0;
              const value = a[from] + (share > 0 ? share * (b[there] + shift - a[from]) : 0);
              out[((i * 3 + c) * height + y) * width + x] = Math.min(1, Math.max(-1, value + move));
            }
        }
      }
      return out;
    },
  };
}

function channelMeans(image: Float32Array): number[] {
  const plane = image.length / 3;
  return [0, 1, 2].map((c) => image.subarray(c * plane, (c + 1) * plane).reduce((a, b) => a + b, 0) / plane);
}

/** Principal directions of the maps' mean colours, each as long as one standard deviation. */
function toneDirections(means: readonly number[][]): number[][] {
  const middle = [0, 1, 2].map((c) => means.reduce((sum, m) => sum + m[c], 0) / means.length);
  const covariance = new Float64Array(9);
  for (const m of means)
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++)
        covariance[i * 3 + j] += ((m[i] - middle[i]) * (m[j] - middle[j])) / means.length;
  const { values, vectors } = symmetricEigen(covariance, 3);
  return [0, 1, 2].map((k) => [0, 1, 2].map((c) => Math.sqrt(Math.max(0, values[k])) * vectors[k * 3 + c]));
}

/** A random field in 0..1 that changes over a quarter of the face: half of it is near 0, half near 1. */
function smoothMask(
  key: RandomKey,
  [rows, columns]: readonly [number, number],
  height: number,
  width: number,
): Float32Array {
  const knots = normal(key, [rows, columns]);
  const out = new Float32Array(height * width);
  const at = (i: number, from: number, to: number): readonly [number, number, number] => {
    const position = Math.min(to - 1, Math.max(0, ((i + 0.5) * to) / from - 0.5));
    const low = Math.floor(position);
    return [low, Math.min(to - 1, low + 1), position - low];
  };
  for (let y = 0; y < height; y++) {
    const [top, bottom, down] = at(y, height, rows);
    for (let x = 0; x < width; x++) {
      const [left, right, across] = at(x, width, columns);
      const value =
        (1 - down) * ((1 - across) * knots[top * columns + left] + across * knots[top * columns + right]) +
        down * ((1 - across) * knots[bottom * columns + left] + across * knots[bottom * columns + right]);
      out[y * width + x] = 1 / (1 + Math.exp(-6 * value));
    }
  }
  return out;
}
