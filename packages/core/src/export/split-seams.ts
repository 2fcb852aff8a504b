/**
 * A glTF vertex has one position and one texture coordinate; ours have separate indices so that a seam of the chart
 * does not tear the surface. This makes the one out of the other, part by part.
 */
import type { Mesh } from '../geometry/index.ts';

/** One part with a single index for positions and uvs. */
export interface SplitPart {
  /** [N] index of the surface vertex each split vertex comes from. */
  readonly source: Uint32Array;
  /** [N] index of its texture vertex; empty where the mesh has no uvs. */
  readonly uvSource: Uint32Array;
  /** [3 T] indices into the two arrays above, winding kept. */
  readonly indices: Uint32Array;
}

/**
 * Splits a run of triangles along UV seams: every distinct pair (vertex, texture vertex) becomes one vertex,
 * numbered in order of first use. Triangles with a repeated corner are dropped (viewers warn of them).
 */
export function splitSeams(mesh: Mesh, triangleStart: number, triangleCount: number): SplitPart {
  const { triangles, uvTriangles } = mesh;
  const source: number[] = [];
  const uvSource: number[] = [];
  const indices: number[] = [];
  const uvCount = mesh.uvs === undefined ? 1 : mesh.uvs.length / 2;
  const known = new Map<number, number>();
  for (let t = triangleStart; t < triangleStart + triangleCount; t++) {
    const a = triangles[3 * t];
    const b = triangles[3 * t + 1];
    const c = triangles[3 * t + 2];
    if (a === b || b === c || c === a) continue;
    for (let corner = 0; corner < 3; corner++) {
      const vertex = triangles[3 * t + corner];
      const uv = uvTriangles === undefined ? 0 : uvTriangles[3 * t + corner];
      const key = vertex * uvCount + uv;
      let index = known.get(key);
      if (index === undefined) {
        index = source.length;
        known.set(key, index);
        source.push(vertex);
        uvSource.push(uv);
      }
      indices.push(index);
    }
  }
  return {
    source: Uint32Array.from(source),
    uvSource: uvTriangles === undefined ? new Uint32Array(0) : Uint32Array.from(uvSource),
    indices: Uint32Array.from(indices),
  };
}
