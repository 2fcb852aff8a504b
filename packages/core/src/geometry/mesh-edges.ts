/**
 * The edges of a mesh and what hangs on them: who is whose neighbour, and which triangles lie on a border.
 */

/** @returns [E, 2] every undirected edge once, smaller vertex first, in ascending order. */
export function uniqueEdges(triangles: Uint32Array): Uint32Array {
  const keys = edgeKeys(triangles);
  let unique = 0;
  for (let i = 0; i < keys.length; i++) if (i === 0 || keys[i] !== keys[i - 1]) keys[unique++] = keys[i];
  const edges = new Uint32Array(unique * 2);
  for (let i = 0; i < unique; i++) {
    edges[i * 2] = Math.floor(keys[i] / EDGE_BASE);
    edges[i * 2 + 1] = keys[i] % EDGE_BASE;
  }
  return edges;
}

/** @returns [T] 1 for triangles with a vertex on an edge that only one triangle has: their hits are beyond the data. */
export function borderTriangles(triangles: Uint32Array): Uint8Array {
  const keys = edgeKeys(triangles);
  const onBorder = new Set<number>();
  for (let i = 0; i < keys.length;) {
    let j = i + 1;
    while (j < keys.length && keys[j] === keys[i]) j++;
    if (j === i + 1) {
      onBorder.add(Math.floor(keys[i] / EDGE_BASE));
      onBorder.add(keys[i] % EDGE_BASE);
    }
    i = j;
  }
  const border = new Uint8Array(triangles.length / 3);
  for (let i = 0; i < triangles.length; i++) if (onBorder.has(triangles[i])) border[(i / 3) | 0] = 1;
  return border;
}

/** Two indices below 2^26 make one exact number. */
const EDGE_BASE = 2 ** 26;

/** Sorted keys of all triangle edges, shared ones repeated; edges of a triangle with a doubled vertex are left out. */
function edgeKeys(triangles: Uint32Array): Float64Array {
  const keys = new Float64Array(triangles.length);
  let n = 0;
  for (let t = 0; t < triangles.length; t += 3)
    for (let e = 0; e < 3; e++) {
      const a = triangles[t + e];
      const b = triangles[t + ((e + 1) % 3)];
      if (a !== b) keys[n++] = Math.min(a, b) * EDGE_BASE + Math.max(a, b);
    }
  return keys.subarray(0, n).sort();
}
