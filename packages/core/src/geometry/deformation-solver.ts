/**
 * The linear system of non-rigid registration (Amberg, Romdhani & Vetter 2007, "Optimal Step Nonrigid ICP Algorithms for
 * Surface Registration", eqs. 8-13): an affine transform X_i [4, 3] per vertex that minimises
 *
 *   sum over edges  s^2 |G (X_i - X_j)|^2  +  sum over vertices  m_i |v_i' X_i - u_i|^2        v_i = (x, y, z, 1)
 *
 * Three right-hand sides (x, y, z) share one matrix of 4V unknowns. Solved by conjugate gradients, all three at once, with
 * a multigrid cycle as preconditioner: stiff sheets have few soft modes, all of them smooth, and those are what coarse
 * grids remove. With aggregates of vertices as coarse grids the stiffness stays a graph Laplacian times G^2, so no grid
 * stores more than one number per edge and one symmetric 4 x 4 block per vertex.
 *
 * Considered: sparse Cholesky (as CHOLMOD under the published codes). On a planar mesh of 11,000 vertices the best ordering
 * leaves 1.5 GFLOP per factorisation, 1 to 2 s here, growing with V^1.5, and the matrix changes with every set of closest
 * points; npm's only package for it (cholesky-solve, scalar, without ordering of its own) is slower still. Timings of this
 * solver are in benchmarks/results/evaluation-nicp.json.
 */
import { factorDense, substituteDense } from './solve-dense.ts';

export interface DeformationSystem {
  /** [V, 3] the points v_i. */
  readonly positions: Float64Array;
  /** [V] m_i: sum of squared weights of the targets of each vertex. */
  readonly dataWeights: Float64Array;
  /** [V, 3] m_i u_i: sum of squared weight times target. */
  readonly dataTargets: Float64Array;
  /** s; its square multiplies each edge. */
  readonly stiffness: number;
  /** Diagonal of G: x, y, z columns and translation. */
  readonly balance: readonly [number, number, number, number];
}

export interface DeformationSolveOptions {
  /**
   * Largest root mean square error of the moved, weighted vertices against the exact solution, in the positions' unit
   * (estimated from the preconditioned residual).
   */
  readonly tolerance: number;
  readonly maxIterations: number;
}

export interface DeformationSolver {
  /**
   * @param transforms [V, 4, 3] starting guess, overwritten with the solution; where nothing else holds a vertex (a loose
   *   piece without data) it stays at the guess
   * @returns iterations used
   */
  solve(system: DeformationSystem, transforms: Float64Array, options: DeformationSolveOptions): number;
}

/** One grid: neighbours in compressed rows, stiffness per entry, aggregates of the next coarser grid. */
interface Grid {
  readonly count: number;
  readonly start: Uint32Array;
  readonly neighbour: Uint32Array;
  /** [count] where the row's neighbours above the diagonal begin. */
  readonly upper: Uint32Array;
  /** Edges of the finest grid that this one stands for. */
  readonly weight: Float64Array;
  readonly degree: Float64Array;
  /** [count] on the next coarser grid; undefined on the coarsest. */
  readonly parent: Uint32Array | undefined;
  /** [count, 10] data block: xx xy xz x1 yy yz y1 zz z1 11. */
  readonly data: Float64Array;
  /** [count, 10] inverse of the whole diagonal block, same order. */
  readonly inverse: Float64Array;
  /** [count, 12] work. */
  readonly rhs: Float64Array;
  readonly x: Float64Array;
  readonly residual: Float64Array;
}

/** Coarsening ends here, or where it no longer shrinks the grid (a soup of loose pieces). */
const COARSEST = 60;
/** Above this the coarsest grid is only smoothed. */
const DENSE_LIMIT = 200;
/** Keeps loose pieces solvable: beside the data, which alone holds the soft modes, and beside rounding of the stiffness. */
const DATA_ANCHOR = 1e-10;
const STIFFNESS_ANCHOR = 1e-13;
/**
 * Steps between constant aggregates cost more energy than the smooth field they stand for; weakening the coarse
 * stiffness makes up for it. Iterations to the same accuracy: see the benchmark.
 */
const COARSE_STIFFNESS = 0.6;

/**
 * @param vertexCount V
 * @param edges [E, 2] each undirected edge once
 */
