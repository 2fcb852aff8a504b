import { describe, expect, it } from 'vitest';
import { foldIn, key, normal } from '@likeness/graph/random';
import { createSquareFft } from '../../src/texture/fft.ts';
import { createSpectrumMeter, luminanceSquare, topOctave } from '../../src/texture/radial-spectrum.ts';

const SIZE = 64;

describe('createSquareFft', () => {
  it('is the transform by definition', () => {
    const n = 8;
    const [re, im] = [Float64Array.from(normal(key(1), [n * n])), Float64Array.from(normal(key(2), [n * n]))];
    const [a, b] = [re.slice(), im.slice()];
    createSquareFft(n).transform(re, im);
    for (let v = 0; v < n; v++)
      for (let u = 0; u < n; u++) {
        let [x, y] = [0, 0];
        for (let row = 0; row < n; row++)
          for (let column = 0; column < n; column++) {
            const angle = (-2 * Math.PI * (u * column + v * row)) / n;
            const i = row * n + column;
            x += a[i] * Math.cos(angle) - b[i] * Math.sin(angle);
            y += a[i] * Math.sin(angle) + b[i] * Math.cos(angle);
          }
        expect(re[v * n + u]).toBeCloseTo(x, 9);
        expect(im[v * n + u]).toBeCloseTo(y, 9);
      }
    expect(() => createSquareFft(12)).toThrow(/power of two/);
  });
});

describe('createSpectrumMeter', () => {
  const meter = createSpectrumMeter(SIZE);

  it("of white noise is flat, at the noise's variance", () => {
    const sums = new Float64Array(meter.length);
    const n = 40;
    for (let k = 0; k < n; k += 2) {
      const pictures = [k, k + 1].map((i) =>
        normal(foldIn(key(3), i), [SIZE * SIZE]).map((x) => 100 + 5 * x),
      );
      for (const spectrum of meter.measure(pictures)) spectrum.forEach((p, r) => (sums[r] += p / n));
    }
    for (let r = 4; r < meter.length; r++) expect(sums[r] / 25).toBeCloseTo(1, 0.5);
    expect(sums.slice(4).reduce((a, b) => a + b, 0) / (meter.length - 4) / 25).toBeCloseTo(1, 1);
  });

  it('of a wave is at its frequency, and two pictures at once are each their own', () => {
    const wave = (frequency: number): Float32Array =>
      Float32Array.from({ length: SIZE * SIZE }, (_, i) =>
        Math.sin((2 * Math.PI * frequency * (i % SIZE)) / SIZE),
      );
    const [low, high] = meter.measure([wave(5), wave(20)]);
    const peak = (spectrum: Float64Array): number => spectrum.indexOf(Math.max(...spectrum));
    expect([peak(low), peak(high)]).toEqual([5, 20]);
    const [alone] = meter.measure([wave(20)]);
    alone.forEach((p, r) => {
      expect(high[r]).toBeCloseTo(p, 9);
    });
    // 16 to 31 cycles is the top octave of 64 texels.
    expect(topOctave(high)).toBeGreaterThan(1e4 * topOctave(low));
  });

  it('has less in the top octave after a blur', () => {
    const noise = normal(key(7), [SIZE * SIZE]);
    const soft = noise.map((x, i) => (x + noise[(i + 1) % noise.length]) / 2);
    const [a, b] = meter.measure([noise, soft]);
    expect(topOctave(b)).toBeLessThan(0.7 * topOctave(a));
  });

  it('reads luminance from the map', () => {
    const map = new Float32Array(3 * 16).map((_, i) => [10, 20, 30][Math.floor(i / 16)]);
    expect(luminanceSquare(map, 4, 1, 1, 2)[3]).toBeCloseTo(2.126 + 14.304 + 2.166, 4);
    expect(() => meter.measure([new Float32Array(3)])).toThrow(/expected 64 x 64/);
  });
});
