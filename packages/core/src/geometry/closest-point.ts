/**
 * The closest point of a triangle mesh, through a tree of bounding boxes (median split of the longest axis): landmarks
 * are put back on the surface with it, meshes are compared and registered with it.
 *
 * Tried, 60,000 queries about 2 mm off a head of 21,000 triangles, one thread: three-mesh-bvh 0.9 (closestPointToPoint,
 * its SAH strategy) 610 ms, an earlier tree over boxed numbers 305 ms, this one on flat arrays in tree order 180 ms one by
 * one, 135 ms as a batch, and 100 ms with the last answers as bounds (`closestPoints` called again, as registration does).
 */

export interface SurfaceHit {
  readonly triangle: number;
  readonly barycentric: readonly [number, number, number];
  readonly point: readonly [number, number, number];
  /** In the positions' unit. */
  readonly distance: number;
}

/** The answers to N queries, reusable as the next call's starting guess. */
export interface SurfaceHits {
  /** [N] */
  readonly triangles: Uint32Array;
  /** [N, 3] */
  readonly points: Float64Array;
  /** [N] in the positions' unit. */
  readonly distances: Float64Array;
}

export interface SurfaceTree {
  /** @throws RangeError when the query is not finite. */
  closestPoint(x: number, y: number, z: number): SurfaceHit;
  /**
   * @param queries [N, 3]
   * @param hits overwritten and returned when given; its triangles are taken as guesses, which changes the time only
   * @throws RangeError when a query is not finite
   */
  closestPoints(queries: ArrayLike<number>, hits?: SurfaceHits): SurfaceHits;
}

const LEAF_SIZE = 4;
/** Squared sine of the angle at a corner below which a triangle is taken for a segment. */
const FLAT = 1e-10;
/** Deeper than any median-split tree of 2^32 triangles. */
const STACK_SIZE = 72;

/**
 * @param positions [V, 3], copied
 * @param triangles [T, 3] at least one; indices of hits refer to this array; triangles without area count as segments
 */
