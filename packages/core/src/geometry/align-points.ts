/**
 * Procrustes alignment of corresponding points, rigid or with scale, in closed form:
 * Horn (1987), "Closed-form solution of absolute orientation using unit quaternions", eqs. 36-40 (rotation) and the
 * least-squares scale of Umeyama (1991), eq. 42. Quaternions rule out reflections without a special case.
 */
import { symmetricEigen } from './symmetric-eigen.ts';

/** target = scale * R source + translation. */
export interface Similarity {
  readonly scale: number;
  /** 9 numbers, row-major, determinant +1. */
  readonly rotation: Float64Array;
  readonly translation: Float64Array;
}

export interface AlignPointsOptions {
  /** `rigid` keeps scale at 1. */
  readonly scale?: 'rigid' | 'similarity';
  /** [N] non-negative weight per pair. */
  readonly weights?: Float32Array | Float64Array;
}

export const ALIGN_POINTS_DEFAULTS: { readonly scale: 'rigid' | 'similarity' } = { scale: 'similarity' };

/**
 * The similarity that moves `source` onto `target` with least weighted squared error.
 *
 * @param source [N, 3]
 * @param target [N, 3] the same unit and order
 * @throws RangeError when the shapes differ, or fewer than 3 points carry weight
 */
export function alignPoints(
  source: ArrayLike<number>,
  target: ArrayLike<number>,
  options: AlignPointsOptions = {},
): Similarity {
  const count = source.length / 3;
  if (source.length !== target.length || !Number.isInteger(count))
    throw new RangeError(
      `alignPoints: expected two [N, 3] arrays, received ${source.length} and ${target.length} numbers.`,
    );
  const { weights } = options;
  if (weights && weights.length !== count)
    throw new RangeError(`alignPoints: expected ${count} weights, received ${weights.length}.`);
  const scaled = (options.scale ?? ALIGN_POINTS_DEFAULTS.scale) === 'similarity';

  let total = 0;
  let used = 0;
  const from = new Float64Array(3);
  const to = new Float64Array(3);
  for (let i = 0; i < count; i++) {
    const w = weights ? weights[i] : 1;
    if (w > 0) used++;
    total += w;
    for (let c = 0; c < 3; c++) {
      from[c] += w * source[i * 3 + c];
      to[c] += w * target[i * 3 + c];
    }
  }
  if (used < 3) throw new RangeError(`alignPoints: at least 3 weighted points are needed, received ${used}.`);
  for (let c = 0; c < 3; c++) {
    from[c] /= total;
    to[c] /= total;
  }

  const m = new Float64Array(9); // sum of w s t^T
  let spread = 0;
  for (let i = 0; i < count; i++) {
    const w = weights ? weights[i] : 1;
    for (let r = 0; r < 3; r++) {
      const s = source[i * 3 + r] - from[r];
      spread += w * s * s;
      for (let c = 0; c < 3; c++) m[r * 3 + c] += w * s * (target[i * 3 + c] - to[c]);
    }
  }
  const rotation = rotationFromCorrelation(m);
  let gained = 0;
  for (let r = 0; r < 3; r++) for (let c = 0; c < 3; c++) gained += rotation[r * 3 + c] * m[c * 3 + r];
  const scale = scaled && spread > 0 ? gained / spread : 1;
  const translation = new Float64Array(3);
  for (let r = 0; r < 3; r++)
    translation[r] =
      to[r] -
      scale * (rotation[r * 3] * from[0] + rotation[r * 3 + 1] * from[1] + rotation[r * 3 + 2] * from[2]);
  return { scale, rotation, translation };
}

/** Applies a similarity to [N, 3] points; `out` may be the input itself. */
export function transformPoints(
  points: Float32Array,
  similarity: Similarity,
  out?: Float32Array,
): Float32Array;
export function transformPoints(
  points: Float64Array,
  similarity: Similarity,
  out?: Float64Array,
): Float64Array;
export function transformPoints(
  points: Float32Array | Float64Array,
  { scale, rotation: r, translation: t }: Similarity,
  out: Float32Array | Float64Array = points.slice(),
): Float32Array | Float64Array {
  for (let i = 0; i < points.length; i += 3) {
    const x = points[i];
    const y = points[i + 1];
    const z = points[i + 2];
    out[i] = scale * (r[0] * x + r[1] * y + r[2] * z) + t[0];
    out[i + 1] = scale * (r[3] * x + r[4] * y + r[5] * z) + t[1];
    out[i + 2] = scale * (r[6] * x + r[7] * y + r[8] * z) + t[2];
  }
  return out;
}

/** The similarity that undoes `similarity`. */
export function invertSimilarity({ scale, rotation: r, translation: t }: Similarity): Similarity {
  const rotation = Float64Array.of(r[0], r[3], r[6], r[1], r[4], r[7], r[2], r[5], r[8]);
  const translation = new Float64Array(3);
  for (let c = 0; c < 3; c++)
    translation[c] =
      -(rotation[c * 3] * t[0] + rotation[c * 3 + 1] * t[1] + rotation[c * 3 + 2] * t[2]) / scale;
  return { scale: 1 / scale, rotation, translation };
}

/** first, then second: x -> second(first(x)). */
export function composeSimilarities(first: Similarity, second: Similarity): Similarity {
  const rotation = new Float64Array(9);
  for (let r = 0; r < 3; r++)
    for (let c = 0; c < 3; c++)
      for (let k = 0; k < 3; k++)
        rotation[r * 3 + c] += second.rotation[r * 3 + k] * first.rotation[k * 3 + c];
  const translation = transformPoints(Float64Array.from(first.translation), second);
  return { scale: first.scale * second.scale, rotation, translation };
}

/** Horn's 4x4 matrix N of the correlation M; its first eigenvector is the rotation's quaternion (w, x, y, z). */
function rotationFromCorrelation(m: Float64Array): Float64Array {
  const [xx, xy, xz, yx, yy, yz, zx, zy, zz] = m as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const n = Float64Array.of(
    xx + yy + zz,
    yz - zy,
    zx - xz,
    xy - yx,
    yz - zy,
    xx - yy - zz,
    xy + yx,
    zx + xz,
    zx - xz,
    xy + yx,
    -xx + yy - zz,
    yz + zy,
    xy - yx,
    zx + xz,
    yz + zy,
    -xx - yy + zz,
  );
  const { vectors } = symmetricEigen(n, 4);
  const w = vectors[0];
  const x = vectors[1];
  const y = vectors[2];
  const z = vectors[3];
  return Float64Array.of(
    1 - 2 * (y * y + z * z),
    2 * (x * y - w * z),
    2 * (x * z + w * y),
    2 * (x * y + w * z),
    1 - 2 * (x * x + z * z),
    2 * (y * z - w * x),
    2 * (x * z - w * y),
    2 * (y * z + w * x),
    1 - 2 * (x * x + y * y),
  );
}
