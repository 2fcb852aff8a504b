/**
 * The best a model can do: the head of the model closest to a true surface in correspondence, by weighted least squares over
 * all identity coefficients, alternating with the alignment. No prior: nothing that fits better exists in the model.
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

const ROUNDS = 8;
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
      for (let round = 0; round < ROUNDS; round++) {
        aligned = transformPoints(truth, alignPoints(truth, positions, { scale, weights }));
        const rhs = new Float64Array(count);
        const residual = new Float64Array(columns);
        for (const [i, v] of used.entries())
          for (let c = 0; c < 3; c++)
            residual[i * 3 + c] = roots[i * 3 + c] * (aligned[v * 3 + c] - model.mean[v * 3 + c]);
        for (let k = 0; k < count; k++) {
          let sum = 0;
          for (let i = 0; i < columns; i++) sum += basis[k * columns + i] * residual[i];
          rhs[k] = sum;
        }
        const next = solveDense(gram.slice(), rhs, count);
        if (next === undefined) throw new RangeError('createOracle: the identity modes are not independent.');
        const change = next.reduce(
          (top: number, x: number, k: number) => Math.max(top, Math.abs(x - coefficients[k])),
          0,
        );
        coefficients = next;
        positions = evaluateModel(model, coefficients, []);
        if (change < CONVERGED) break;
      }
      return { coefficients, positions, aligned };
    },
  };
}