export function createSurfaceTree(
  positions: Float32Array | Float64Array,
  triangles: Uint32Array,
): SurfaceTree {
  const count = triangles.length / 3;
  if (!Number.isInteger(count) || count === 0)
    throw new RangeError(
      `createSurfaceTree: expected [T, 3] triangles, received ${triangles.length} indices.`,
    );
  for (const v of triangles)
    if (!Number.isFinite(positions[v * 3] + positions[v * 3 + 1] + positions[v * 3 + 2]))
      throw new RangeError(
        `createSurfaceTree: vertex ${v} of ${positions.length / 3} is missing or not finite.`,
      );
  const { order, boxes, links } = buildBoxes(positions, triangles);
  const place = new Uint32Array(count);
  /** [T in tree order, 9]: corner a, edges ab and ac. */
  const faces = new Float64Array(count * 9);
  for (let i = 0; i < count; i++) {
    const t = order[i];
    place[t] = i;
    const a = triangles[t * 3] * 3;
    const b = triangles[t * 3 + 1] * 3;
    const c = triangles[t * 3 + 2] * 3;
    for (let k = 0; k < 3; k++) {
      faces[i * 9 + k] = positions[a + k];
      faces[i * 9 + 3 + k] = positions[b + k] - positions[a + k];
      faces[i * 9 + 6 + k] = positions[c + k] - positions[a + k];
    }
  }

  // The search's answer: place in tree order, squared distance, weights of b and c.
  let found = 0;
  let best = Infinity;
  let foundV = 0;
  let foundW = 0;

  const tryFace = (i: number, x: number, y: number, z: number): void => {
    const f = i * 9;
    const abx = faces[f + 3];
    const aby = faces[f + 4];
    const abz = faces[f + 5];
    const acx = faces[f + 6];
    const acy = faces[f + 7];
    const acz = faces[f + 8];
    const apx = x - faces[f];
    const apy = y - faces[f + 1];
    const apz = z - faces[f + 2];
    // Ericson, Real-Time Collision Detection, 5.1.5: by Voronoi region, in the frame of corner a.
    const d1 = abx * apx + aby * apy + abz * apz;
    const d2 = acx * apx + acy * apy + acz * apz;
    const abab = abx * abx + aby * aby + abz * abz;
    const abac = abx * acx + aby * acy + abz * acz;
    const acac = acx * acx + acy * acy + acz * acz;
    const area = abab * acac - abac * abac;
    let v = 0;
    let w = 0;
    if (!(area > FLAT * abab * acac)) {
      // Without area the triangle is its longest edge.
      const bcbc = abab + acac - 2 * abac;
      if (abab >= acac && abab >= bcbc) v = abab > 0 ? clamp01(d1 / abab) : 0;
      else if (acac >= bcbc) w = clamp01(d2 / acac);
      else {
        w = clamp01((d2 - d1 - abac + abab) / bcbc);
        v = 1 - w;
      }
    } else if (d1 > 0 || d2 > 0) {
      const d3 = d1 - abab;
      const d4 = d2 - abac;
      const d5 = d1 - abac;
      const d6 = d2 - acac;
      if (d3 >= 0 && d4 <= d3) v = 1;
      else if (d6 >= 0 && d5 <= d6) w = 1;
      else if (d1 * d4 - d3 * d2 <= 0 && d1 >= 0 && d3 <= 0) v = d1 / abab;
      else if (d5 * d2 - d1 * d6 <= 0 && d2 >= 0 && d6 <= 0) w = d2 / acac;
      else if (d3 * d6 - d5 * d4 <= 0 && d4 >= d3 && d5 >= d6) {
        w = (d4 - d3) / (d4 - d3 + (d5 - d6));
        v = 1 - w;
      } else {
        v = (acac * d1 - abac * d2) / area;
        w = (abab * d2 - abac * d1) / area;
      }
    }
    const dx = apx - v * abx - w * acx;
    const dy = apy - v * aby - w * acy;
    const dz = apz - v * abz - w * acz;
    const d = dx * dx + dy * dy + dz * dz;
    if (d < best) {
      best = d;
      found = i;
      foundV = v;
      foundW = w;
    }
  };

  const stack = new Uint32Array(STACK_SIZE);
  const stackDistance = new Float64Array(STACK_SIZE);
  const search = (x: number, y: number, z: number): void => {
    if (!Number.isFinite(x + y + z))
      throw new RangeError(`closestPoint: the query (${x}, ${y}, ${z}) is not finite.`);
    let depth = 1;
    stack[0] = 0;
    stackDistance[0] = -1;
    while (depth > 0) {
      depth--;
      if (stackDistance[depth] >= best) continue;
      let node = stack[depth];
      for (;;) {
        const first = links[node * 2];
        if (first < 0) {
          const start = -first - 1;
          const end = start + links[node * 2 + 1];
          for (let i = start; i < end; i++) tryFace(i, x, y, z);
          break;
        }
        const second = links[node * 2 + 1];
        const a = boxDistance(boxes, first * 6, x, y, z);
        const b = boxDistance(boxes, second * 6, x, y, z);
        const near = a <= b ? first : second;
        if (a <= b) {
          if (b < best) {
            stack[depth] = second;
            stackDistance[depth++] = b;
          }
          if (a >= best) break;
        } else {
          if (a < best) {
            stack[depth] = first;
            stackDistance[depth++] = a;
          }
          if (b >= best) break;
        }
        node = near;
      }
    }
  };

  return {
    closestPoint: (x, y, z) => {
      best = Infinity;
      search(x, y, z);
      const f = found * 9;
      const at = (c: number): number => faces[f + c] + foundV * faces[f + 3 + c] + foundW * faces[f + 6 + c];
      return {
        triangle: order[found],
        barycentric: [1 - foundV - foundW, foundV, foundW],
        point: [at(0), at(1), at(2)],
        distance: Math.sqrt(best),
      };
    },
    closestPoints: (queries, hits) => {
      const n = queries.length / 3;
      if (!Number.isInteger(n))
        throw new RangeError(`closestPoints: expected [N, 3] queries, received ${queries.length} numbers.`);
      if (hits && hits.triangles.length !== n)
        throw new RangeError(`closestPoints: ${n} queries, but room for ${hits.triangles.length} hits.`);
      const out = hits ?? {
        triangles: new Uint32Array(n),
        points: new Float64Array(n * 3),
        distances: new Float64Array(n),
      };
      let last = 0;
      for (let i = 0; i < n; i++) {
        const x = queries[i * 3];
        const y = queries[i * 3 + 1];
        const z = queries[i * 3 + 2];
        best = Infinity;
        // A guess bounds the search from the start: the last answer here, or else the neighbouring query's.
        tryFace(hits ? place[out.triangles[i]] : last, x, y, z);
        search(x, y, z);
        last = found;
        const f = found * 9;
        out.triangles[i] = order[found];
        out.distances[i] = Math.sqrt(best);
        for (let c = 0; c < 3; c++)
          out.points[i * 3 + c] = faces[f + c] + foundV * faces[f + 3 + c] + foundW * faces[f + 6 + c];
      }
      return out;
    },
  };
}