export function createDeformationSolver(vertexCount: number, edges: Uint32Array): DeformationSolver {
  const grids = buildGrids(vertexCount, edges);
  const fine = grids[0];
  const size = vertexCount * 12;
  const residual = new Float64Array(size);
  const direction = new Float64Array(size);
  const image = new Float64Array(size);
  const coarsest = grids[grids.length - 1];
  const dense = new Float64Array(coarsest.count <= DENSE_LIMIT ? (coarsest.count * 4) ** 2 : 0);

  return {
    solve: ({ positions, dataWeights, dataTargets, stiffness, balance }, transforms, options) => {
      if (positions.length !== vertexCount * 3 || transforms.length !== size)
        throw new RangeError(
          `solve: expected ${vertexCount} vertices, received ${positions.length / 3} positions and ${transforms.length / 12} transforms.`,
        );
      if (!(stiffness > 0))
        throw new RangeError(`solve: the stiffness must be positive, received ${stiffness}.`);
      const g = balance.map((b) => (stiffness * b) ** 2);
      fillData(fine, positions, dataWeights);
      multiply(fine, g, transforms, image);
      let weightSum = 0;
      for (let i = 0; i < vertexCount; i++) {
        weightSum += dataWeights[i];
        const p = i * 3;
        const r = i * 12;
        for (let k = 0; k < 3; k++) {
          const target = dataTargets[p + k];
          residual[r + k] = positions[p] * target - image[r + k];
          residual[r + 3 + k] = positions[p + 1] * target - image[r + 3 + k];
          residual[r + 6 + k] = positions[p + 2] * target - image[r + 6 + k];
          residual[r + 9 + k] = target - image[r + 9 + k];
        }
      }
      if (!(weightSum > 0))
        throw new RangeError('solve: no vertex has a target, so the deformation is unknown.');
      // (A + e) X = b + e X0 has the same first residual: the anchor enters the matrix only.
      anchor(fine, g);
      for (let level = 1; level < grids.length; level++) restrictData(grids[level - 1], grids[level]);
      for (const grid of grids) invertDiagonal(grid, g);
      const isDense = coarsest.count <= DENSE_LIMIT;
      if (isDense) {
        fillDense(coarsest, g, dense);
        if (!factorDense(dense, coarsest.count * 4))
          throw new RangeError('solve: the deformation system is not positive definite.');
      }

      const limit = options.tolerance ** 2 * weightSum;
      const rho = new Float64Array(3);
      const last = new Float64Array(3);
      const curvature = new Float64Array(3);
      let iteration = 0;
      for (; iteration < options.maxIterations; iteration++) {
        fine.rhs.set(residual);
        cycle(grids, 0, g, dense);
        dot3(residual, fine.x, rho);
        if (rho[0] + rho[1] + rho[2] <= limit) break;
        for (let k = 0; k < 3; k++) {
          const beta = iteration > 0 && last[k] > 0 ? rho[k] / last[k] : 0;
          for (let i = k; i < size; i += 3) direction[i] = fine.x[i] + beta * direction[i];
          last[k] = rho[k];
        }
        multiply(fine, g, direction, image);
        dot3(direction, image, curvature);
        for (let k = 0; k < 3; k++) {
          const step = curvature[k] > 0 ? rho[k] / curvature[k] : 0;
          for (let i = k; i < size; i += 3) {
            transforms[i] += step * direction[i];
            residual[i] -= step * image[i];
          }
        }
      }
      return iteration;
    },
  };
}

/** Aggregates by Vanek's three passes: whole free neighbourhoods, then stragglers to their strongest neighbour, then the rest. */
function buildGrids(vertexCount: number, edges: Uint32Array): Grid[] {
  const grids: Grid[] = [];
  let entries = compress(vertexCount, edges, new Float64Array(edges.length / 2).fill(1));
  for (;;) {
    const { count, start, neighbour, weight } = entries;
    const { parent, aggregates } = aggregate(count, start, neighbour, weight);
    const last = count <= COARSEST || aggregates > 0.7 * count;
    const degree = new Float64Array(count);
    for (let i = 0; i < count; i++) for (let e = start[i]; e < start[i + 1]; e++) degree[i] += weight[e];
    grids.push({
      ...entries,
      degree,
      parent: last ? undefined : parent,
      data: new Float64Array(count * 10),
      inverse: new Float64Array(count * 10),
      rhs: new Float64Array(count * 12),
      x: new Float64Array(count * 12),
      residual: new Float64Array(count * 12),
    });
    if (last) return grids;
    const sums = new Map<number, number>();
    for (let i = 0; i < count; i++)
      for (let e = start[i]; e < start[i + 1]; e++) {
        const a = parent[i];
        const b = parent[neighbour[e]];
        if (a < b) sums.set(a * aggregates + b, (sums.get(a * aggregates + b) ?? 0) + weight[e]);
      }
    const coarseEdges = new Uint32Array(sums.size * 2);
    const coarseWeights = new Float64Array(sums.size);
    let n = 0;
    for (const [key, w] of sums) {
      coarseEdges[n * 2] = Math.floor(key / aggregates);
      coarseEdges[n * 2 + 1] = key % aggregates;
      coarseWeights[n++] = w * COARSE_STIFFNESS;
    }
    entries = compress(aggregates, coarseEdges, coarseWeights);
  }
}

