import { linearToSrgb, linearToSrgb8, srgbToLinear, SRGB8_TO_LINEAR } from '@likeness/core/image';
import { describe, expect, it } from 'vitest';

describe('sRGB', () => {
  it('has the standard curve at known points', () => {
    expect(srgbToLinear(0)).toBe(0);
    expect(srgbToLinear(1)).toBeCloseTo(1, 12);
    // 18% grey is 118 in 8-bit sRGB.
    expect(srgbToLinear(118 / 255)).toBeCloseTo(0.1812, 4);
    expect(linearToSrgb(0.5)).toBeCloseTo(0.7354, 4);
  });

  it('inverts itself, on both branches and at the joint', () => {
    for (let i = 0; i <= 1000; i++) expect(linearToSrgb(srgbToLinear(i / 1000))).toBeCloseTo(i / 1000, 6);
  });

  it('brings every 8-bit value back through the tables', () => {
    for (let i = 0; i < 256; i++) expect(linearToSrgb8(SRGB8_TO_LINEAR[i])).toBe(i);
  });

  it('stays within one step of the curve and clamps', () => {
    for (let i = 0; i <= 5000; i++) {
      const linear = i / 5000;
      expect(Math.abs(linearToSrgb8(linear) - 255 * linearToSrgb(linear))).toBeLessThanOrEqual(1);
    }
    expect([linearToSrgb8(-1), linearToSrgb8(2), linearToSrgb8(Number.NaN)]).toEqual([0, 255, 0]);
  });
});
