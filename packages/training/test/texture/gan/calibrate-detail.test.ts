// Samples get the real maps' energy in the finest octave, and no other octave counts.
import { describe, expect, it } from 'vitest';
import { calibrateDetail, levelSize, type FaceWindow } from '../../../src/texture/gan/index.ts';

const window: FaceWindow = { mapSize: 64, x: 16, y: 4, base: [5, 4], topLevel: 3 };
const [h, w] = levelSize(window, 3);
const image = (draw: (x: number, y: number) => number): Float32Array =>
  Float32Array.from({ length: 3 * h * w }, (_, i) => draw(i % w, Math.floor(i / w) % h));
/** Stripes of two texels, on a slope that has next to no finest octave. */
const striped = (strength: number, slope = 0): Float32Array =>
  image((x, y) => (slope * y) / 2 + (x % 4 < 2 ? strength : -strength));

describe('calibrateDetail', () => {
  it('asks for twice the detail where there is half of it', () => {
    const { gain, energy, wanted } = calibrateDetail(
      striped(0, 0.01),
      striped(0.05, 0.01),
      [striped(0.1, 0.03)],
      window,
    );
    expect(gain).toBeCloseTo(2, 3);
    expect(energy / wanted).toBeCloseTo(0.25, 3);
  });

  it('counts what the picture has already, with its sign', () => {
    // 0.02 + g 0.04 = 0.08.
    expect(calibrateDetail(striped(0.02), striped(0.06), [striped(0.08)], window).gain).toBeCloseTo(1.5, 5);
    // -0.02 + g 0.06 = 0.07: the detail undoes some of what is there.
    expect(calibrateDetail(striped(-0.02), striped(0.04), [striped(0.07)], window).gain).toBeCloseTo(1.5, 5);
  });

  it('does not follow the absurd, and leaves alone what has no detail', () => {
    expect(calibrateDetail(striped(0), striped(0.01), [striped(0.5)], window).gain).toBe(2);
    expect(calibrateDetail(striped(0.1), striped(0.1), [striped(0.5)], window).gain).toBe(1);
  });
});
