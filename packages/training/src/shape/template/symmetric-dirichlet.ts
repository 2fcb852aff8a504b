/**
 * Minimises the symmetric Dirichlet energy of a flattening: sum over triangles of weight * area * (|J|^2 + |J^-1|^2),
 * where J maps the triangle's wished shape to the plane. The energy is infinite for a triangle of no area and the line
 * search stops before one, so a map that starts without flips ends without flips (Smith & Schaefer, Bijective
 * Parameterization with Free Boundaries, SIGGRAPH 2015). Newton with the analytic eigenvalues of the energy's
 * Hessian, negative ones cut off (Smith, de Goes & Kim, Analytic Eigensystems for Isotropic Distortion Energies, TOG 2019).
 */
import { blockIndex, meshPattern, solveConjugateGradient } from './conjugate-gradient.ts';

export interface FlattenProblem {
  /** [m, 3] */
  readonly triangles: Int32Array;
  /** [m, 3, 2] gradients of the barycentric coordinates in the wished shape. */
  readonly gradients: Float64Array;
  /** [m] weight times wished area. */
  readonly weights: Float64Array;
  /** [2n] 1 where a coordinate stays. */
  readonly fixed: Uint8Array;
  /** Extra energy on single vertices (walls): adds energy and, where given, gradient [2n] and diagonal Hessian blocks [n, 4]. */
  readonly walls?: (x: Float64Array, gradient?: Float64Array, hessian?: Float64Array) => number;
}

export interface FlattenOptions {
  readonly maxIterations: number;
  /** Stop when the energy falls by less than this share. */
  readonly tolerance: number;
}

export const FLATTEN_DEFAULTS: FlattenOptions = { maxIterations: 120, tolerance: 1e-6 };

/** Wished shapes (triangles in space, scaled) as the gradients and areas a `FlattenProblem` wants. */
export function wishedShapes(
  p: Float64Array,
  triangles: Int32Array,
  scale: (t: number) => number,
): { gradients: Float64Array; areas: Float64Array } {
  const count = triangles.length / 3;
  const gradients = new Float64Array(6 * count);
  const areas = new Float64Array(count);
  for (let t = 0; t < count; t++) {
    const [a, b, c] = [0, 1, 2].map((k) => 3 * triangles[3 * t + k]);
    const u = [0, 1, 2].map((d) => p[b + d] - p[a + d]);
    const v = [0, 1, 2].map((d) => p[c + d] - p[a + d]);
    const s = scale(t);
    const length = Math.hypot(u[0], u[1], u[2]);
    const bx = s * length;
    const cx = (s * (u[0] * v[0] + u[1] * v[1] + u[2] * v[2])) / length;
    const cy =
      (s * Math.hypot(u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])) /
      length;
    areas[t] = (bx * cy) / 2;
    // a = (0, 0), b = (bx, 0), c = (cx, cy)
    gradients.set([-1 / bx, (cx - bx) / (bx * cy), 1 / bx, -cx / (bx * cy), 0, 1 / cy], 6 * t);
  }
  return { gradients, areas };
}

