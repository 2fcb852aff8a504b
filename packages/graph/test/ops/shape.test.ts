import { describe, expect, it } from 'vitest';
import {
  add,
  concat,
  constant,
  constantData,
  expand,
  flip,
  pad,
  reshape,
  slice,
  split,
  sum,
  sumTo,
  trace,
  transpose,
} from '../../src/index.ts';
import { lower } from '../../src/lower.ts';
import { evaluate } from '../fixtures/evaluate.ts';

const grid = { x: { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] } };

describe('views', () => {
  it('transposes, and merges a transpose of a transpose', async () => {
    const { shape, data } = await evaluate(({ x }) => transpose(x), grid);
    expect(shape).toEqual([3, 2]);
    expect(data).toEqual([1, 4, 2, 5, 3, 6]);
    // In the program, not in the trace: a gradient may be asked by the transpose between.
    const graph = trace(({ x }) => add(transpose(transpose(x)), 1), grid);
    expect(lower(graph).nodes.map(({ opType }) => opType)).toEqual(['Add']);
  });

  it('moves constants on the host', () => {
    const moved = transpose(constant([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]), [2, 0, 1]);
    expect(Array.from(constantData(moved) as Float32Array)).toEqual([1, 3, 5, 7, 2, 4, 6, 8]);
  });

  it('turns a transpose that moves only axes of one element into a reshape', () => {
    const x = sum(constant([1, 2], [1, 2]), { axes: [0], keepDims: true });
    expect(transpose(reshape(x, [1, 1, 1, 2]), [0, 3, 1, 2]).node.operation).toBe('reshape');
  });

  it('fills in one unknown extent', () => {
    expect(reshape(constant([1, 2, 3, 4, 5, 6]), [2, -1]).shape).toEqual([2, 3]);
    expect(() => reshape(constant([1, 2, 3]), [2, -1])).toThrow('reshape: [3] does not fit [2,-1]');
    expect(() => reshape(constant([1, 2, 3]), [2, 2])).toThrow(
      'reshape: expected 3 elements for [3], received [2,2]',
    );
  });

  it('expands and sums back', async () => {
    const twice = await evaluate(({ x }) => sumTo(expand(x, [2, 2, 3]), [1, 3]), grid);
    expect(twice.shape).toEqual([1, 3]);
    expect(twice.data).toEqual([10, 14, 18]);
    expect(() => expand(constant([1, 2]), [3])).toThrow('expand: expected shapes that broadcast');
  });

  it('slices with negative indices and steps', async () => {
    expect((await evaluate(({ x }) => slice(x, [0, -2], [2, 3]), grid)).data).toEqual([2, 3, 5, 6]);
    expect(
      (await evaluate(({ x }) => slice(x, [-1, -1], [-Infinity, -Infinity], [-1, -2]), grid)).data,
    ).toEqual([6, 4, 3, 1]);
    expect((await evaluate(({ x }) => flip(x, [1]), grid)).data).toEqual([3, 2, 1, 6, 5, 4]);
    expect(() => slice(constant([1]), [0], [1], [0])).toThrow('slice: expected a whole step, received 0');
  });

  it('pads, concatenates and splits', async () => {
    expect((await evaluate(({ x }) => pad(x, [0, 1], [1, 0], 9), grid)).data).toEqual([
      9, 1, 2, 3, 9, 4, 5, 6, 9, 9, 9, 9,
    ]);
    const swapped = await evaluate(({ x }) => {
      const [a, b] = split(x, [1, 2], 1);
      return concat([b, a], 1);
    }, grid);
    expect(swapped.data).toEqual([2, 3, 1, 5, 6, 4]);
    expect(() => concat([constant([1]), constant([1, 2], [1, 2])], 0)).toThrow(
      'concat: expected shapes equal outside axis 0, received [1] and [1,2]',
    );
    expect(() => split(constant([1, 2]), [1], 0)).toThrow(
      'split: expected sizes that sum to 2, received [1]',
    );
  });
});
