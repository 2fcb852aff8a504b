/**
 * How well the modes describe heads that were not sampled for them: the distance between such a head and its projection
 * onto the modes.
 */
import { sampleDisplacement } from './identity-basis.ts';
import type { IdentityBasis, IdentityBasisInput } from './identity-basis.ts';

export interface HeldOutError {
  readonly heads: number;
  /** Area- and face-weighted mean distance between a held-out head and its projection, mm. */
  readonly meanMm: number;
  /** Largest distance at any vertex of positive weight, mm. */
  readonly maxMm: number;
}

/** @param input `coefficients` are those of the held-out heads; weights, mean and source modes as in training */
export function heldOutError(
  input: Pick<IdentityBasisInput, 'mean' | 'weights' | 'sourceModes' | 'coefficients'>,
  basis: Pick<IdentityBasis, 'deltas' | 'standardDeviationsMm'>,
): HeldOutError {
  const { weights } = input;
  const size = input.mean.length;
  const heads = input.coefficients.length / input.sourceModes.length;
  const head = new Float32Array(size);
  let meanMm = 0;
  let maxMm = 0;
  for (let n = 0; n < heads; n++) {
    sampleDisplacement(input, n, head);
    const residual = Float64Array.from(head);
    // The modes are orthogonal in the metric: <S_k, S_k> = sigma_k^2.
    for (const [k, sigma] of basis.standardDeviationsMm.entries()) {
      let along = 0;
      for (let i = 0; i < size; i++)
        along += weights[Math.floor(i / 3)] * head[i] * basis.deltas[k * size + i];
      const coefficient = along / sigma ** 2;
      for (let i = 0; i < size; i++) residual[i] -= coefficient * basis.deltas[k * size + i];
    }
    for (let v = 0; v < weights.length; v++) {
      if (weights[v] === 0) continue;
      const distance = Math.hypot(residual[v * 3], residual[v * 3 + 1], residual[v * 3 + 2]);
      meanMm += (weights[v] * distance) / heads;
      maxMm = Math.max(maxMm, distance);
    }
  }
  return { heads, meanMm, maxMm };
}
