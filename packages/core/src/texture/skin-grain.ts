/**
 * Grain for skin that was not seen: smooth fill beside photographed pores looks like plastic. Noise in the head's own
 * millimetres, so that it is as fine across as along wherever the chart is squeezed; only its strength is taken from the photo.
 */
import type { MorphableModel } from '../model/index.ts';
import { skinTexels, smoothstep } from './unwrap.ts';
import type { UvChart } from './uv-chart.ts';

/** Lattice of the fine grain, and of the coarse one that takes over where a texel is too long for it. */
const FINE_MM = 0.9;
const COARSE_MM = 2.4;
/** Coarse patches catch the eye more than fine grain does. */
const COARSE_STRENGTH = 0.6;
/** Longest side of a texel in mm from which on fine grain, and coarse grain, would be streaks. */
const FINE_ENDS = [0.45, 0.9] as const;
const COARSE_ENDS = [1.2, 2.4] as const;

const GRAINS = new WeakMap<UvChart, Float32Array>();

/** [S, S] noise of mean 0 and variance about 1 (less where the chart is squeezed) on the skin, 0 elsewhere. Made once per chart, not to be written to. */
export function skinGrain(
  chart: UvChart,
  model: Pick<MorphableModel, 'mean' | 'triangles' | 'parts'>,
): Float32Array {
  let grain = GRAINS.get(chart);
  if (!grain) GRAINS.set(chart, (grain = makeGrain(chart, model)));
  return grain;
}

function makeGrain(
  chart: UvChart,
  model: Pick<MorphableModel, 'mean' | 'triangles' | 'parts'>,
): Float32Array {
  const { size } = chart;
  const skin = skinTexels(chart, model);
  const points = surfacePoints(chart, model);
  const out = new Float32Array(size * size);
  for (let i = 0; i < out.length; i++) {
    if (!skin[i]) continue;
    const [x, y, z] = [points[i * 3], points[i * 3 + 1], points[i * 3 + 2]];
    const longest = Math.max(
      step(points, skin, i, i % size > 0 ? -1 : 1),
      step(points, skin, i, i >= size ? -size : size),
    );
    const fine = 1 - smoothstep(FINE_ENDS[0], FINE_ENDS[1], longest);
    const coarse = COARSE_STRENGTH * (1 - fine) * (1 - smoothstep(COARSE_ENDS[0], COARSE_ENDS[1], longest));
    if (fine > 0) out[i] += fine * latticeNoise(x / FINE_MM, y / FINE_MM, z / FINE_MM);
    if (coarse > 0) out[i] += coarse * latticeNoise(x / COARSE_MM, y / COARSE_MM, z / COARSE_MM);
  }
  return out;
}

/** [S, S, 3] mm of covered texels in the mean head. */
function surfacePoints(
  { size, triangleIds, barycentrics }: UvChart,
  { mean, triangles }: Pick<MorphableModel, 'mean' | 'triangles'>,
): Float32Array {
  const out = new Float32Array(size * size * 3);
  for (let i = 0; i < triangleIds.length; i++) {
    const t = triangleIds[i] * 3;
    if (t < 0) continue;
    for (let k = 0; k < 3; k++) {
      const vertex = triangles[t + k] * 3;
      for (let c = 0; c < 3; c++) out[i * 3 + c] += barycentrics[i * 3 + k] * mean[vertex + c];
    }
  }
  return out;
}

/** mm from a texel to a neighbour; 0 beside the gap. */
function step(points: Float32Array, skin: Uint8Array, i: number, offset: number): number {
  const j = i + offset;
  if (!skin[j]) return 0;
  return Math.hypot(
    points[i * 3] - points[j * 3],
    points[i * 3 + 1] - points[j * 3 + 1],
    points[i * 3 + 2] - points[j * 3 + 2],
  );
}

/** Value noise of mean 0 and variance about 1; the axes are turned, so that no face of the lattice lies along the head's. */
function latticeNoise(x: number, y: number, z: number): number {
  const u = 0.74 * x - 0.55 * y + 0.39 * z;
  const v = 0.62 * x + 0.77 * y - 0.13 * z;
  const w = -0.23 * x + 0.34 * y + 0.91 * z;
  const [u0, v0, w0] = [Math.floor(u), Math.floor(v), Math.floor(w)];
  const fu = ease(u - u0);
  const fv = ease(v - v0);
  const fw = ease(w - w0);
  const low = plane(u0, v0, w0, fu, fv);
  // Interpolated uniform noise has a variance of about (1/12) (0.74)^3 on the average.
  return 5.4 * (low + fw * (plane(u0, v0, w0 + 1, fu, fv) - low));
}

function plane(u: number, v: number, w: number, fu: number, fv: number): number {
  const near = hash(u, v, w) * (1 - fu) + hash(u + 1, v, w) * fu;
  const far = hash(u, v + 1, w) * (1 - fu) + hash(u + 1, v + 1, w) * fu;
  return near + fv * (far - near);
}

function ease(t: number): number {
  return t * t * (3 - 2 * t);
}

/** -0.5..0.5, mixed from integer coordinates. */
function hash(u: number, v: number, w: number): number {
  let h = Math.imul(u, 0x27d4eb2d) ^ Math.imul(v, 0x165667b1) ^ Math.imul(w, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296 - 0.5;
}
