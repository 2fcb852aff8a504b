/**
 * Where between two neighbouring pixels the surface ends. Found outside the program, as visibility is; `antialias` turns it into
 * partial coverage with a gradient.
 *
 * From the pixel that shows the nearer surface, a walk over the mesh towards its neighbour's centre either arrives (the surface goes on)
 * or leaves over an edge behind which there is nothing or the mesh turns away: the silhouette. nvdiffrast (Laine et al. 2020, section 3.4) looks
 * at the three edges of the pixel's own triangle only, which misses where triangles are as small as pixels, as a head's are. As there, a
 * border is looked for across its own direction only: steep edges within rows, flat ones within columns.
 */
import type { VisibilityBuffer } from './rasterize.ts';
import { triangleNeighbours } from './triangle-neighbours.ts';

/** Silhouettes between pixels, in arrays of a fixed size K; what is left over is zero, which has no effect. */
export interface Silhouette {
  /** [K, 2] the pixel that shows the nearer surface, and its neighbour. */
  readonly silhouettePixels: Int32Array;
  /** [K, 2] vertices of the edge that crosses the line between their centres. */
  readonly silhouetteEdges: Int32Array;
}

/** A walk's end: at the other pixel's triangle, or at its centre but behind what is seen there. */
const ARRIVED = -1;
const HIDDEN = -2;

/** Triangles that a walk of one pixel may cross; where there are more, no one can see the difference. */
const LONGEST_WALK = 24;

/**
 * @param projected [V, 3] u, v in pixels and depth
 * @returns how many silhouettes there are; more than K are left out, the picture's last rows first
 */
export function findSilhouette(
  projected: Float32Array,
  triangles: Uint32Array,
  { width, height, triangleIds, inverseDepth }: VisibilityBuffer,
  { silhouettePixels, silhouetteEdges }: Silhouette,
): number {
  const neighbours = triangleNeighbours(triangles);
  const turns = orientations(projected, triangles);
  const capacity = silhouettePixels.length / 2;
  let count = 0;
  /** Whether two triangles share a side and show the same face: the common case, settled without a walk. */
  const joined = (s: number, t: number): boolean =>
    t >= 0 &&
    (neighbours[s * 3] === t || neighbours[s * 3 + 1] === t || neighbours[s * 3 + 2] === t) &&
    turns[s] === turns[t];
  const visit = (p: number, q: number, inRow: boolean): void => {
    const first = inverseDepth[p] >= inverseDepth[q];
    let near = first ? p : q;
    let far = first ? q : p;
    if (joined(triangleIds[near], triangleIds[far])) return;
    let side = walk(near, far);
    // The nearer surface goes on behind the other, which then ends before it.
    if (side === HIDDEN && triangleIds[far] >= 0) {
      near = far;
      far = first ? p : q;
      side = walk(near, far);
    }
    if (side < 0) return;
    const from = triangles[side];
    const to = triangles[side % 3 === 2 ? side - 2 : side + 1];
    const across = Math.abs(projected[to * 3] - projected[from * 3]);
    const down = Math.abs(projected[to * 3 + 1] - projected[from * 3 + 1]);
    // Steep edges lie between neighbours in a row, flat ones between neighbours in a column: each border counts once, and no edge is nearly
    // parallel to the way that it crosses, where the gradient would have no bound.
    if (inRow ? down < across : across <= down) return;
    if (count < capacity) {
      silhouettePixels[count * 2] = near;
      silhouettePixels[count * 2 + 1] = far;
      silhouetteEdges[count * 2] = from;
      silhouetteEdges[count * 2 + 1] = to;
    }
    count++;
  };
  /** The side of a triangle (3 t + k) over which the way from pixel p to pixel q leaves the surface; or ARRIVED, or HIDDEN. */
  const walk = (p: number, q: number): number => {
    const px = (p % width) + 0.5;
    const py = Math.floor(p / width) + 0.5;
    const dx = (q % width) + 0.5 - px;
    const dy = Math.floor(q / width) + 0.5 - py;
    let triangle = triangleIds[p];
    const goal = triangleIds[q];
    const facing = turns[triangle];
    let entered = -1;
    for (let step = 0; step < LONGEST_WALK; step++) {
      // The side over which the way leaves: of those that it crosses outwards, the nearest.
      let exit = -1;
      let nearest = Infinity;
      for (let k = 0; k < 3; k++) {
        const side = triangle * 3 + k;
        if (side === entered) continue;
        const a = triangles[side] * 3;
        const b = triangles[k === 2 ? side - 2 : side + 1] * 3;
        const ex = projected[b] - projected[a];
        const ey = projected[b + 1] - projected[a + 1];
        const across = (dx * ey - dy * ex) * facing;
        if (!(across > 0)) continue;
        const at = (((projected[a] - px) * ey - (projected[a + 1] - py) * ex) * facing) / across;
        if (at < nearest) {
          nearest = at;
          exit = side;
        }
      }
      if (exit < 0 || nearest >= 1) return HIDDEN;
      const next = neighbours[exit];
      if (next < 0 || turns[next] !== facing) return exit;
      if (next === goal) return ARRIVED;
      entered = sideOf(triangles, next, triangles[exit], triangles[exit % 3 === 2 ? exit - 2 : exit + 1]);
      triangle = next;
    }
    return ARRIVED;
  };
  for (let row = 0, pixel = 0; row < height; row++)
    for (let column = 0; column < width; column++, pixel++) {
      const id = triangleIds[pixel];
      if (column + 1 < width && triangleIds[pixel + 1] !== id) visit(pixel, pixel + 1, true);
      if (row + 1 < height && triangleIds[pixel + width] !== id) visit(pixel, pixel + width, false);
    }
  silhouettePixels.fill(0, count * 2);
  silhouetteEdges.fill(0, count * 2);
  return count;
}

/** [T] 1 or -1 for the two ways round on screen, 0 for triangles without area. */
function orientations(projected: Float32Array, triangles: Uint32Array): Int8Array {
  const out = new Int8Array(triangles.length / 3);
  for (let t = 0; t < out.length; t++) {
    const a = triangles[t * 3] * 3;
    const b = triangles[t * 3 + 1] * 3;
    const c = triangles[t * 3 + 2] * 3;
    out[t] = Math.sign(
      (projected[b] - projected[a]) * (projected[c + 1] - projected[a + 1]) -
        (projected[b + 1] - projected[a + 1]) * (projected[c] - projected[a]),
    );
  }
  return out;
}

/** The side of a triangle between two of its vertices. */
function sideOf(triangles: Uint32Array, triangle: number, a: number, b: number): number {
  for (let k = 0; k < 3; k++) {
    const side = triangle * 3 + k;
    const from = triangles[side];
    const to = triangles[k === 2 ? side - 2 : side + 1];
    if ((from === a && to === b) || (from === b && to === a)) return side;
  }
  return -1;
}
