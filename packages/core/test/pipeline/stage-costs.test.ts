import { describe, expect, it } from 'vitest';
import type { Stage } from '@likeness/core/fitting/joint';
import { workBehind } from '../../src/pipeline/stage-costs.ts';

const cheap: Stage = { name: 'a', free: ['texture'], losses: { pixel: 1 }, steps: 50, learningRate: 0.1 };
const dear: Stage = { ...cheap, name: 'b', losses: { pixel: 1, identity: 0.5 } };

describe('workBehind', () => {
  it('counts steps that ask the network five times', () => {
    expect(workBehind([cheap, dear], 0)).toBe(0);
    expect(workBehind([cheap, dear], 0.5)).toBeCloseTo(50 / 300, 10);
    expect(workBehind([cheap, dear], 0.75)).toBeCloseTo(175 / 300, 10);
    expect(workBehind([cheap, dear], 1)).toBe(1);
    // A term of weight 0 is not computed.
    expect(workBehind([cheap, { ...dear, losses: { pixel: 1, identity: 0 } }], 0.5)).toBe(0.5);
  });

  it('never falls', () => {
    const values = Array.from({ length: 101 }, (_, i) => workBehind([cheap, dear, cheap], i / 100));
    expect(values).toEqual([...values].sort((a, b) => a - b));
  });
});
