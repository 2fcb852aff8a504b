/**
 * The dark of the nostrils. Light hardly reaches the inside, but nine coefficients shade by direction alone: without its dark in
 * the albedo the floor of a nostril, which looks up, shines out of it. The photo's own nostrils lie some millimetres beside the
 * model's as often as not, and the skin mask takes them out; where the model's lie is known.
 */
import { vertexNormals } from '../geometry/index.ts';
import { linearToSrgb8, SRGB8_TO_LINEAR } from '../image/index.ts';
import { landmarkPositions, type MorphableModel } from '../model/index.ts';
import { rasterizeVisibility } from '../render/index.ts';
import { skinTexels, smoothstep } from './unwrap.ts';
import type { UvChart } from './uv-chart.ts';

/** MediaPipe's point below the septum, and from there the middle of both nostrils and the reach that holds them, mm. */
const SUBNASALE = 2;
const MIDDLE_MM = [0, 9, -8] as const;
const REACH_MM = 20;
/** Directions (an even number) from which a face is lit and seen, and the side of the pictures that say what is hidden from there. */
const DIRECTIONS = 10;
const PICTURE_PX = 48;
/** A vertex this far behind what is seen in its pixel is hidden, mm. */
const TOLERANCE_MM = 1.5;
/** Share of the directions, by cosine, below which a place is inside, and from which on it is outside. */
const OPEN = [0.15, 0.5] as const;
/** log of skin over the inside, linear RGB. */
const DARKER = [2.4, 2.9, 2.9] as const;

export interface NostrilTexels {
  /** [N] texel indices. */
  readonly texels: Uint32Array;
  /** [N] 0..1, how far inside. */
  readonly weight: Float32Array;
}

const PLACES = new WeakMap<UvChart, NostrilTexels>();

/**
 * Darkens the inside of the nostrils; what is darker already stays. Heads without MediaPipe's points are left as they are.
 *
 * @param skinTone linear RGB.
 * @param out [S, S, 3] sRGB8, changed in place.
 */
export function paintNostrils(
  chart: UvChart,
  model: MorphableModel,
  skinTone: readonly number[],
  out: Uint8Array,
): void {
  const { texels, weight } = nostrilTexels(chart, model);
  for (let n = 0; n < texels.length; n++)
    for (let c = 0; c < 3; c++) {
      const at = texels[n] * 3 + c;
      const old = SRGB8_TO_LINEAR[out[at]];
      const change = Math.min(0, Math.log(skinTone[c]) - DARKER[c] - Math.log(old + 1e-4));
      out[at] = linearToSrgb8(old * Math.exp(weight[n] * change));
    }
}

/** Where a chart shows the inside of the nostrils, found once for each chart; nowhere on heads without MediaPipe's points. */
export function nostrilTexels(chart: UvChart, model: MorphableModel): NostrilTexels {
  let places = PLACES.get(chart);
  if (!places) PLACES.set(chart, (places = findNostrils(chart, model)));
  return places;
}

function findNostrils(chart: UvChart, model: MorphableModel): NostrilTexels {
  const inside = insideness(model);
  const texels: number[] = [];
  const weight: number[] = [];
  if (inside) {
    const skin = skinTexels(chart, model);
    const { triangleIds, barycentrics } = chart;
    const touched = new Uint8Array(model.triangles.length / 3);
    for (let t = 0; t < model.triangles.length; t++)
      if (inside[model.triangles[t]] > 0) touched[Math.floor(t / 3)] = 1;
    for (let i = 0; i < skin.length; i++) {
      if (!skin[i] || !touched[triangleIds[i]]) continue;
      const t = triangleIds[i] * 3;
      let sum = 0;
      for (let k = 0; k < 3; k++) sum += barycentrics[i * 3 + k] * inside[model.triangles[t + k]];
      if (sum < 0.01) continue;
      texels.push(i);
      weight.push(sum);
    }
  }
  return { texels: Uint32Array.from(texels), weight: Float32Array.from(weight) };
}

