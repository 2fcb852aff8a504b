/**
 * Where the landmark fit starts: the scaled-orthographic pose that best maps the mean head's landmarks to the photo's.
 * Closed form, so the fit needs no guess of the pose from elsewhere and cannot start upside down.
 */
import { choleskyEliminate, backSubstitute, forwardSubstitute } from './cholesky.ts';

export interface OrthographicPose {
  /** [9] row-major, world to camera. */
  readonly rotation: Float64Array;
  /** Pixels per mm. */
  readonly scale: number;
  /** Image position of the points' centre, pixels. */
  readonly offset: readonly [number, number];
}

/**
 * @param points [N, 3] model landmarks about their centre, mm; not all in one plane.
 * @param targets [N, 2] their pixels, +v up.
 * @param weights [N]
 */
export function orthographicPose(
  points: ArrayLike<number>,
  targets: ArrayLike<number>,
  weights: ArrayLike<number>,
): OrthographicPose {
  const n = weights.length;
  const normal = new Float64Array(16);
  const rhs = [new Float64Array(4), new Float64Array(4)];
  for (let i = 0; i < n; i++) {
    const a = [points[i * 3], points[i * 3 + 1], points[i * 3 + 2], 1];
    for (let r = 0; r < 4; r++) {
      for (let c = 0; c <= r; c++) normal[r * 4 + c] += weights[i] * a[r] * a[c];
      rhs[0][r] += weights[i] * a[r] * targets[i * 2];
      rhs[1][r] += weights[i] * a[r] * targets[i * 2 + 1];
    }
  }
  for (let r = 0; r < 4; r++) normal[r * 4 + r] *= 1 + 1e-9;
  if (!choleskyEliminate(normal, 4)) {
    throw new RangeError('The landmarks give no pose: fewer than four of them lie apart from one another.');
  }
  for (const side of rhs) {
    forwardSubstitute(normal, 4, 4, side);
    backSubstitute(normal, 4, 4, side);
  }
  // Nearest pair of orthogonal rows of equal length: the polar factor of the 2 x 3 affine map, in closed form.
  const [p, q] = rhs;
  const pp = p[0] ** 2 + p[1] ** 2 + p[2] ** 2;
  const qq = q[0] ** 2 + q[1] ** 2 + q[2] ** 2;
  const pq = p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
  if (!(pp * qq > 1e-12)) {
    throw new RangeError('The landmarks give no pose: they all coincide, or lie on one line.');
  }
  const root = Math.sqrt(Math.max(pp * qq - pq * pq, 1e-300));
  const trace = Math.sqrt(pp + qq + 2 * root);
  // (M M')^(-1/2) of the symmetric 2 x 2 Gram matrix M M'.
  const inverse = [(qq + root) / (trace * root), -pq / (trace * root), (pp + root) / (trace * root)];
  const right = [0, 1, 2].map((c) => inverse[0] * p[c] + inverse[1] * q[c]);
  const up = [0, 1, 2].map((c) => inverse[1] * p[c] + inverse[2] * q[c]);
  const back = [
    right[1] * up[2] - right[2] * up[1],
    right[2] * up[0] - right[0] * up[2],
    right[0] * up[1] - right[1] * up[0],
  ];
  return {
    rotation: Float64Array.from([...right, ...up, ...back]),
    scale: trace / 2,
    offset: [p[3], q[3]],
  };
}
