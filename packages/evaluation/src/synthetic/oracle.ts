/**
 * The best a model can do: the head of the model closest to a true surface in correspondence, by weighted least squares over
 * all identity coefficients and the alignment together (Gauss-Newton; alternating between the two creeps, and stopped 0.2 mm short
 * of a head of the model). No prior: nothing that fits better exists in the model.
 */
import { alignPoints, solveDense, transformPoints } from '@likeness/core/geometry';
import { evaluateModel } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';

export interface OracleFit {
  /** [K_s] */
  readonly coefficients: Float64Array;
  /** [V, 3] the model's head, in the model's frame. */
  readonly positions: Float32Array;
  /** [V, 3] the truth moved onto it. */
  readonly aligned: Float32Array;
}

export interface Oracle {
  /** @param truth [V, 3] neutral, mm, any pose */
  fit(truth: Float32Array, scale: 'rigid' | 'similarity'): OracleFit;
}

const ROUNDS = 6;
const CONVERGED = 1e-5;
/** Keeps directions that the weighted vertices do not see at 0; relative to the largest diagonal entry. */
const RIDGE = 1e-8;

/** @param weights [V] sum 1: the metric; vertices of weight 0 are not looked at */
export function createOracle(model: MorphableModel, weights: Float64Array): Oracle {
  const count = model.identity.count;
  const used: number[] = [];
  for (let v = 0; v < weights.length; v++) if (weights[v] > 0) used.push(v);
  const columns = used.length * 3;
  const size = model.vertexCount * 3;
  // [K, columns], rows scaled by the root of the weight.
  const basis = new Float32Array(count * columns);
  const roots = new Float64Array(columns);
  for (const [i, v] of used.entries())
    for (let c = 0; c < 3; c++) {
      roots[i * 3 + c] = Math.sqrt(weights[v]);
      for (let k = 0; k < count; k++)
        basis[k * columns + i * 3 + c] = roots[i * 3 + c] * model.identity.deltas[k * size + v * 3 + c];
    }
  const gram = new Float64Array(count * count);
  for (let a = 0; a < count; a++)
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let i = 0; i < columns; i++) sum += basis[a * columns + i] * basis[b * columns + i];
      gram[a * count + b] = sum;
      gram[b * count + a] = sum;
    }
  let largest = 0;
  for (let a = 0; a < count; a++) largest = Math.max(largest, gram[a * count + a]);
  for (let a = 0; a < count; a++) gram[a * count + a] += RIDGE * largest;

  return {
    fit(truth, scale) {
      let coefficients: Float64Array = new Float64Array(count);
      let positions: Float32Array = model.mean;
      let aligned: Float32Array = truth;
      const motions = scale === 'rigid' ? 6 : 7;
      const n = count + motions;
      const moves = new Float64Array(motions * columns);
      const residual = new Float64Array(columns);
      for (let round = 0; round < ROUNDS; round++) {
        aligned = transformPoints(truth, alignPoints(truth, positions, { scale, weights }));
        for (const [i, v] of used.entries()) {
          const p = aligned.subarray(v * 3, v * 3 + 3);
          for (let c = 0; c < 3; c++) {
            const at = i * 3 + c;
            const root = roots[at];
            residual[at] = root * (p[c] - model.mean[v * 3 + c]);
            // How the aligned truth moves against the model: translation, rotation (e_c x p), growth.
            for (let k = 0; k < 3; k++) moves[k * columns + at] = k === c ? -root : 0;
            moves[3 * columns + at] = -root * (c === 1 ? -p[2] : c === 2 ? p[1] : 0);
            moves[4 * columns + at] = -root * (c === 0 ? p[2] : c === 2 ? -p[0] : 0);
            moves[5 * columns + at] = -root * (c === 0 ? -p[1] : c === 1 ? p[0] : 0);
            if (motions === 7) moves[6 * columns + at] = -root * p[c];
          }
        }
        const matrix = new Float64Array(n * n);
        const rhs = new Float64Array(n);
        for (let a = 0; a < count; a++) {
          matrix.set(gram.subarray(a * count, a * count + a + 1), a * n);
          rhs[a] = dot(basis, a * columns, residual, 0, columns);
        }
        for (let m = 0; m < motions; m++) {
          const row = (count + m) * n;
          for (let a = 0; a < count; a++)
            matrix[row + a] = dot(basis, a * columns, moves, m * columns, columns);
          for (let k = 0; k <= m; k++)
            matrix[row + count + k] = dot(moves, k * columns, moves, m * columns, columns);
          matrix[row + count + m] *= 1 + RIDGE;
          rhs[count + m] = dot(moves, m * columns, residual, 0, columns);
        }
        const next = solveDense(matrix, rhs, n);
        if (next === undefined) throw new RangeError('createOracle: the identity modes are not independent.');
        let change = 0;
        for (let k = 0; k < count; k++) change = Math.max(change, Math.abs(next[k] - coefficients[k]));
        coefficients = next.slice(0, count);
        positions = evaluateModel(model, coefficients, []);
        if (change < CONVERGED) break;
      }
      aligned = transformPoints(truth, alignPoints(truth, positions, { scale, weights }));
      return { coefficients, positions, aligned };
    },
  };
}

function dot(
  a: Float32Array | Float64Array,
  aStart: number,
  b: Float32Array | Float64Array,
  bStart: number,
  count: number,
): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += a[aStart + i] * b[bStart + i];
  return sum;
}
