import { describe, expect, it } from 'vitest';
import {
  ambientLight,
  directionalLight,
  shBasis,
  shadeNormals,
} from '../../src/lighting/spherical-harmonics.ts';

/** Evenly spread unit vectors (Fibonacci sphere). */
function sphere(count: number): Float32Array {
  const out = new Float32Array(count * 3);
  for (let i = 0; i < count; i++) {
    const z = 1 - (2 * i + 1) / count;
    const r = Math.sqrt(1 - z * z);
    const phi = i * Math.PI * (3 - Math.sqrt(5));
    out.set([r * Math.cos(phi), r * Math.sin(phi), z], i * 3);
  }
  return out;
}

describe('spherical harmonics', () => {
  it('has the norms of Deng: integral of H_b H_c over the sphere is diagonal, a_l^2', () => {
    const count = 20000;
    const normals = sphere(count);
    const gram = new Float64Array(81);
    const basis = new Float64Array(9);
    for (let i = 0; i < count; i++) {
      shBasis(normals[i * 3], normals[i * 3 + 1], normals[i * 3 + 2], basis);
      for (let a = 0; a < 9; a++) for (let b = 0; b < 9; b++) gram[a * 9 + b] += basis[a] * basis[b];
    }
    const kernel = [Math.PI, (2 * Math.PI) / Math.sqrt(3), (2 * Math.PI) / Math.sqrt(8)];
    for (let a = 0; a < 9; a++) {
      for (let b = 0; b < 9; b++) {
        const value = (gram[a * 9 + b] * 4 * Math.PI) / count;
        const expected = a === b ? kernel[a === 0 ? 0 : a < 4 ? 1 : 2] ** 2 : 0;
        expect(value).toBeCloseTo(expected, 2);
      }
    }
  });

  it('shades ambient light equally everywhere', () => {
    const shading = shadeNormals(ambientLight([0.2, 0.5, 0.9]), sphere(50));
    for (let i = 0; i < 50; i++) {
      expect(shading[i * 3]).toBeCloseTo(0.2, 6);
      expect(shading[i * 3 + 1]).toBeCloseTo(0.5, 6);
      expect(shading[i * 3 + 2]).toBeCloseTo(0.9, 6);
    }
  });

  it('follows the clamped cosine of a directional light within the error of second order', () => {
    const direction = [0.3, 0.5, 0.8] as const;
    const length = Math.hypot(...direction);
    const normals = sphere(500);
    const shading = shadeNormals(directionalLight(direction, [1, 1, 1]), normals);
    for (let i = 0; i < 500; i++) {
      const cosine =
        (normals[i * 3] * direction[0] +
          normals[i * 3 + 1] * direction[1] +
          normals[i * 3 + 2] * direction[2]) /
        length;
      // 1/4 + x/2 + 5/32 (3 x^2 - 1) is furthest from max(0, x) at the terminator, x = 0: 3/32.
      expect(Math.abs(shading[i * 3] - Math.max(0, cosine))).toBeLessThan(3 / 32 + 1e-5);
    }
  });

  it('refuses a zero direction', () => {
    expect(() => directionalLight([0, 0, 0], [1, 1, 1])).toThrow(RangeError);
  });
});
