import { createPyramid, halve, pyramidOf, type Image } from '@likeness/core/image';
import { describe, expect, it } from 'vitest';

function image(width: number, height: number, channels: 1 | 3 | 4, value: (i: number) => number): Image {
  return {
    width,
    height,
    channels,
    data: Uint8Array.from({ length: width * height * channels }, (_, i) => value(i)),
  };
}

describe('halve', () => {
  it('takes the rounded mean of 2 x 2, channel by channel', () => {
    const half = halve(image(2, 2, 3, (i) => [0, 10, 20, 1, 10, 20, 2, 30, 20, 3, 31, 21][i]));
    expect([half.width, half.height, ...half.data]).toEqual([1, 1, 2, 20, 20]);
  });

  it('drops an odd last row and column, and keeps a single one', () => {
    const half = halve(image(5, 3, 1, (i) => i));
    expect([half.width, half.height]).toEqual([2, 1]);
    expect([...half.data]).toEqual([3, 5]);
    expect([...halve(image(1, 4, 1, (i) => i * 2)).data]).toEqual([1, 5]);
  });
});

describe('pyramid', () => {
  it('makes levels when asked and stops before they vanish', () => {
    const pyramid = createPyramid(image(100, 64, 3, () => 77));
    expect(pyramid.levels).toHaveLength(1);
    const deep = pyramid.level(9);
    expect([deep.width, deep.height]).toEqual([25, 16]);
    expect(deep.data.every((value) => value === 77)).toBe(true);
  });

  it('is made once per image', () => {
    const source = image(64, 64, 1, (i) => i % 256);
    expect(pyramidOf(source)).toBe(pyramidOf(source));
    expect(pyramidOf(source).level(1)).toBe(pyramidOf(source).level(1));
  });
});