interface Entries {
  readonly count: number;
  readonly start: Uint32Array;
  /** Ascending within each row. */
  readonly neighbour: Uint32Array;
  /** [count] where the row's neighbours above the diagonal begin. */
  readonly upper: Uint32Array;
  readonly weight: Float64Array;
}

function compress(count: number, edges: Uint32Array, weights: Float64Array): Entries {
  const start = new Uint32Array(count + 1);
  for (const v of edges) {
    if (v >= count)
      throw new RangeError(`createDeformationSolver: an edge names vertex ${v} of ${count} vertices.`);
    start[v + 1]++;
  }
  for (let i = 0; i < count; i++) start[i + 1] += start[i];
  const fill = start.slice();
  const neighbour = new Uint32Array(edges.length);
  const weight = new Float64Array(edges.length);
  for (let e = 0; e < weights.length; e++) {
    const a = edges[e * 2];
    const b = edges[e * 2 + 1];
    neighbour[fill[a]] = b;
    weight[fill[a]++] = weights[e];
    neighbour[fill[b]] = a;
    weight[fill[b]++] = weights[e];
  }
  const upper = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    // Insertion sort: rows have about six entries.
    for (let e = start[i] + 1; e < start[i + 1]; e++) {
      const j = neighbour[e];
      const w = weight[e];
      let f = e;
      for (; f > start[i] && neighbour[f - 1] > j; f--) {
        neighbour[f] = neighbour[f - 1];
        weight[f] = weight[f - 1];
      }
      neighbour[f] = j;
      weight[f] = w;
    }
    upper[i] = start[i];
    while (upper[i] < start[i + 1] && neighbour[upper[i]] < i) upper[i]++;
  }
  return { count, start, neighbour, upper, weight };
}

function aggregate(
  count: number,
  start: Uint32Array,
  neighbour: Uint32Array,
  weight: Float64Array,
): { parent: Uint32Array; aggregates: number } {
  const FREE = 0xffffffff;
  const parent = new Uint32Array(count).fill(FREE);
  let aggregates = 0;
  for (let i = 0; i < count; i++) {
    let free = parent[i] === FREE && start[i + 1] > start[i];
    for (let e = start[i]; free && e < start[i + 1]; e++) free = parent[neighbour[e]] === FREE;
    if (!free) continue;
    parent[i] = aggregates;
    for (let e = start[i]; e < start[i + 1]; e++) parent[neighbour[e]] = aggregates;
    aggregates++;
  }
  const seeds = parent.slice();
  for (let i = 0; i < count; i++) {
    if (parent[i] !== FREE) continue;
    let strongest = 0;
    for (let e = start[i]; e < start[i + 1]; e++)
      if (seeds[neighbour[e]] !== FREE && weight[e] > strongest) {
        strongest = weight[e];
        parent[i] = seeds[neighbour[e]];
      }
  }
  for (let i = 0; i < count; i++) {
    if (parent[i] !== FREE) continue;
    parent[i] = aggregates;
    for (let e = start[i]; e < start[i + 1]; e++)
      if (parent[neighbour[e]] === FREE) parent[neighbour[e]] = aggregates;
    aggregates++;
  }
  return { parent, aggregates };
}

/** m v v' of every vertex. */
function fillData({ data, count }: Grid, positions: Float64Array, weights: Float64Array): void {
  for (let i = 0; i < count; i++) {
    const m = weights[i];
    const x = positions[i * 3];
    const y = positions[i * 3 + 1];
    const z = positions[i * 3 + 2];
    const d = i * 10;
    data[d] = m * x * x;
    data[d + 1] = m * x * y;
    data[d + 2] = m * x * z;
    data[d + 3] = m * x;
    data[d + 4] = m * y * y;
    data[d + 5] = m * y * z;
    data[d + 6] = m * y;
    data[d + 7] = m * z * z;
    data[d + 8] = m * z;
    data[d + 9] = m;
  }
}

