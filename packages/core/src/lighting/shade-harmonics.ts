/**
 * Spherical-harmonics shading inside a differentiable program: `shadeNormals` with the coefficients, and the normals, as
 * tensors.
 */
import {
  concat,
  matmul,
  mul,
  ones,
  relu,
  reshape,
  ShapeError,
  sub,
  transpose,
  unstack,
  type Tensor,
} from '@likeness/graph';
import { SH_COUNT, shBasis } from './spherical-harmonics.ts';

/** Factors of the nine functions, read off the basis itself, so that it is written down once. */
const FACTORS: Float64Array = (() => {
  const at = (x: number, y: number, z: number): Float64Array => {
    const out = new Float64Array(SH_COUNT);
    shBasis(x, y, z, out);
    return out;
  };
  const [diagonal, axis] = [at(1, 1, 1), at(1, 0, 0)];
  // H_6 = f (3 z^2 - 1): 2 f at (., ., 1). H_8 = f (x^2 - y^2): f at (1, 0, .).
  return Float64Array.from(diagonal, (value, b) => (b === 6 ? value / 2 : b === 8 ? axis[8] : value));
})();

/**
 * @param normals [P, 3] unit normals in the frame of the light (world)
 * @param coefficients [3, 9] red, green, blue, in the basis of `SphericalHarmonicsLight`
 * @returns [P, 3] linear RGB, never below 0
 */
export function shadeHarmonics(normals: Tensor, coefficients: Tensor): Tensor {
  if (normals.rank !== 2 || normals.shape[1] !== 3)
    throw new ShapeError(`shadeHarmonics: expected normals [P,3], received [${normals.shape.join(',')}]`);
  return transpose(shadeHarmonicsPlanes(unstack(transpose(normals)), coefficients));
}

/** The same with x, y, z of the normals each [P], and [3, P] out: the form that runs fast. */
export function shadeHarmonicsPlanes([x, y, z]: readonly Tensor[], coefficients: Tensor): Tensor {
  if (coefficients.shape.join() !== `3,${SH_COUNT}`)
    throw new ShapeError(
      `shadeHarmonics: expected coefficients [3,9], received [${coefficients.shape.join(',')}]`,
    );
  const f = FACTORS;
  const basis = [
    mul(ones(x.shape, x.dtype), f[0]),
    mul(y, f[1]),
    mul(z, f[2]),
    mul(x, f[3]),
    mul(mul(x, y), f[4]),
    mul(mul(y, z), f[5]),
    sub(mul(mul(z, z), 3 * f[6]), f[6]),
    mul(mul(x, z), f[7]),
    mul(sub(mul(x, x), mul(y, y)), f[8]),
  ];
  return relu(matmul(coefficients, reshape(concat(basis, 0), [SH_COUNT, x.size])));
}
