/**
 * Parts of a mesh and meshes without doubled vertices: protocols crop scans, and files split vertices at texture seams,
 * which would tear a surface that is to be bent.
 */

export interface SubMesh {
  /** [V', 3] */
  readonly positions: Float64Array;
  /** [T', 3] triangles whose corners were all kept. */
  readonly triangles: Uint32Array;
  /** [V'] vertex of the original mesh each one comes from, ascending. */
  readonly vertices: Uint32Array;
}

interface PlainMesh {
  readonly positions: Float32Array | Float64Array;
  readonly triangles: Uint32Array;
}

/** Keeps the vertices for which `keep` is true (`keep` gets the vertex's index). */
export function subMesh({ positions, triangles }: PlainMesh, keep: (vertex: number) => boolean): SubMesh {
  const NONE = 0xffffffff;
  const count = positions.length / 3;
  const renamed = new Uint32Array(count).fill(NONE);
  const vertices: number[] = [];
  for (let v = 0; v < count; v++)
    if (keep(v)) {
      renamed[v] = vertices.length;
      vertices.push(v);
    }
  const kept: number[] = [];
  for (let t = 0; t < triangles.length; t += 3) {
    const a = renamed[triangles[t]];
    const b = renamed[triangles[t + 1]];
    const c = renamed[triangles[t + 2]];
    if (a !== NONE && b !== NONE && c !== NONE) kept.push(a, b, c);
  }
  const moved = new Float64Array(vertices.length * 3);
  for (const [i, v] of vertices.entries())
    for (let c = 0; c < 3; c++) moved[i * 3 + c] = positions[v * 3 + c];
  return { positions: moved, triangles: Uint32Array.from(kept), vertices: Uint32Array.from(vertices) };
}

/** The vertices within `radius` of `centre`. */
export function cropSphere(mesh: PlainMesh, centre: ArrayLike<number>, radius: number): SubMesh {
  const { positions } = mesh;
  return subMesh(
    mesh,
    (v) =>
      (positions[v * 3] - centre[0]) ** 2 +
        (positions[v * 3 + 1] - centre[1]) ** 2 +
        (positions[v * 3 + 2] - centre[2]) ** 2 <=
      radius * radius,
  );
}

export interface WeldedMesh {
  readonly positions: Float64Array;
  /** Triangles that lost a corner are dropped. */
  readonly triangles: Uint32Array;
  /** [V of the original] its vertex in the welded mesh. */
  readonly weldedOf: Uint32Array;
}

/** Vertices at exactly the same position become one. */
export function weldVertices({ positions, triangles }: PlainMesh): WeldedMesh {
  const count = positions.length / 3;
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort(
    (a, b) =>
      positions[a * 3] - positions[b * 3] ||
      positions[a * 3 + 1] - positions[b * 3 + 1] ||
      positions[a * 3 + 2] - positions[b * 3 + 2] ||
      a - b,
  );
  const first = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const v = order[i];
    const u = i > 0 ? first[order[i - 1]] : v;
    const same =
      positions[u * 3] === positions[v * 3] &&
      positions[u * 3 + 1] === positions[v * 3 + 1] &&
      positions[u * 3 + 2] === positions[v * 3 + 2];
    first[v] = same ? u : v;
  }
  const weldedOf = new Uint32Array(count);
  const points: number[] = [];
  for (let v = 0; v < count; v++) {
    // The first of equal vertices has the lowest index, so it was numbered before.
    if (first[v] === v) {
      weldedOf[v] = points.length / 3;
      points.push(positions[v * 3], positions[v * 3 + 1], positions[v * 3 + 2]);
    } else weldedOf[v] = weldedOf[first[v]];
  }
  const kept: number[] = [];
  for (let t = 0; t < triangles.length; t += 3) {
    const a = weldedOf[triangles[t]];
    const b = weldedOf[triangles[t + 1]];
    const c = weldedOf[triangles[t + 2]];
    if (a !== b && b !== c && c !== a) kept.push(a, b, c);
  }
  return { positions: Float64Array.from(points), triangles: Uint32Array.from(kept), weldedOf };
}
