/**
 * A model's texture seen texel by texel: which triangle and where in it, which part, which texel lies on the mirrored side.
 * It depends on the model alone, so it is made once per model and size and kept as long as the model lives.
 */
import type { MorphableModel } from '../model/index.ts';
import { rasterize } from '../render/index.ts';

/** The part of a texel that no triangle covers. */
export const NO_PART = 255;

/** Texels around each island that repeat its border, so that bilinear lookups and mipmaps never read the gap. */
const PADDING_TEXELS = 12;

/** Mirrored corners may stretch a triangle by this much before they count as a seam and are dropped. */
const MAX_MIRROR_STRETCH = 3;

export type ChartModel = Pick<
  MorphableModel,
  'triangles' | 'uvs' | 'uvTriangles' | 'parts' | 'mirror' | 'vertexCount'
>;

export interface UvChart {
  readonly size: number;
  /** [S, S] triangle of each texel, -1 where none. */
  readonly triangleIds: Int32Array;
  /** [S, S, 3] barycentrics of the texel's centre. */
  readonly barycentrics: Float32Array;
  /** [S, S] index into `model.parts`, NO_PART where no triangle is. */
  readonly part: Uint8Array;
  /** [S, S] texel on the mirrored side, -1 where there is none; absent for models without a mirror map. */
  readonly mirror?: Int32Array;
  /** [S, S] for texels in the gaps: the nearest covered texel within the padding, else -1. */
  readonly padding: Int32Array;
}

const CHARTS = new WeakMap<ChartModel, Map<number, UvChart>>();

/** The model's chart at `size` x `size` texels. */
export function uvChart(model: ChartModel, size: number): UvChart {
  let sizes = CHARTS.get(model);
  if (!sizes) CHARTS.set(model, (sizes = new Map()));
  let chart = sizes.get(size);
  if (!chart) sizes.set(size, (chart = makeChart(model, size)));
  return chart;
}

function makeChart(model: ChartModel, size: number): UvChart {
  const corners = new Float32Array((model.uvs.length / 2) * 3);
  for (let i = 0; i * 2 < model.uvs.length; i++) {
    corners[i * 3] = model.uvs[i * 2] * size;
    corners[i * 3 + 1] = model.uvs[i * 2 + 1] * size;
    corners[i * 3 + 2] = 1;
  }
  const { triangleIds, barycentrics } = rasterize(corners, model.uvTriangles, size, size);
  const partOfTriangle = new Uint8Array(model.triangles.length / 3).fill(NO_PART);
  model.parts.forEach(({ triangleStart, triangleCount }, index) => {
    partOfTriangle.fill(index, triangleStart, triangleStart + triangleCount);
  });
  const part = new Uint8Array(size * size).fill(NO_PART);
  for (let i = 0; i < part.length; i++) if (triangleIds[i] >= 0) part[i] = partOfTriangle[triangleIds[i]];
  const mirror = model.mirror
    ? mirrorTexels(model, model.mirror, size, triangleIds, barycentrics)
    : undefined;
  return {
    size,
    triangleIds,
    barycentrics,
    part,
    padding: paddingSources(triangleIds, size),
    ...(mirror ? { mirror } : {}),
  };
}

