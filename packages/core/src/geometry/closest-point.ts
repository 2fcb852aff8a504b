/**
 * The closest point of a triangle mesh, through a tree of bounding boxes (median split of the longest axis): landmarks
 * are put back on the surface with it and meshes are compared with it.
 */

export interface SurfaceHit {
  readonly triangle: number;
  readonly barycentric: readonly [number, number, number];
  readonly point: readonly [number, number, number];
  /** In the positions' unit. */
  readonly distance: number;
}

export interface SurfaceTree {
  /** @throws RangeError when the query is not finite. */
  closestPoint(x: number, y: number, z: number): SurfaceHit;
}

const LEAF_SIZE = 4;

/**
 * @param positions [V, 3]
 * @param triangles [T, 3] at least one; indices of hits refer to this array
 */
export function createSurfaceTree(positions: Float32Array, triangles: Uint32Array): SurfaceTree {
  const count = triangles.length / 3;
  if (!Number.isInteger(count) || count === 0)
    throw new RangeError(
      `createSurfaceTree: expected [T, 3] triangles, received ${triangles.length} indices.`,
    );
  const order = Uint32Array.from({ length: count }, (_, t) => t);
  const corner = (t: number, k: number, c: number): number => positions[triangles[t * 3 + k] * 3 + c];
  const centre = (t: number, c: number): number => corner(t, 0, c) + corner(t, 1, c) + corner(t, 2, c);
  // Node n: box at boxes[n * 6], children at 2 numbers in links (left, right) or (-start - 1, count) for a leaf.
  const boxes: number[] = [];
  const links: number[] = [];

  const build = (start: number, end: number): number => {
    const node = links.length / 2;
    const box = [Infinity, Infinity, Infinity, -Infinity, -Infinity, -Infinity];
    for (let i = start; i < end; i++)
      for (let k = 0; k < 3; k++)
        for (let c = 0; c < 3; c++) {
          const value = corner(order[i], k, c);
          if (value < box[c]) box[c] = value;
          if (value > box[c + 3]) box[c + 3] = value;
        }
    boxes.push(...box);
    links.push(-start - 1, end - start);
    if (end - start <= LEAF_SIZE) return node;
    const size = [box[3] - box[0], box[4] - box[1], box[5] - box[2]];
    const axis = size.indexOf(Math.max(...size));
    order.subarray(start, end).sort((a, b) => centre(a, axis) - centre(b, axis) || a - b);
    const middle = (start + end) >> 1;
    const left = build(start, middle);
    const right = build(middle, end);
    links[node * 2] = left;
    links[node * 2 + 1] = right;
    return node;
  };
  build(0, count);

  const boxDistance = (node: number, x: number, y: number, z: number): number => {
    const b = node * 6;
    const dx = Math.max(boxes[b] - x, 0, x - boxes[b + 3]);
    const dy = Math.max(boxes[b + 1] - y, 0, y - boxes[b + 4]);
    const dz = Math.max(boxes[b + 2] - z, 0, z - boxes[b + 5]);
    return dx * dx + dy * dy + dz * dz;
  };

  return {
    closestPoint: (x, y, z) => {
      if (!Number.isFinite(x + y + z))
        throw new RangeError(`closestPoint: the query (${x}, ${y}, ${z}) is not finite.`);
      let best = Infinity;
      let found = 0;
      let weights: [number, number, number] = [1, 0, 0];
      const visit = (node: number): void => {
        const first = links[node * 2];
        const second = links[node * 2 + 1];
        if (first < 0) {
          for (let i = -first - 1; i < -first - 1 + second; i++) {
            const t = order[i];
            const w = closestOnTriangle(positions, triangles, t, x, y, z);
            let d = 0;
            for (let c = 0; c < 3; c++) {
              const at = w[0] * corner(t, 0, c) + w[1] * corner(t, 1, c) + w[2] * corner(t, 2, c);
              d += (at - (c === 0 ? x : c === 1 ? y : z)) ** 2;
            }
            if (d < best) {
              best = d;
              found = t;
              weights = w;
            }
          }
          return;
        }
        const a = boxDistance(first, x, y, z);
        const b = boxDistance(second, x, y, z);
        const near = a <= b ? first : second;
        const far = a <= b ? second : first;
        if (Math.min(a, b) < best) visit(near);
        if (Math.max(a, b) < best) visit(far);
      };
      visit(0);
      const at = (c: number): number =>
        weights[0] * corner(found, 0, c) +
        weights[1] * corner(found, 1, c) +
        weights[2] * corner(found, 2, c);
      return {
        triangle: found,
        barycentric: weights,
        point: [at(0), at(1), at(2)],
        distance: Math.sqrt(best),
      };
    },
  };
}

/** Barycentrics of the closest point (Ericson, Real-Time Collision Detection, 5.1.5: by Voronoi region). */
function closestOnTriangle(
  p: Float32Array,
  triangles: Uint32Array,
  t: number,
  x: number,
  y: number,
  z: number,
): [number, number, number] {
  const a = triangles[t * 3] * 3;
  const b = triangles[t * 3 + 1] * 3;
  const c = triangles[t * 3 + 2] * 3;
  const abx = p[b] - p[a];
  const aby = p[b + 1] - p[a + 1];
  const abz = p[b + 2] - p[a + 2];
  const acx = p[c] - p[a];
  const acy = p[c + 1] - p[a + 1];
  const acz = p[c + 2] - p[a + 2];
  const d1 = abx * (x - p[a]) + aby * (y - p[a + 1]) + abz * (z - p[a + 2]);
  const d2 = acx * (x - p[a]) + acy * (y - p[a + 1]) + acz * (z - p[a + 2]);
  if (d1 <= 0 && d2 <= 0) return [1, 0, 0];
  const d3 = abx * (x - p[b]) + aby * (y - p[b + 1]) + abz * (z - p[b + 2]);
  const d4 = acx * (x - p[b]) + acy * (y - p[b + 1]) + acz * (z - p[b + 2]);
  if (d3 >= 0 && d4 <= d3) return [0, 1, 0];
  const vc = d1 * d4 - d3 * d2;
  if (vc <= 0 && d1 >= 0 && d3 <= 0) {
    const v = d1 / (d1 - d3);
    return [1 - v, v, 0];
  }
  const d5 = abx * (x - p[c]) + aby * (y - p[c + 1]) + abz * (z - p[c + 2]);
  const d6 = acx * (x - p[c]) + acy * (y - p[c + 1]) + acz * (z - p[c + 2]);
  if (d6 >= 0 && d5 <= d6) return [0, 0, 1];
  const vb = d5 * d2 - d1 * d6;
  if (vb <= 0 && d2 >= 0 && d6 <= 0) {
    const w = d2 / (d2 - d6);
    return [1 - w, 0, w];
  }
  const va = d3 * d6 - d5 * d4;
  if (va <= 0 && d4 - d3 >= 0 && d5 - d6 >= 0) {
    const w = (d4 - d3) / (d4 - d3 + (d5 - d6));
    return [0, 1 - w, w];
  }
  const total = va + vb + vc;
  return [va / total, vb / total, vc / total];
}