const DIAGONAL = [0, 4, 7, 9] as const;

function anchor({ count, data, degree }: Grid, g: readonly number[]): void {
  for (const [c, d] of DIAGONAL.entries()) {
    let sum = 0;
    for (let i = 0; i < count; i++)
      sum += DATA_ANCHOR * data[i * 10 + d] + STIFFNESS_ANCHOR * g[c] * degree[i];
    for (let i = 0; i < count; i++) data[i * 10 + d] += sum / count;
  }
}

function restrictData(fine: Grid, coarse: Grid): void {
  coarse.data.fill(0);
  const { parent } = fine;
  if (!parent) return;
  for (let i = 0; i < fine.count; i++)
    for (let d = 0; d < 10; d++) coarse.data[parent[i] * 10 + d] += fine.data[i * 10 + d];
}

/** Where entry (r, c) of a symmetric 4 x 4 block is kept. */
const PLACE = [0, 1, 2, 3, 1, 4, 5, 6, 2, 5, 7, 8, 3, 6, 8, 9] as const;

function invertDiagonal({ count, data, degree, inverse }: Grid, g: readonly number[]): void {
  const block = new Float64Array(16);
  const unit = new Float64Array(16);
  for (let i = 0; i < count; i++) {
    for (let e = 0; e < 16; e++) block[e] = data[i * 10 + PLACE[e]];
    unit.fill(0);
    for (let c = 0; c < 4; c++) {
      block[c * 5] += g[c] * degree[i];
      unit[c * 5] = 1;
    }
    if (!factorDense(block, 4)) throw new RangeError(`solve: vertex ${i} has no positive definite block.`);
    substituteDense(block, 4, unit, 4);
    for (let e = 0; e < 16; e++) inverse[i * 10 + PLACE[e]] = unit[e];
  }
}

function fillDense(
  { count, data, degree, start, neighbour, weight }: Grid,
  g: readonly number[],
  dense: Float64Array,
): void {
  const n = count * 4;
  dense.fill(0);
  for (let i = 0; i < count; i++) {
    for (let r = 0; r < 4; r++) {
      for (let c = 0; c < 4; c++) dense[(i * 4 + r) * n + i * 4 + c] = data[i * 10 + PLACE[r * 4 + c]];
      dense[(i * 4 + r) * n + i * 4 + r] += g[r] * degree[i];
      for (let e = start[i]; e < start[i + 1]; e++)
        dense[(i * 4 + r) * n + neighbour[e] * 4 + r] -= g[r] * weight[e];
    }
  }
}

/** One symmetric multigrid cycle: fills `x` of the level with an approximate solution for its `rhs`. */
function cycle(grids: readonly Grid[], level: number, g: readonly number[], dense: Float64Array): void {
  const grid = grids[level];
  const { parent, residual, x } = grid;
  if (!parent) {
    if (dense.length > 0) {
      x.set(grid.rhs);
      substituteDense(dense, grid.count * 4, x, 3);
    } else {
      forwardFromZero(grid, g);
      backward(grid, g);
    }
    return;
  }
  const coarse = grids[level + 1];
  forwardFromZero(grid, g);
  upperResidual(grid, g);
  coarse.rhs.fill(0);
  for (let i = 0; i < grid.count; i++)
    for (let k = 0; k < 12; k++) coarse.rhs[parent[i] * 12 + k] += residual[i * 12 + k];
  cycle(grids, level + 1, g, dense);
  if (coarse.parent) {
    // W-cycle: once more for what the first visit left.
    const first = coarse.x.slice();
    multiply(coarse, g, first, coarse.residual);
    for (let i = 0; i < first.length; i++) coarse.rhs[i] -= coarse.residual[i];
    cycle(grids, level + 1, g, dense);
    for (let i = 0; i < first.length; i++) coarse.x[i] += first[i];
  }
  for (let i = 0; i < grid.count; i++)
    for (let k = 0; k < 12; k++) x[i * 12 + k] += coarse.x[parent[i] * 12 + k];
  backward(grid, g);
}

const sum = new Float64Array(12);