/** Moves `x` [2n] (without flipped triangles) to lower energy in place; returns the energy per step. */
export function flatten(
  problem: FlattenProblem,
  x: Float64Array,
  options: FlattenOptions = FLATTEN_DEFAULTS,
): number[] {
  const n = x.length / 2;
  const { triangles } = problem;
  const { start, column } = meshPattern(n, triangles);
  const values = new Float64Array(4 * column.length);
  const slots = new Int32Array(3 * triangles.length);
  for (let t = 0; t < triangles.length; t += 3) {
    for (let j = 0; j < 3; j++)
      for (let k = 0; k < 3; k++)
        slots[3 * t + 3 * j + k] = blockIndex(start, column, triangles[t + j], triangles[t + k]);
  }
  const gradient = new Float64Array(2 * n);
  const wallHessian = new Float64Array(4 * n);
  const history: number[] = [];
  let energy = totalEnergy(problem, x);
  history.push(energy);
  for (let iteration = 0; iteration < options.maxIterations; iteration++) {
    assemble(problem, x, slots, values, gradient);
    if (problem.walls !== undefined) {
      wallHessian.fill(0);
      problem.walls(x, gradient, wallHessian);
      for (let v = 0; v < n; v++) {
        const i = blockIndex(start, column, v, v);
        for (let d = 0; d < 4; d++) values[4 * i + d] += wallHessian[4 * v + d];
      }
    }
    for (let v = 0; v < n; v++) {
      const i = blockIndex(start, column, v, v);
      values[4 * i] += 1e-9;
      values[4 * i + 3] += 1e-9;
    }
    const step = new Float64Array(2 * n);
    const right = gradient.map((g) => -g);
    solveConjugateGradient({ size: 2, start, column, values }, right, step, problem.fixed, {
      tolerance: 1e-3,
      maxIterations: 800,
    });
    let slope = 0;
    for (let i = 0; i < 2 * n; i++) slope += gradient[i] * step[i];
    if (!(slope < 0)) break;
    let size = Math.min(1, 0.9 * largestStep(triangles, x, step));
    const trial = new Float64Array(2 * n);
    let next = Infinity;
    for (let cut = 0; cut < 40; cut++) {
      for (let i = 0; i < 2 * n; i++) trial[i] = x[i] + size * step[i];
      next = totalEnergy(problem, trial);
      if (next <= energy + 1e-4 * size * slope) break;
      size /= 2;
      next = Infinity;
    }
    if (!Number.isFinite(next)) break;
    x.set(trial);
    const fall = energy - next;
    energy = next;
    history.push(energy);
    if (fall < options.tolerance * energy) break;
  }
  return history;
}

function jacobian(problem: FlattenProblem, x: Float64Array, t: number): [number, number, number, number] {
  const { triangles, gradients } = problem;
  let [f00, f01, f10, f11] = [0, 0, 0, 0];
  for (let k = 0; k < 3; k++) {
    const v = 2 * triangles[3 * t + k];
    const [gx, gy] = [gradients[6 * t + 2 * k], gradients[6 * t + 2 * k + 1]];
    f00 += x[v] * gx;
    f01 += x[v] * gy;
    f10 += x[v + 1] * gx;
    f11 += x[v + 1] * gy;
  }
  return [f00, f01, f10, f11];
}

function totalEnergy(problem: FlattenProblem, x: Float64Array): number {
  let energy = problem.walls?.(x) ?? 0;
  for (let t = 0; t < problem.weights.length; t++) {
    const [a, b, c, d] = jacobian(problem, x, t);
    const determinant = a * d - b * c;
    if (!(determinant > 0)) return Infinity;
    const square = a * a + b * b + c * c + d * d;
    energy += problem.weights[t] * square * (1 + 1 / (determinant * determinant));
  }
  return energy;
}

