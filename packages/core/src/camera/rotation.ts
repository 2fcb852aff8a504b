/**
 * Rotations as axis-angle vectors: three numbers without constraint, which is what the solvers step in.
 * Everything is series-safe at angle 0, where the closed forms divide zero by zero.
 */

/** Below this angle (radians) sin(a)/a and its kin are taken from their Taylor series, exact there to float64. */
const SMALL_ANGLE = 1e-4;

/**
 * Rodrigues' formula: R = I + A [w]x + B [w]x^2 with A = sin(a)/a, B = (1 - cos(a))/a^2, a = |w|.
 * @param axisAngle rotation vector in radians.
 * @returns 9 numbers, row-major.
 */
export function rotationMatrix(axisAngle: ArrayLike<number>): Float64Array {
  const x = axisAngle[0];
  const y = axisAngle[1];
  const z = axisAngle[2];
  const { a, b } = rodriguesCoefficients(Math.hypot(x, y, z));
  return Float64Array.of(
    1 - b * (y * y + z * z),
    b * x * y - a * z,
    b * x * z + a * y,
    b * x * y + a * z,
    1 - b * (x * x + z * z),
    b * y * z - a * x,
    b * x * z - a * y,
    b * y * z + a * x,
    1 - b * (x * x + y * y),
  );
}

/**
 * dR/dw_i for the three components of the rotation vector.
 * @returns [3, 9]: three row-major matrices one after the other.
 */
export function rotationMatrixDerivatives(axisAngle: ArrayLike<number>): Float64Array {
  const w = [axisAngle[0], axisAngle[1], axisAngle[2]];
  const angle = Math.hypot(w[0], w[1], w[2]);
  const { a, b, da, db } = rodriguesCoefficients(angle);
  const k = [0, -w[2], w[1], w[2], 0, -w[0], -w[1], w[0], 0];
  const k2 = multiply3(k, k);
  const out = new Float64Array(27);
  for (let i = 0; i < 3; i++) {
    const e = GENERATORS[i];
    const left = multiply3(e, k);
    const right = multiply3(k, e);
    for (let j = 0; j < 9; j++) {
      // da, db are dA/da / a and dB/da / a, so that times w_i they are the partial derivatives.
      out[i * 9 + j] = da * w[i] * k[j] + a * e[j] + db * w[i] * k2[j] + b * (left[j] + right[j]);
    }
  }
  return out;
}

/**
 * The rotation vector of a rotation matrix, |w| <= pi: the inverse of `rotationMatrix`.
 * @param matrix 9 numbers, row-major, orthonormal, determinant 1.
 */
export function axisAngleOf(matrix: ArrayLike<number>): [number, number, number] {
  // Through the unit quaternion of largest component: stable at 0 and at pi alike (Shepperd 1978).
  const m = matrix;
  const squares = [
    1 + m[0] + m[4] + m[8],
    1 + m[0] - m[4] - m[8],
    1 - m[0] + m[4] - m[8],
    1 - m[0] - m[4] + m[8],
  ];
  const rows = [
    [squares[0], m[7] - m[5], m[2] - m[6], m[3] - m[1]],
    [m[7] - m[5], squares[1], m[1] + m[3], m[2] + m[6]],
    [m[2] - m[6], m[1] + m[3], squares[2], m[5] + m[7]],
    [m[3] - m[1], m[2] + m[6], m[5] + m[7], squares[3]],
  ];
  let largest = 0;
  for (let i = 1; i < 4; i++) if (squares[i] > squares[largest]) largest = i;
  const q = rows[largest];
  const sign = q[0] < 0 ? -1 : 1;
  const sine = Math.hypot(q[1], q[2], q[3]);
  if (sine === 0) return [0, 0, 0];
  const factor = (sign * 2 * Math.atan2(sine, Math.abs(q[0]))) / sine;
  return [q[1] * factor, q[2] * factor, q[3] * factor];
}

/** Matrix product of two row-major 3x3 matrices. */
export function multiply3(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const out = new Float64Array(9);
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) {
      out[i * 3 + j] = a[i * 3] * b[j] + a[i * 3 + 1] * b[3 + j] + a[i * 3 + 2] * b[6 + j];
    }
  }
  return out;
}

/** The three generators of so(3): d[w]x/dw_i. */
const GENERATORS: readonly (readonly number[])[] = [
  [0, 0, 0, 0, 0, -1, 0, 1, 0],
  [0, 0, 1, 0, 0, 0, -1, 0, 0],
  [0, -1, 0, 1, 0, 0, 0, 0, 0],
];

function rodriguesCoefficients(angle: number): { a: number; b: number; da: number; db: number } {
  const squared = angle * angle;
  if (angle < SMALL_ANGLE) {
    return {
      a: 1 - squared / 6,
      b: 0.5 - squared / 24,
      da: -1 / 3 + squared / 30,
      db: -1 / 12 + squared / 180,
    };
  }
  const sine = Math.sin(angle);
  const half = Math.sin(angle / 2);
  const a = sine / angle;
  const b = (2 * half * half) / squared;
  return { a, b, da: (Math.cos(angle) - a) / squared, db: (a - 2 * b) / squared };
}