/** sum = sum over neighbours begin..end of weight x_j: twelve running sums, the whole cost of this file. */
function gather({ neighbour, weight }: Grid, x: Float64Array, begin: number, end: number): void {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let s4 = 0;
  let s5 = 0;
  let s6 = 0;
  let s7 = 0;
  let s8 = 0;
  let s9 = 0;
  let s10 = 0;
  let s11 = 0;
  for (let e = begin; e < end; e++) {
    const w = weight[e];
    const j = neighbour[e] * 12;
    s0 += w * x[j];
    s1 += w * x[j + 1];
    s2 += w * x[j + 2];
    s3 += w * x[j + 3];
    s4 += w * x[j + 4];
    s5 += w * x[j + 5];
    s6 += w * x[j + 6];
    s7 += w * x[j + 7];
    s8 += w * x[j + 8];
    s9 += w * x[j + 9];
    s10 += w * x[j + 10];
    s11 += w * x[j + 11];
  }
  sum[0] = s0;
  sum[1] = s1;
  sum[2] = s2;
  sum[3] = s3;
  sum[4] = s4;
  sum[5] = s5;
  sum[6] = s6;
  sum[7] = s7;
  sum[8] = s8;
  sum[9] = s9;
  sum[10] = s10;
  sum[11] = s11;
}

/** out = block b times the 4 x 3 numbers at `at` of x. */
function applyBlock(
  blocks: Float64Array,
  b: number,
  x: Float64Array,
  at: number,
  out: Float64Array,
  to: number,
): void {
  const xx = blocks[b];
  const xy = blocks[b + 1];
  const xz = blocks[b + 2];
  const x1 = blocks[b + 3];
  const yy = blocks[b + 4];
  const yz = blocks[b + 5];
  const y1 = blocks[b + 6];
  const zz = blocks[b + 7];
  const z1 = blocks[b + 8];
  const one = blocks[b + 9];
  for (let k = 0; k < 3; k++) {
    const p = x[at + k];
    const q = x[at + 3 + k];
    const r = x[at + 6 + k];
    const s = x[at + 9 + k];
    out[to + k] = xx * p + xy * q + xz * r + x1 * s;
    out[to + 3 + k] = xy * p + yy * q + yz * r + y1 * s;
    out[to + 6 + k] = xz * p + yz * q + zz * r + z1 * s;
    out[to + 9 + k] = x1 * p + y1 * q + z1 * r + one * s;
  }
}

/** out = A x. */
function multiply(grid: Grid, g: readonly number[], x: Float64Array, out: Float64Array): void {
  const { count, start, degree, data } = grid;
  for (let i = 0; i < count; i++) {
    const at = i * 12;
    gather(grid, x, start[i], start[i + 1]);
    applyBlock(data, i * 10, x, at, out, at);
    const d = degree[i];
    for (let k = 0; k < 12; k++) out[at + k] += g[(k / 3) | 0] * (d * x[at + k] - sum[k]);
  }
}

/** Gauss-Seidel from x = 0 in ascending order: only neighbours already visited count. */
function forwardFromZero(grid: Grid, g: readonly number[]): void {
  const { count, start, upper, rhs, x, inverse } = grid;
  for (let i = 0; i < count; i++) {
    gather(grid, x, start[i], upper[i]);
    for (let k = 0; k < 12; k++) sum[k] = rhs[i * 12 + k] + g[(k / 3) | 0] * sum[k];
    applyBlock(inverse, i * 10, sum, 0, x, i * 12);
  }
}

/** rhs - A x after `forwardFromZero`: what the neighbours visited later add. */
function upperResidual(grid: Grid, g: readonly number[]): void {
  const { count, start, upper, x, residual } = grid;
  for (let i = 0; i < count; i++) {
    gather(grid, x, upper[i], start[i + 1]);
    for (let k = 0; k < 12; k++) residual[i * 12 + k] = g[(k / 3) | 0] * sum[k];
  }
}

/** Gauss-Seidel in descending order, the adjoint of the forward sweep. */
function backward(grid: Grid, g: readonly number[]): void {
  const { count, start, rhs, x, inverse } = grid;
  for (let i = count - 1; i >= 0; i--) {
    gather(grid, x, start[i], start[i + 1]);
    for (let k = 0; k < 12; k++) sum[k] = rhs[i * 12 + k] + g[(k / 3) | 0] * sum[k];
    applyBlock(inverse, i * 10, sum, 0, x, i * 12);
  }
}

/** Three dot products of [V, 4, 3] arrays, one per column. */
function dot3(a: Float64Array, b: Float64Array, out: Float64Array): void {
  let x = 0;
  let y = 0;
  let z = 0;
  for (let i = 0; i < a.length; i += 3) {
    x += a[i] * b[i];
    y += a[i + 1] * b[i + 1];
    z += a[i + 2] * b[i + 2];
  }
  out[0] = x;
  out[1] = y;
  out[2] = z;
}
