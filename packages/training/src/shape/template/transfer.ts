/**
 * Transfers displacements of the source (an identity mode, an expression) to the template: the skin by interpolation in
 * each vertex's source triangle, the eyeballs and the mouth's interior by rules of their own.
 */
import { closeBlink } from './blink.ts';
import { eyeballDeltas } from './eyeballs.ts';
import type { EyeballMotion } from './eyeballs.ts';
import { mouthInteriorDeltas } from './mouth-interior.ts';
import type { HeadTemplate } from './types.ts';

/**
 * Displacements of the template for one mode of the source.
 *
 * @param sourceDeltas [V_source, 3] mm
 * @param motion `follow-sockets` for identity, `{ expression }` for an expression of that name (gaze shapes turn the
 *   eyeballs, the jaw's the lower half of the mouth, others leave them)
 * @returns [V, 3] mm
 * @throws {RangeError} when the source's vertices do not reach the template's binding
 */
export function transferDeltas(
  template: HeadTemplate,
  sourceDeltas: Float32Array,
  motion: EyeballMotion,
): Float32Array {
  const { binding, skinVertexCount, vertexCount } = template;
  const { corners, weights } = binding;
  const result = new Float32Array(3 * vertexCount);
  for (let v = 0; v < skinVertexCount; v++) {
    for (let k = 0; k < 3; k++) {
      const corner = 3 * corners[3 * v + k];
      if (corner + 2 >= sourceDeltas.length) {
        throw new RangeError(
          `The source's deltas hold ${sourceDeltas.length / 3} vertices; the template is bound to vertex ${corner / 3}.`,
        );
      }
      const weight = weights[3 * v + k];
      for (let d = 0; d < 3; d++) result[3 * v + d] += weight * sourceDeltas[corner + d];
    }
  }
  if (motion !== 'follow-sockets') closeBlink(template, result, motion.expression);
  const { left, right } = eyeballDeltas(template, result, motion);
  result.set(left, 3 * template.eyeballs.left.vertexStart);
  result.set(right, 3 * template.eyeballs.right.vertexStart);
  result.set(mouthInteriorDeltas(template, result, motion), 3 * template.mouthInterior.vertexStart);
  return result;
}
