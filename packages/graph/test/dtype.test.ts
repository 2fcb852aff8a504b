import { describe, expect, it } from 'vitest';
import { arrayFrom, fromFloat16, numbersFrom, toFloat16 } from '../src/dtype.ts';

describe('float16', () => {
  it('goes there and back for all 65,536 bit patterns', () => {
    let wrong = 0;
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = fromFloat16(bits);
      if (Number.isNaN(value) ? !Number.isNaN(fromFloat16(toFloat16(value))) : toFloat16(value) !== bits)
        wrong++;
    }
    expect(wrong).toBe(0);
  });

  it('rounds to the nearest, halves to even, between all neighbours', () => {
    let wrong = 0;
    for (let bits = 0; bits < 0x7bff; bits++) {
      const [low, high] = [fromFloat16(bits), fromFloat16(bits + 1)];
      const half = (low + high) / 2;
      if (toFloat16(half) !== bits + (bits % 2)) wrong++;
      if (toFloat16(half * (1 - 1e-9)) !== bits || toFloat16(half * (1 + 1e-9)) !== bits + 1) wrong++;
      if (toFloat16(-half) !== (0x8000 | (bits + (bits % 2)))) wrong++;
    }
    expect(wrong).toBe(0);
  });

  it('knows the numbers of the standard and its edges', () => {
    expect(toFloat16(1)).toBe(0x3c00);
    expect(toFloat16(65504)).toBe(0x7bff);
    expect(toFloat16(65519.99)).toBe(0x7bff);
    expect(toFloat16(65520)).toBe(0x7c00);
    expect(toFloat16(-Infinity)).toBe(0xfc00);
    expect(toFloat16(2 ** -24)).toBe(1);
    expect(toFloat16(2 ** -25)).toBe(0);
    expect(toFloat16(-0)).toBe(0x8000);
    expect(toFloat16(5e-324)).toBe(0);
    expect(fromFloat16(toFloat16(NaN))).toBeNaN();
  });
});

it('arrays of every type hold the numbers given', () => {
  for (const dtype of ['float32', 'float64', 'float16', 'int32', 'int64'] as const) {
    expect(numbersFrom(dtype, arrayFrom(dtype, [0, -1, 3]))).toEqual([0, -1, 3]);
  }
  expect(() => arrayFrom('int64', [0.5])).toThrow(
    'arrayFrom: expected whole numbers for int64, received 0.5',
  );
});
