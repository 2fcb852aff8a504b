/**
 * Sharp edges in the mouth of a head that has one: its arches and its palate share vertices, and a smooth normal at the teeth's
 * edges is the palate's, which is much larger and looks down. Teeth were shaded like a palate there, and no paint was white
 * enough for them. Where two triangles meet at a sharp angle each gets vertices of its own, at the end of the head's list.
 */
import type { LinearBasis, ModelPart, MorphableModel } from '../model/index.ts';

/** Triangles that turn by more than this are not one surface, degrees. */
const CREASE_DEGREES = 50;

/**
 * @param part the head's last part
 * @returns the model with the part's vertices split along its creases in the mean head; the same object where it has none, or
 *   where the part is not the last one (its vertices would not be in one run).
 */
export function withToothEdges(model: MorphableModel, part: ModelPart): MorphableModel {
  const first = 3 * part.triangleStart;
  if (
    part.vertexStart + part.vertexCount !== model.vertexCount ||
    first + 3 * part.triangleCount !== model.triangles.length
  )
    return model;
  const triangles = model.triangles.slice();
  const normals = unitNormals(model.mean, triangles.subarray(first));
  /** Old vertex of each new one. */
  const copied: number[] = [];
  for (const corners of cornersByVertex(triangles, first))
    for (const surface of surfacesAt(triangles, first, normals, corners).slice(1)) {
      const vertex = triangles[surface[0]];
      for (const corner of surface) triangles[corner] = model.vertexCount + copied.length;
      copied.push(vertex);
    }
  if (copied.length === 0) return model;
  const vertexCount = model.vertexCount + copied.length;
  const rows = (old: Float32Array, width: number): Float32Array => {
    const out = new Float32Array(old.length + copied.length * width);
    out.set(old);
    copied.forEach((vertex, n) => {
      for (let c = 0; c < width; c++) out[old.length + n * width + c] = old[vertex * width + c];
    });
    return out;
  };
  const basis = (old: LinearBasis): LinearBasis => {
    const [from, to] = [3 * model.vertexCount, 3 * vertexCount];
    const deltas = new Float32Array(old.count * to);
    for (let k = 0; k < old.count; k++)
      deltas.set(rows(old.deltas.subarray(k * from, (k + 1) * from), 3), k * to);
    return { ...old, deltas };
  };
  const { mirror: _, ...rest } = model;
  const mirror = mirrorOf(model, copied);
  return {
    ...rest,
    vertexCount,
    triangles,
    mean: rows(model.mean, 3),
    identity: basis(model.identity),
    expression: basis(model.expression),
    parts: model.parts.map((own) =>
      own === part ? { ...own, vertexCount: own.vertexCount + copied.length } : own,
    ),
    regions: Object.fromEntries(
      Object.entries(model.regions).map(([name, weights]) => [name, rows(weights, 1)]),
    ),
    ...(mirror === undefined ? {} : { mirror }),
  };
}

/** [T, 3] unit normals of triangles; zero for those without area. */
function unitNormals(positions: Float32Array, triangles: Uint32Array): Float32Array {
  const out = new Float32Array(triangles.length);
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t] * 3, triangles[t + 1] * 3, triangles[t + 2] * 3];
    const u = [0, 1, 2].map((k) => positions[b + k] - positions[a + k]);
    const v = [0, 1, 2].map((k) => positions[c + k] - positions[a + k]);
    const n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    const length = Math.hypot(...n) || 1;
    for (let k = 0; k < 3; k++) out[t + k] = n[k] / length;
  }
  return out;
}

/** The places in the list of triangles, from `first` on, that name the same vertex; vertices in ascending order. */
function cornersByVertex(triangles: Uint32Array, first: number): number[][] {
  const found = new Map<number, number[]>();
  for (let corner = first; corner < triangles.length; corner++) {
    const list = found.get(triangles[corner]);
    if (list) list.push(corner);
    else found.set(triangles[corner], [corner]);
  }
  return [...found].sort(([a], [b]) => a - b).map(([, corners]) => corners);
}

/** Corners of one vertex by surface: triangles that share an edge there and hardly turn belong together. */
function surfacesAt(
  triangles: Uint32Array,
  first: number,
  normals: Float32Array,
  corners: readonly number[],
): number[][] {
  const limit = Math.cos((CREASE_DEGREES * Math.PI) / 180);
  const triangleOf = (corner: number): number => corner - ((corner - first) % 3);
  const together = (p: number, q: number): boolean => {
    const [s, t] = [triangleOf(p), triangleOf(q)];
    let [shared, dot] = [0, 0];
    for (let k = 0; k < 3; k++) {
      dot += normals[s - first + k] * normals[t - first + k];
      for (let m = 0; m < 3; m++) if (triangles[s + k] === triangles[t + m]) shared++;
    }
    return shared >= 2 && dot > limit;
  };
  const surfaces: number[][] = [];
  const left = new Set(corners);
  for (const start of corners) {
    if (!left.delete(start)) continue;
    const surface = [start];
    for (const corner of surface)
      for (const other of left) if (together(corner, other) && left.delete(other)) surface.push(other);
    surfaces.push(surface);
  }
  return surfaces;
}

/** The mirror map where every vertex is split with its mirror image. */
function mirrorOf(model: MorphableModel, copied: readonly number[]): Uint32Array | undefined {
  if (model.mirror === undefined) return undefined;
  const copies = new Map<number, number[]>();
  copied.forEach((vertex, n) => {
    copies.set(vertex, [...(copies.get(vertex) ?? []), model.vertexCount + n]);
  });
  const mirror = new Uint32Array(model.vertexCount + copied.length);
  mirror.set(model.mirror);
  for (const [vertex, own] of copies) {
    const theirs = copies.get(model.mirror[vertex]);
    if (theirs?.length !== own.length) return undefined;
    own.forEach((copy, n) => (mirror[copy] = theirs[n]));
  }
  return mirror;
}
