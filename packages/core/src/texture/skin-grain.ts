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
  model: Pick<MorphableModel, 'mean' | 'triangles' | 'uvs' | 'uvTriangles' | 'parts'>,
): Float32Array {
  let grain = GRAINS.get(chart);
  if (!grain) GRAINS.set(chart, (grain = makeGrain(chart, model)));
  return grain;
}

function makeGrain(
  chart: UvChart,
  model: Pick<MorphableModel, 'mean' | 'triangles' | 'uvs' | 'uvTriangles' | 'parts'>,
): Float32Array {
  const { size, triangleIds, barycentrics } = chart;
  const { mean, triangles } = model;
  const skin = skinTexels(chart, model);
  const { fine, coarse } = strengths(model, size);
  const [fineCell, coarseCell] = [emptyCell(), emptyCell()];
  const out = new Float32Array(size * size);
  for (let i = 0; i < out.length; i++) {
    if (!skin[i]) continue;
    const t = triangleIds[i];
    if (fine[t] === 0 && coarse[t] === 0) continue;
    const a = triangles[t * 3] * 3;
    const b = triangles[t * 3 + 1] * 3;
    const c = triangles[t * 3 + 2] * 3;
    const wa = barycentrics[i * 3];
    const wb = barycentrics[i * 3 + 1];
    const wc = barycentrics[i * 3 + 2];
    const x = wa * mean[a] + wb * mean[b] + wc * mean[c];
    const y = wa * mean[a + 1] + wb * mean[b + 1] + wc * mean[c + 1];
    const z = wa * mean[a + 2] + wb * mean[b + 2] + wc * mean[c + 2];
    if (fine[t] > 0) out[i] += fine[t] * latticeNoise(x / FINE_MM, y / FINE_MM, z / FINE_MM, fineCell);
    if (coarse[t] > 0)
      out[i] += coarse[t] * latticeNoise(x / COARSE_MM, y / COARSE_MM, z / COARSE_MM, coarseCell);
  }
  return out;
}

/** [T] how strong fine and coarse grain are on a triangle: a texel is as long everywhere on it. */
function strengths(
  { mean, triangles, uvs, uvTriangles }: Pick<MorphableModel, 'mean' | 'triangles' | 'uvs' | 'uvTriangles'>,
  size: number,
): { readonly fine: Float32Array; readonly coarse: Float32Array } {
  const count = triangles.length / 3;
  const fine = new Float32Array(count);
  const coarse = new Float32Array(count);
  for (let t = 0; t < count; t++) {
    const [a, b, c] = [uvTriangles[t * 3] * 2, uvTriangles[t * 3 + 1] * 2, uvTriangles[t * 3 + 2] * 2];
    const [ux, uy] = [(uvs[b] - uvs[a]) * size, (uvs[b + 1] - uvs[a + 1]) * size];
    const [vx, vy] = [(uvs[c] - uvs[a]) * size, (uvs[c + 1] - uvs[a + 1]) * size];
    const area = ux * vy - uy * vx;
    if (area === 0) continue;
    // mm by which a point moves from texel to texel, across and down.
    let [across, down] = [0, 0];
    for (let k = 0; k < 3; k++) {
      const start = mean[triangles[t * 3] * 3 + k];
      const first = mean[triangles[t * 3 + 1] * 3 + k] - start;
      const second = mean[triangles[t * 3 + 2] * 3 + k] - start;
      across += ((first * vy - second * uy) / area) ** 2;
      down += ((second * ux - first * vx) / area) ** 2;
    }
    const longest = Math.sqrt(Math.max(across, down));
    fine[t] = 1 - smoothstep(FINE_ENDS[0], FINE_ENDS[1], longest);
    coarse[t] = COARSE_STRENGTH * (1 - fine[t]) * (1 - smoothstep(COARSE_ENDS[0], COARSE_ENDS[1], longest));
  }
  return { fine, coarse };
}

/** The corner of a lattice cell, then the values at its eight corners: several texels in a row lie in one cell. */
function emptyCell(): Float64Array {
  return new Float64Array(11).fill(NaN);
}

/** Value noise of mean 0 and variance about 1; the axes are turned, so that no face of the lattice lies along the head's. */
function latticeNoise(x: number, y: number, z: number, cell: Float64Array): number {
  const u = 0.74 * x - 0.55 * y + 0.39 * z;
  const v = 0.62 * x + 0.77 * y - 0.13 * z;
  const w = -0.23 * x + 0.34 * y + 0.91 * z;
  const u0 = Math.floor(u);
  const v0 = Math.floor(v);
  const w0 = Math.floor(w);
  if (u0 !== cell[0] || v0 !== cell[1] || w0 !== cell[2]) {
    cell[0] = u0;
    cell[1] = v0;
    cell[2] = w0;
    for (let k = 0; k < 8; k++) cell[3 + k] = hash(u0 + (k & 1), v0 + ((k >> 1) & 1), w0 + (k >> 2));
  }
  const fu = ease(u - u0);
  const fv = ease(v - v0);
  const fw = ease(w - w0);
  const low = plane(cell, 3, fu, fv);
  // Interpolated uniform noise has a variance of about (1/12) (0.74)^3 on the average.
  return 5.4 * (low + fw * (plane(cell, 7, fu, fv) - low));
}

function plane(cell: Float64Array, at: number, fu: number, fv: number): number {
  const near = cell[at] * (1 - fu) + cell[at + 1] * fu;
  const far = cell[at + 2] * (1 - fu) + cell[at + 3] * fu;
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
