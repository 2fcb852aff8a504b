import { describe, expect, it } from 'vitest';
import {
  bootstrap,
  bootstrapInterval,
  correspondenceError,
  cumulativeErrorCurve,
  errorStatistics,
  regionErrors,
  skill,
} from '@likeness/core/evaluation';
import { transformPoints } from '@likeness/core/geometry';
import { rotationAbout, seededRandom, toyFace } from '../geometry/toy-face.ts';

describe('errorStatistics', () => {
  it('agrees with figures worked out by hand', () => {
    expect(errorStatistics([4, 1, 3, 2])).toEqual({
      count: 4,
      meanMm: 2.5,
      medianMm: 2.5,
      stdMm: Math.sqrt(1.25),
      rmsMm: Math.sqrt(7.5),
      percentile90Mm: 3.7,
      maxMm: 4,
    });
  });

  it('refuses nothing, negatives and what is not finite', () => {
    expect(() => errorStatistics([])).toThrow(/no errors/);
    expect(() => errorStatistics([1, -1])).toThrow(/negative or not finite/);
    expect(() => errorStatistics([1, NaN])).toThrow(/negative or not finite/);
  });
});

it('cumulativeErrorCurve counts errors at or below each threshold', () => {
  const { thresholdsMm, fraction } = cumulativeErrorCurve([0, 0.5, 1, 3], { maxMm: 2, samples: 5 });
  expect([...thresholdsMm]).toEqual([0, 0.5, 1, 1.5, 2]);
  expect([...fraction]).toEqual([0.25, 0.5, 0.75, 0.75, 0.75]);
});

describe('bootstrap', () => {
  const random = seededRandom(11);
  const values = Array.from({ length: 60 }, () => random() + random() + random());

  it('has the width of the normal interval where that holds', () => {
    const { stdMm, meanMm } = errorStatistics(values);
    const { value, low, high } = bootstrapInterval(values, { resamples: 4000 });
    expect(value).toBeCloseTo(meanMm, 12);
    const half = (1.96 * stdMm) / Math.sqrt(60);
    expect((high - low) / (2 * half)).toBeGreaterThan(0.93);
    expect((high - low) / (2 * half)).toBeLessThan(1.07);
  });

  it('covers the true mean as often as percentile intervals of 40 heads do', () => {
    // A little under 95%: the percentile interval is short by about (n - 1) / n and has no tails of Student's.
    let covered = 0;
    for (let experiment = 0; experiment < 500; experiment++) {
      const sample = Array.from({ length: 40 }, () => random() + random());
      const { low, high } = bootstrapInterval(sample, { resamples: 300, seed: experiment });
      if (low <= 1 && high >= 1) covered++;
    }
    expect(covered).toBeGreaterThan(450);
    expect(covered).toBeLessThan(486);
  });

  it('gives the same interval for the same seed and another for another', () => {
    expect(bootstrapInterval(values, { seed: 4 })).toEqual(bootstrapInterval(values, { seed: 4 }));
    expect(bootstrapInterval(values, { seed: 4 }).low).not.toBe(bootstrapInterval(values, { seed: 5 }).low);
  });

  it('keeps the figures of one head together', () => {
    // The ratio is 2 for every head, so it cannot vary.
    const { value, low, high } = bootstrap(values.length, (heads) => {
      let [a, b] = [0, 0];
      for (const head of heads) {
        a += 2 * values[head];
        b += values[head];
      }
      return a / b;
    });
    for (const x of [value, low, high]) expect(x).toBeCloseTo(2, 12);
  });

  it('says that it needs a head', () => {
    expect(() => bootstrapInterval([])).toThrow(/at least one head/);
  });
});

it('skill is 0 for the mean head, 1 for the oracle, and undefined where there is nothing to gain', () => {
  expect(skill({ meanHeadMm: 2, oursMm: 2, oracleMm: 1 })).toBe(0);
  expect(skill({ meanHeadMm: 2, oursMm: 1, oracleMm: 1 })).toBe(1);
  expect(skill({ meanHeadMm: 2, oursMm: 2.5, oracleMm: 1 })).toBe(-0.5);
  expect(skill({ meanHeadMm: 1, oursMm: 1, oracleMm: 1 })).toBeNaN();
});

describe('correspondenceError', () => {
  const { positions } = toyFace(20, 24);
  const moved = transformPoints(positions, {
    scale: 1.1,
    rotation: rotationAbout([1, 1, 0], 30),
    translation: Float64Array.of(10, -200, 3),
  });

  it('forgives pose, and size only with scale', () => {
    expect(correspondenceError(moved, positions, { scale: 'similarity' }).statistics.maxMm).toBeLessThan(
      1e-9,
    );
    const rigid = correspondenceError(moved, positions);
    expect(rigid.similarity.scale).toBe(1);
    // A radius of r mm is 0.1 r too large everywhere.
    const centre = [0, 1, 2].map((c) => {
      let sum = 0;
      for (let i = c; i < positions.length; i += 3) sum += positions[i];
      return sum / (positions.length / 3);
    });
    for (let v = 0; v < positions.length / 3; v += 37) {
      const r = Math.hypot(...centre.map((x, c) => positions[v * 3 + c] - x));
      expect(rigid.errorsMm[v]).toBeCloseTo(0.1 * r, 6);
    }
  });

  it('aligns and measures the chosen vertices only', () => {
    const broken = positions.slice();
    broken[3 * 100] += 50;
    const vertices = Array.from({ length: positions.length / 3 }, (_, v) => v).filter((v) => v !== 100);
    expect(correspondenceError(broken, positions, { vertices }).statistics.maxMm).toBeLessThan(1e-9);
    const all = correspondenceError(broken, positions);
    const { one } = regionErrors(all, { one: [100], none: [] });
    expect(one.meanMm).toBeGreaterThan(45);
    expect(regionErrors(all, { none: [] })).toEqual({});
  });

  it('refuses another topology', () => {
    expect(() => correspondenceError(positions, positions.subarray(3))).toThrow(/one topology/);
  });
});
