// Grouping by embeddings with known cosines.
import { describe, expect, it } from 'vitest';
import { samePerson } from '../../src/analysis/index.ts';

/** Person p at angle p x 90 degrees, turned by some degrees. */
const face = (person: number, degrees: number): Float32Array => {
  const out = new Float32Array(6);
  const angle = (degrees * Math.PI) / 180;
  out[person * 2] = Math.cos(angle);
  out[person * 2 + 1] = Math.sin(angle);
  return out;
};

describe('samePerson', () => {
  it('joins photos of one person', () => {
    const result = samePerson([face(0, 0), face(0, 20), face(0, -20)]);
    expect(result).toMatchObject({ groups: [[0, 1, 2]], outliers: [], doubtful: [] });
    expect(result.support[0]).toBeCloseTo(Math.cos(Math.PI / 9), 6);
  });

  it('names strangers, the largest group first', () => {
    const photos = [face(1, 0), face(0, 0), face(0, 10), face(1, 5), face(0, 20), face(2, 0)];
    expect(samePerson(photos)).toMatchObject({
      groups: [[1, 2, 4], [0, 3], [5]],
      outliers: [0, 3, 5],
      doubtful: [],
    });
  });

  it('doubts a photo that joins by a little', () => {
    // cos 52 degrees = 0.616.
    const { groups, doubtful } = samePerson([face(0, 0), face(0, 2), face(0, 52)]);
    expect([groups, doubtful]).toEqual([[[0, 1, 2]], [2]]);
    expect(samePerson([face(0, 0), face(0, 52)], { threshold: 0.7 }).groups).toEqual([[0], [1]]);
  });

  it('links by the average, so that a chain of neighbours is not one person', () => {
    const chain = [0, 40, 80, 120, 160].map((degrees) => face(0, degrees));
    expect(samePerson(chain).groups.length).toBeGreaterThan(1);
  });

  it('takes one photo, none, and refuses mixed lengths', () => {
    expect(samePerson([])).toEqual({ groups: [], outliers: [], doubtful: [], support: [] });
    expect(samePerson([face(0, 0)])).toMatchObject({ groups: [[0]], support: [1] });
    expect(() => samePerson([face(0, 0), new Float32Array(3)])).toThrow(/cannot be compared/);
  });
});
