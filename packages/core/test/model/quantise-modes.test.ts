import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { dequantiseModes, quantiseModes } from '@likeness/core/model';

describe('quantiseModes', () => {
  it('stays within half a step of the original, and reports the true largest error', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }).chain((count) =>
          fc.tuple(
            fc.constant(count),
            fc.integer({ min: 1, max: 12 }).chain((size) =>
              fc.float32Array({
                minLength: count * size,
                maxLength: count * size,
                min: -50,
                max: 50,
                noNaN: true,
              }),
            ),
          ),
        ),
        ([count, modes]) => {
          const { scales, values, maxErrorMm } = quantiseModes(modes, count);
          const back = dequantiseModes(scales, values);
          const size = modes.length / count;
          let largest = 0;
          for (const [i, x] of back.entries()) {
            const error = Math.abs(x - modes[i]);
            largest = Math.max(largest, error);
            expect(error).toBeLessThanOrEqual(0.5001 * scales[Math.floor(i / size)] + 1e-20);
          }
          expect(maxErrorMm).toBeCloseTo(largest, 12);
        },
      ),
      { seed: 7 },
    );
  });

  it('is idempotent: quantising what was dequantised changes nothing', () => {
    fc.assert(
      fc.property(fc.float32Array({ minLength: 1, maxLength: 20, min: -9, max: 9, noNaN: true }), (modes) => {
        const once = quantiseModes(modes, 1);
        const again = quantiseModes(dequantiseModes(once.scales, once.values), 1);
        expect(again.values).toEqual(once.values);
      }),
      { seed: 8 },
    );
  });

  it('keeps an empty mode empty and refuses what is not finite', () => {
    expect(quantiseModes(new Float32Array(6), 2)).toEqual({
      scales: new Float32Array(2),
      values: new Int16Array(6),
      maxErrorMm: 0,
    });
    expect(() => quantiseModes(Float32Array.of(1, Number.NaN), 1)).toThrow(RangeError);
    expect(() => quantiseModes(Float32Array.of(1, Infinity), 1)).toThrow(RangeError);
  });
});