function assemble(
  problem: FlattenProblem,
  x: Float64Array,
  slots: Int32Array,
  values: Float64Array,
  gradient: Float64Array,
): void {
  const { triangles, gradients, weights } = problem;
  values.fill(0);
  gradient.fill(0);
  for (let t = 0; t < weights.length; t++) {
    const [a, b, c, d] = jacobian(problem, x, t);
    // Closed-form signed SVD of the 2 x 2 Jacobian: U diag(s1, s2) V^T.
    const [e, f, g, h] = [(a + d) / 2, (a - d) / 2, (c + b) / 2, (c - b) / 2];
    const [q, r] = [Math.hypot(e, h), Math.hypot(f, g)];
    const [s1, s2] = [q + r, q - r];
    const [a1, a2] = [Math.atan2(g, f), Math.atan2(h, e)];
    const [theta, phi] = [(a2 - a1) / 2, (a2 + a1) / 2];
    const [cu, su, cv, sv] = [Math.cos(phi), Math.sin(phi), Math.cos(theta), Math.sin(theta)];
    // u1 = (cu, su), u2 = (-su, cu); rows of V^T: v1 = (cv, -sv), v2 = (sv, cv).
    const [e1, e2] = [2 * s1 - 2 / s1 ** 3, 2 * s2 - 2 / s2 ** 3];
    const cube = (s1 * s2) ** 3;
    const modes: [number, number, number, number, number][] = [
      // eigenvalue, then the 2 x 2 eigenmatrix row by row
      [2 + 6 / s1 ** 4, cu * cv, -cu * sv, su * cv, -su * sv],
      [2 + 6 / s2 ** 4, -su * sv, -su * cv, cu * sv, cu * cv],
    ];
    const outer = (m12: number, m21: number): [number, number, number, number] => {
      // m12 u1 v2^T + m21 u2 v1^T
      return [
        m12 * cu * sv - m21 * su * cv,
        m12 * cu * cv + m21 * su * sv,
        m12 * su * sv + m21 * cu * cv,
        m12 * su * cv - m21 * cu * sv,
      ];
    };
    modes.push([2 + (2 * (s1 * s1 + s1 * s2 + s2 * s2)) / cube, ...outer(Math.SQRT1_2, Math.SQRT1_2)]);
    const twist = 2 - (2 * (s1 * s1 - s1 * s2 + s2 * s2)) / cube;
    if (twist > 0) modes.push([twist, ...outer(-Math.SQRT1_2, Math.SQRT1_2)]);
    const w = weights[t];
    const p00 = e1 * modes[0][1] + e2 * modes[1][1];
    const p01 = e1 * modes[0][2] + e2 * modes[1][2];
    const p10 = e1 * modes[0][3] + e2 * modes[1][3];
    const p11 = e1 * modes[0][4] + e2 * modes[1][4];
    for (let j = 0; j < 3; j++) {
      const [gx, gy] = [gradients[6 * t + 2 * j], gradients[6 * t + 2 * j + 1]];
      const v = 2 * triangles[3 * t + j];
      gradient[v] += w * (p00 * gx + p01 * gy);
      gradient[v + 1] += w * (p10 * gx + p11 * gy);
    }
    for (const [lambda, m00, m01, m10, m11] of modes) {
      for (let j = 0; j < 3; j++) {
        const [gx, gy] = [gradients[6 * t + 2 * j], gradients[6 * t + 2 * j + 1]];
        const [jx, jy] = [w * lambda * (m00 * gx + m01 * gy), w * lambda * (m10 * gx + m11 * gy)];
        for (let k = 0; k < 3; k++) {
          const [hx, hy] = [gradients[6 * t + 2 * k], gradients[6 * t + 2 * k + 1]];
          const [kx, ky] = [m00 * hx + m01 * hy, m10 * hx + m11 * hy];
          const i = 4 * slots[9 * t + 3 * j + k];
          values[i] += jx * kx;
          values[i + 1] += jx * ky;
          values[i + 2] += jy * kx;
          values[i + 3] += jy * ky;
        }
      }
    }
  }
}

/** Largest step along `s` before a triangle loses its area. */
function largestStep(triangles: Int32Array, x: Float64Array, s: Float64Array): number {
  let largest = Infinity;
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [2 * triangles[t], 2 * triangles[t + 1], 2 * triangles[t + 2]];
    const [ux, uy, vx, vy] = [x[b] - x[a], x[b + 1] - x[a + 1], x[c] - x[a], x[c + 1] - x[a + 1]];
    const [dux, duy, dvx, dvy] = [s[b] - s[a], s[b + 1] - s[a + 1], s[c] - s[a], s[c + 1] - s[a + 1]];
    const q0 = ux * vy - uy * vx;
    const q1 = ux * dvy + dux * vy - uy * dvx - duy * vx;
    const q2 = dux * dvy - duy * dvx;
    const root = smallestPositiveRoot(q2, q1, q0);
    if (root < largest) largest = root;
  }
  return largest;
}

function smallestPositiveRoot(a: number, b: number, c: number): number {
  if (Math.abs(a) < 1e-14 * Math.max(Math.abs(b), Math.abs(c), 1e-300)) return b < 0 ? -c / b : Infinity;
  const discriminant = b * b - 4 * a * c;
  if (discriminant < 0) return Infinity;
  const q = -(b + Math.sign(b || 1) * Math.sqrt(discriminant)) / 2;
  const roots = [q / a, q !== 0 ? c / q : Infinity].filter((root) => root > 0);
  return Math.min(Infinity, ...roots);
}