/** [V] 1 deep in a nostril of the mean head, 0 outside. */
function insideness(model: MorphableModel): Float32Array | undefined {
  const embedding = model.landmarks['mediapipe468'];
  const part = model.parts.find(({ name }) => name === 'skin');
  if (!embedding || !part) return undefined;
  const points = landmarkPositions(model, embedding, model.mean);
  const middle = MIDDLE_MM.map((offset, c) => points[SUBNASALE * 3 + c] + offset);
  const { mean } = model;
  const close = new Uint8Array(part.vertexStart + part.vertexCount);
  for (let v = part.vertexStart; v < close.length; v++) {
    let squared = 0;
    for (let c = 0; c < 3; c++) squared += (mean[v * 3 + c] - middle[c]) ** 2;
    if (squared < REACH_MM ** 2) close[v] = 1;
  }
  const first = 3 * part.triangleStart;
  const all = model.triangles.subarray(first, first + 3 * part.triangleCount);
  const place = new Map<number, number>();
  const local: number[] = [];
  for (let t = 0; t < all.length; t += 3) {
    if (!close[all[t]] && !close[all[t + 1]] && !close[all[t + 2]]) continue;
    for (const v of all.subarray(t, t + 3)) {
      const known = place.get(v) ?? place.size;
      place.set(v, known);
      local.push(known);
    }
  }
  const vertices = [...place.keys()];
  const positions = new Float32Array(vertices.length * 3);
  vertices.forEach((v, n) => {
    for (let c = 0; c < 3; c++) positions[n * 3 + c] = mean[v * 3 + c] - middle[c];
  });
  const triangles = Uint32Array.from(local);
  const open = openness(positions, triangles);
  const inside = new Float32Array(model.vertexCount);
  // Vertices at the border of the piece have half a normal, and lie outside.
  vertices.forEach((v, n) => {
    if (close[v]) inside[v] = 1 - smoothstep(OPEN[0], OPEN[1], open[n]);
  });
  return inside;
}

/** [V] share of the directions before a face from which each vertex is seen, weighted by cosine. */
function openness(positions: Float32Array, triangles: Uint32Array): Float32Array {
  const normals = vertexNormals(positions, triangles);
  const count = positions.length / 3;
  const seen = new Float32Array(count);
  const total = new Float32Array(count).fill(1e-6);
  const scale = PICTURE_PX / (2.6 * REACH_MM);
  // So far away that the picture is as good as parallel.
  const distance = 100 * REACH_MM;
  const view = new Float32Array(positions.length);
  for (let k = 0; k < DIRECTIONS; k++) {
    // A Fibonacci hemisphere and its mirror image, for nostrils come in pairs; u and v lie across the direction.
    const pair = k >> 1;
    const z = 1 - (2 * pair + 1) / DIRECTIONS;
    const angle = pair * Math.PI * (3 - Math.sqrt(5));
    const radius = Math.sqrt(1 - z * z);
    const [x, y] = [(k % 2 === 0 ? radius : -radius) * Math.cos(angle), radius * Math.sin(angle)];
    const across = Math.hypot(x, z);
    const u = [z / across, 0, -x / across];
    const v = [y * u[2], z * u[0] - x * u[2], -y * u[0]];
    for (let i = 0; i < view.length; i += 3) {
      const [px, py, pz] = [positions[i], positions[i + 1], positions[i + 2]];
      view[i] = PICTURE_PX / 2 + scale * (u[0] * px + u[2] * pz);
      view[i + 1] = PICTURE_PX / 2 + scale * (v[0] * px + v[1] * py + v[2] * pz);
      view[i + 2] = distance - (x * px + y * py + z * pz);
    }
    const { inverseDepth } = rasterizeVisibility(view, triangles, PICTURE_PX, PICTURE_PX);
    for (let n = 0, i = 0; n < count; n++, i += 3) {
      const cosine = normals[i] * x + normals[i + 1] * y + normals[i + 2] * z;
      if (cosine <= 0) continue;
      total[n] += cosine;
      const [column, row] = [Math.floor(view[i]), Math.floor(view[i + 1])];
      const outside = column < 0 || row < 0 || column >= PICTURE_PX || row >= PICTURE_PX;
      const nearest = outside ? 0 : inverseDepth[row * PICTURE_PX + column];
      if (nearest === 0 || view[i + 2] <= 1 / nearest + TOLERANCE_MM) seen[n] += cosine;
    }
  }
  return withoutIslands(
    seen.map((share, n) => share / total[n]),
    triangles,
  );
}

/** Rounds of neighbours over which an open place within closed ones is closed: few directions see to the ground by chance. */
const ROUNDS = 4;

function withoutIslands(open: Float32Array, triangles: Uint32Array): Float32Array {
  let current = open;
  for (let round = 0; round < ROUNDS; round++) {
    const sum = new Float32Array(open.length);
    const count = new Float32Array(open.length);
    for (let t = 0; t < triangles.length; t += 3) {
      const [a, b, c] = [triangles[t], triangles[t + 1], triangles[t + 2]];
      const all = current[a] + current[b] + current[c];
      for (const v of [a, b, c]) {
        sum[v] += all - current[v];
        count[v] += 2;
      }
    }
    current = current.map((own, v) => Math.min(own, sum[v] / Math.max(count[v], 1)));
  }
  return current;
}
