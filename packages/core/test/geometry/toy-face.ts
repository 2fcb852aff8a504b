/** A face-like surface made in code: an open ellipsoidal cap with nose, brow and chin, in mm, +Y up, +Z forward. */

export interface ToyFace {
  readonly positions: Float64Array;
  readonly triangles: Uint32Array;
}

/** @param shape how much of each of four smooth deformations is added, about 1 mm each at 1 */
export function toyFace(columns: number, rows: number, shape: readonly number[] = []): ToyFace {
  const positions = new Float64Array((columns + 1) * (rows + 1) * 3);
  const bump = (
    u: number,
    v: number,
    at: readonly [number, number],
    size: readonly [number, number],
  ): number => Math.exp(-(((u - at[0]) / size[0]) ** 2) - ((v - at[1]) / size[1]) ** 2);
  const [wide = 0, nose = 0, chin = 0, skew = 0] = shape;
  let p = 0;
  for (let r = 0; r <= rows; r++)
    for (let c = 0; c <= columns; c++) {
      const u = (c / columns) * 2 - 1;
      const v = (r / rows) * 2 - 1;
      const angle = u * 1.2;
      const height = v * 1.15;
      const x = (70 + 1.2 * wide) * Math.sin(angle) * Math.cos(height * 0.7);
      const y = 95 * Math.sin(height);
      const z =
        85 * Math.cos(angle) * Math.cos(height) +
        (22 + 2 * nose) * bump(u, v, [0, -0.1], [0.16, 0.22]) +
        6 * bump(Math.abs(u), v, [0.35, 0.3], [0.3, 0.12]) +
        (8 + 2 * chin) * bump(u, v, [0, -0.75], [0.25, 0.15]) -
        6 * bump(Math.abs(u), v, [0.38, 0.13], [0.14, 0.08]);
      positions[p++] = x + skew * Math.sin(2 * v);
      positions[p++] = y + 0.7 * skew * Math.sin(3 * u);
      positions[p++] = z;
    }
  const triangles: number[] = [];
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const a = r * (columns + 1) + c;
      const b = a + columns + 1;
      triangles.push(a, a + 1, b + 1, a, b + 1, b);
    }
  return { positions, triangles: Uint32Array.from(triangles) };
}

/** A repeatable stream of numbers in 0..1 (Park & Miller). */
export function seededRandom(seed: number): () => number {
  let state = seed % 2147483647 || 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return (state - 1) / 2147483646;
  };
}

export function rotationAbout(axis: readonly [number, number, number], degrees: number): Float64Array {
  const n = Math.hypot(...axis);
  const [x, y, z] = axis.map((a) => a / n);
  const c = Math.cos((degrees * Math.PI) / 180);
  const s = Math.sin((degrees * Math.PI) / 180);
  const d = 1 - c;
  return Float64Array.of(
    c + d * x * x,
    d * x * y - s * z,
    d * x * z + s * y,
    d * x * y + s * z,
    c + d * y * y,
    d * y * z - s * x,
    d * x * z - s * y,
    d * y * z + s * x,
    c + d * z * z,
  );
}
