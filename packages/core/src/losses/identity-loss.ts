/**
 * Identity loss of GANFIT (Gecer et al. 2019): one minus the cosine between the identity network's last layer on the
 * photo and on the render,
 *
 *   L_id = 1 - F^n(I0) . F^n(IR) / (|F^n(I0)| |F^n(IR)|)
 *
 * The same function is the paper's second identity term L^_id, where IR is a second render of the same p_s and p_t under
 * an expression, camera and light drawn anew in each iteration (`randomView`): it stops the fit from writing identity into
 * what only this photo shows, such as its light.
 */
import { dot, mean, normalize, sub, type Tensor } from '@likeness/graph';
import { expectFloatMatrix } from './check-shapes.ts';

/**
 * @param target [n, D] or [1, D] embedding of the photo; any length but zero
 * @param embedding [n, D] embedding of the render
 * @returns scalar 0..2, the mean over the batch
 */
export function identityLoss(target: Tensor, embedding: Tensor): Tensor {
  expectFloatMatrix('identityLoss', target, embedding);
  // Networks give unit vectors; a mean of several photos' embeddings is shorter, so both are normalised here.
  return mean(sub(1, dot(normalize(target), normalize(embedding))));
}
