import { describe, expect, it } from 'vitest';
import {
  ambientLight,
  directionalLight,
  estimateLight,
  shadeNormals,
  splitSkinAndLight,
  type SphericalHarmonicsLight,
} from '../../src/lighting/index.ts';

/** Normals of the front of a head: what a photo shows. */
function frontNormals(count: number): Float32Array {
  const out: number[] = [];
  for (let i = 0; i < count * 2; i++) {
    const z = 1 - (2 * i + 1) / (count * 2);
    if (z < 0.25) break;
    const angle = i * Math.PI * (3 - Math.sqrt(5));
    out.push(Math.sqrt(1 - z * z) * Math.cos(angle), Math.sqrt(1 - z * z) * Math.sin(angle), z);
  }
  return Float32Array.from(out);
}

function samplesUnder(light: SphericalHarmonicsLight, spoil: number) {
  const normals = frontNormals(1500);
  const count = normals.length / 3;
  const shading = shadeNormals(light, normals);
  const albedo = new Float32Array(count * 3);
  const observed = new Float32Array(count * 3);
  for (let i = 0; i < count; i++) {
    [0.5, 0.33, 0.25].forEach((a, c) => {
      albedo[i * 3 + c] = a;
      // Skin is not even: a pattern of +-10%; and a share of the samples is shadow or hair.
      const pattern = 1 + 0.1 * Math.sin(i * 12.9898);
      const dark = (i * 7919) % 1000 < spoil * 1000 ? 0.15 : 1;
      observed[i * 3 + c] = a * pattern * dark * shading[i * 3 + c];
    });
  }
  return { normals, observed, albedo, weights: new Float32Array(count).fill(1) };
}

function relativeError(found: SphericalHarmonicsLight, truth: SphericalHarmonicsLight): number {
  const normals = frontNormals(400);
  const a = shadeNormals(found, normals);
  const b = shadeNormals(truth, normals);
  let error = 0;
  let size = 0;
  for (let i = 0; i < a.length; i++) {
    error += (a[i] - b[i]) ** 2;
    size += b[i] ** 2;
  }
  return Math.sqrt(error / size);
}

const LIGHTS: readonly SphericalHarmonicsLight[] = [
  ambientLight([0.8, 0.7, 0.6]),
  directionalLight([-0.6, 0.5, 0.7], [0.9, 0.85, 0.8], [0.25, 0.27, 0.3]),
  directionalLight([0.9, 0.1, 0.3], [1.2, 1.1, 0.9], [0.2, 0.2, 0.25]),
];

describe('estimateLight', () => {
  it.each([0, 1, 2])('recovers light %i from a seen face within 3%', (index) => {
    expect(relativeError(estimateLight(samplesUnder(LIGHTS[index], 0)).light, LIGHTS[index])).toBeLessThan(
      0.03,
    );
  });

  it.each([0, 1, 2])('recovers light %i within 5% when a sixth of the samples is shadow', (index) => {
    expect(
      relativeError(estimateLight(samplesUnder(LIGHTS[index], 1 / 6)).light, LIGHTS[index]),
    ).toBeLessThan(0.05);
  });

  it('is never negative, even on sides that were not seen', () => {
    const { light } = estimateLight(samplesUnder(LIGHTS[2], 0.1));
    const all = new Float32Array(300 * 3);
    for (let i = 0; i < 300; i++) {
      const z = 1 - (2 * i + 1) / 300;
      const angle = i * 2.4;
      all.set([Math.sqrt(1 - z * z) * Math.cos(angle), Math.sqrt(1 - z * z) * Math.sin(angle), z], i * 3);
    }
    expect(Math.min(...shadeNormals(light, all))).toBeGreaterThan(0.01);
  });

  it('needs at least one sample', () => {
    const none = samplesUnder(LIGHTS[0], 0);
    expect(() => estimateLight({ ...none, weights: new Float32Array(none.weights.length) })).toThrow(
      RangeError,
    );
  });
});

describe('splitSkinAndLight', () => {
  it('gives back the observed colour as the product', () => {
    const observed = [0.41, 0.22, 0.13] as const;
    const { skin, light } = splitSkinAndLight(observed);
    observed.forEach((value, c) => expect(skin[c] * light[c]).toBeCloseTo(value, 6));
  });

  it('keeps dark skin dark and light skin light, and puts a colour cast on the light', () => {
    const dark = splitSkinAndLight([0.09, 0.045, 0.03]).skin;
    const pale = splitSkinAndLight([0.6, 0.4, 0.3]).skin;
    expect(dark[1]).toBeLessThan(0.07);
    expect(pale[1]).toBeGreaterThan(0.3);
    const cast = splitSkinAndLight([0.55, 0.28, 0.11]);
    expect(cast.light[2] / cast.light[1]).toBeLessThan(0.8);
  });

  it('reads whites darker than the skin, in a photo without anything bright, as weak light', () => {
    const observed = [0.13, 0.075, 0.055] as const;
    const dim = splitSkinAndLight(observed, { whites: -2.1, brightest: -0.6 }).skin;
    expect(dim[1]).toBeGreaterThan(0.2);
    // The same pixels beside bright whites, or with shaded whites in a photo that is exposed well, are dark skin.
    expect(splitSkinAndLight(observed, { whites: 0, brightest: -0.05 }).skin[1]).toBeLessThan(0.08);
    expect(splitSkinAndLight(observed, { whites: -0.9, brightest: -0.05 }).skin[1]).toBeLessThan(0.1);
  });
});
