/**
 * The error that needs no protocol: truth and prediction share one topology, so every vertex is compared with itself after the
 * best alignment. Only synthetic heads have it; figures from it are labelled so. Rigid without scale, it also charges
 * a wrong size; with scale it is about shape alone.
 */
import { alignPoints, transformPoints } from '../geometry/index.ts';
import { vertexErrors } from './error-statistics.ts';
import type { CorrespondenceResult, Points } from './types.ts';

export interface CorrespondenceOptions {
  readonly scale?: 'rigid' | 'similarity';
  /** Vertices that are aligned and compared; all by default. */
  readonly vertices?: ArrayLike<number>;
  /** One weight per compared vertex for the alignment (the errors are not weighted). */
  readonly weights?: Float32Array | Float64Array;
}

export const CORRESPONDENCE_DEFAULTS: { readonly scale: 'rigid' | 'similarity' } = { scale: 'rigid' };

/**
 * @param prediction [V, 3] mm
 * @param truth [V, 3] mm, the same topology
 * @throws RangeError when the shapes differ
 */
export function correspondenceError(
  prediction: Points,
  truth: Points,
  options: CorrespondenceOptions = {},
): CorrespondenceResult {
  if (prediction.length !== truth.length || truth.length % 3 !== 0)
    throw new RangeError(
      `correspondenceError: expected two [V, 3] arrays of one topology, received ${prediction.length} and ${truth.length} numbers.`,
    );
  const count = truth.length / 3;
  const vertices = options.vertices
    ? Uint32Array.from(options.vertices).sort()
    : Uint32Array.from({ length: count }, (_, v) => v);
  const from = new Float64Array(vertices.length * 3);
  const to = new Float64Array(vertices.length * 3);
  for (const [i, v] of vertices.entries()) {
    if (v >= count) throw new RangeError(`correspondenceError: vertex ${v} of ${count} vertices.`);
    for (let c = 0; c < 3; c++) {
      from[i * 3 + c] = prediction[v * 3 + c];
      to[i * 3 + c] = truth[v * 3 + c];
    }
  }
  const similarity = alignPoints(from, to, {
    scale: options.scale ?? CORRESPONDENCE_DEFAULTS.scale,
    ...(options.weights ? { weights: options.weights } : {}),
  });
  transformPoints(from, similarity, from);
  const errors = new Float64Array(vertices.length);
  for (let i = 0; i < errors.length; i++)
    errors[i] = Math.hypot(
      from[i * 3] - to[i * 3],
      from[i * 3 + 1] - to[i * 3 + 1],
      from[i * 3 + 2] - to[i * 3 + 2],
    );
  return { ...vertexErrors(vertices, errors), similarity };
}