function clamp01(x: number): number {
  return Math.min(1, Math.max(0, x));
}

function boxDistance(boxes: Float64Array, b: number, x: number, y: number, z: number): number {
  const dx = x < boxes[b] ? boxes[b] - x : x > boxes[b + 3] ? x - boxes[b + 3] : 0;
  const dy = y < boxes[b + 1] ? boxes[b + 1] - y : y > boxes[b + 4] ? y - boxes[b + 4] : 0;
  const dz = z < boxes[b + 2] ? boxes[b + 2] - z : z > boxes[b + 5] ? z - boxes[b + 5] : 0;
  return dx * dx + dy * dy + dz * dz;
}

interface Boxes {
  /** [T] triangles in the order of the leaves. */
  readonly order: Uint32Array;
  /** [nodes, 6] */
  readonly boxes: Float64Array;
  /** [nodes, 2] children (left, right), or (-start - 1, count) for a leaf. */
  readonly links: Int32Array;
}

function buildBoxes(positions: Float32Array | Float64Array, triangles: Uint32Array): Boxes {
  const count = triangles.length / 3;
  const order = Uint32Array.from({ length: count }, (_, t) => t);
  const low = new Float64Array(count * 3);
  const high = new Float64Array(count * 3);
  const centre = new Float64Array(count * 3);
  for (let t = 0; t < count; t++)
    for (let c = 0; c < 3; c++) {
      const p = positions[triangles[t * 3] * 3 + c];
      const q = positions[triangles[t * 3 + 1] * 3 + c];
      const r = positions[triangles[t * 3 + 2] * 3 + c];
      low[t * 3 + c] = Math.min(p, q, r);
      high[t * 3 + c] = Math.max(p, q, r);
      centre[t * 3 + c] = p + q + r;
    }
  const boxes = new Float64Array(count * 2 * 6);
  const links = new Int32Array(count * 2 * 2);
  let nodes = 0;

  const build = (start: number, end: number): number => {
    const node = nodes++;
    const b = node * 6;
    for (let c = 0; c < 3; c++) {
      let lowest = Infinity;
      let highest = -Infinity;
      for (let i = start; i < end; i++) {
        lowest = Math.min(lowest, low[order[i] * 3 + c]);
        highest = Math.max(highest, high[order[i] * 3 + c]);
      }
      boxes[b + c] = lowest;
      boxes[b + 3 + c] = highest;
    }
    links[node * 2] = -start - 1;
    links[node * 2 + 1] = end - start;
    if (end - start <= LEAF_SIZE) return node;
    const size = [boxes[b + 3] - boxes[b], boxes[b + 4] - boxes[b + 1], boxes[b + 5] - boxes[b + 2]];
    const axis = size.indexOf(Math.max(...size));
    order.subarray(start, end).sort((i, j) => centre[i * 3 + axis] - centre[j * 3 + axis] || i - j);
    const middle = (start + end) >> 1;
    const left = build(start, middle);
    const right = build(middle, end);
    links[node * 2] = left;
    links[node * 2 + 1] = right;
    return node;
  };
  build(0, count);
  return { order, boxes, links };
}
