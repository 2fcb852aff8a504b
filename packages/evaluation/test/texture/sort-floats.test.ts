import { expect, it } from 'vitest';
import { key, normal } from '@likeness/graph/random';
import { createFloatSorter } from '../../src/texture/sort-floats.ts';

it('sorts like the built-in sort: signs, zeros, infinities, tiny numbers', () => {
  const sorter = createFloatSorter(5000);
  for (const [n, scale] of [
    [5000, 1],
    [4999, 1e-30],
    [1, 1],
    [17, 1e30],
  ]) {
    const values = normal(key(n), [n]).map((x) => x * scale);
    if (n > 100) values.set([0, -0, Infinity, -Infinity, 1e-45, -1e-45, 0]);
    const wanted = values.slice().sort();
    sorter.sort(values);
    expect(Array.from(values)).toEqual(Array.from(wanted));
  }
  expect(() => {
    sorter.sort(new Float32Array(5001));
  }).toThrow(/made for 5000/);
});