/** [T, 3] per triangle corner the uv index of the mirrored corner. */
function mirroredCorners(model: ChartModel, mirror: Uint32Array): Uint32Array {
  const { triangles, uvTriangles } = model;
  const byCorners = new Map<number, number>();
  // Vertex counts stay far below 2^17, so a sorted triple fits a double exactly.
  const key = (a: number, b: number, c: number): number => {
    const low = Math.min(a, b, c);
    const high = Math.max(a, b, c);
    return (low * 131072 + (a + b + c - low - high)) * 131072 + high;
  };
  const anyUv = new Uint32Array(model.vertexCount);
  for (let t = 0; t < triangles.length; t += 3) {
    byCorners.set(key(triangles[t], triangles[t + 1], triangles[t + 2]), t);
    for (let k = 0; k < 3; k++) anyUv[triangles[t + k]] = uvTriangles[t + k];
  }
  const out = new Uint32Array(uvTriangles.length);
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [mirror[triangles[t]], mirror[triangles[t + 1]], mirror[triangles[t + 2]]];
    const other = byCorners.get(key(a, b, c));
    [a, b, c].forEach((vertex, k) => {
      // A quad cut along the other diagonal has no mirrored triangle; its corners still have mirrored vertices.
      out[t + k] = anyUv[vertex];
      if (other === undefined) return;
      for (let j = 0; j < 3; j++) if (triangles[other + j] === vertex) out[t + k] = uvTriangles[other + j];
    });
  }
  return out;
}

function mirrorTexels(
  model: ChartModel,
  mirror: Uint32Array,
  size: number,
  triangleIds: Int32Array,
  barycentrics: Float32Array,
): Int32Array {
  const corners = mirroredCorners(model, mirror);
  const { uvs, uvTriangles } = model;
  const length = (indices: Uint32Array, i: number, j: number): number =>
    Math.hypot(uvs[indices[i] * 2] - uvs[indices[j] * 2], uvs[indices[i] * 2 + 1] - uvs[indices[j] * 2 + 1]);
  const perimeter = (indices: Uint32Array, t: number): number =>
    length(indices, t, t + 1) + length(indices, t + 1, t + 2) + length(indices, t + 2, t);
  const usable = new Uint8Array(uvTriangles.length / 3);
  for (let t = 0; t < usable.length; t++)
    if (perimeter(corners, t * 3) <= MAX_MIRROR_STRETCH * perimeter(uvTriangles, t * 3) + 1e-3) usable[t] = 1;
  const out = new Int32Array(size * size).fill(-1);
  for (let i = 0; i < out.length; i++) {
    const id = triangleIds[i];
    if (id < 0 || usable[id] === 0) continue;
    let u = 0;
    let v = 0;
    for (let k = 0; k < 3; k++) {
      const corner = corners[id * 3 + k] * 2;
      u += barycentrics[i * 3 + k] * uvs[corner];
      v += barycentrics[i * 3 + k] * uvs[corner + 1];
    }
    const column = Math.min(Math.max(Math.round(u * size - 0.5), 0), size - 1);
    const row = Math.min(Math.max(Math.round(v * size - 0.5), 0), size - 1);
    if (triangleIds[row * size + column] >= 0) out[i] = row * size + column;
  }
  return out;
}

/** Breadth-first from the islands' borders: equal distances go to the texel found first, so it is deterministic. */
function paddingSources(triangleIds: Int32Array, size: number): Int32Array {
  const source = new Int32Array(size * size).fill(-1);
  const last = source.length - size;
  let front: number[] = [];
  for (let i = 0; i < source.length; i++) {
    if (triangleIds[i] < 0) continue;
    // Only texels beside a gap can start anything: there are a hundred times fewer of them.
    const column = i % size;
    if (
      (column > 0 && triangleIds[i - 1] < 0) ||
      (column + 1 < size && triangleIds[i + 1] < 0) ||
      (i >= size && triangleIds[i - size] < 0) ||
      (i < last && triangleIds[i + size] < 0)
    )
      front.push(i);
  }
  const origin = (i: number): number => (triangleIds[i] >= 0 ? i : source[i]);
  for (let round = 0; round < PADDING_TEXELS; round++) {
    const next: number[] = [];
    for (const i of front) {
      const column = i % size;
      for (const j of [
        column > 0 ? i - 1 : -1,
        column + 1 < size ? i + 1 : -1,
        i - size,
        i + size < source.length ? i + size : -1,
      ]) {
        if (j < 0 || triangleIds[j] >= 0 || source[j] >= 0) continue;
        source[j] = origin(i);
        next.push(j);
      }
    }
    front = next;
  }
  return source;
}
