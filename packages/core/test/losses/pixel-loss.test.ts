// Value by hand, gradient against central differences, refusals.
import { constant } from '@likeness/graph';
import type { GradientCheckInput } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import { pixelLoss } from '../../src/losses/index.ts';
import { slopeError, valueOf, type Loss, type Numbers } from './loss-checks.ts';

describe('pixelLoss', () => {
  const shape = [1, 3, 1, 2];
  const loss =
    (saturation?: number): Loss =>
    ({ photo, render, mask }) =>
      pixelLoss(photo, render, mask, { saturation });
  const numbers: Record<string, Numbers> = {
    photo: [shape, [0.5, 0, 0.5, 0, 0.5, 0]],
    render: [shape, [0.6, 1, 0.4, 1, 0.8, 1]],
    mask: [
      [1, 1, 1, 2],
      [1, 0],
    ],
  };

  it('is the mean absolute difference in the mask', async () => {
    expect(await valueOf(loss(Infinity), numbers)).toBeCloseTo((0.1 + 0.1 + 0.3) / 3, 6);
  });

  it('saturates', async () => {
    const rho = (d: number): number => d / (1 + d / 0.3);
    expect(await valueOf(loss(), numbers)).toBeCloseTo((2 * rho(0.1) + rho(0.3)) / 3, 6);
  });

  it('is 0 in an empty mask', async () => {
    expect(
      await valueOf(loss(), {
        ...numbers,
        mask: [
          [1, 1, 1, 2],
          [0, 0],
        ],
      }),
    ).toBe(0);
  });

  it('has an exact gradient by both pictures and none by the mask', async () => {
    const picture = (low: number): GradientCheckInput => ({
      shape: [2, 3, 2, 3],
      values: (_, random) => low + 0.3 * random(),
    });
    const mask = constant(Float32Array.of(1, 0.5, 0, 0.25, 1, 0.75), [1, 1, 2, 3]);
    for (const saturation of [0.3, Infinity]) {
      const fixed: Loss = ({ photo, render }) => pixelLoss(photo, render, mask, { saturation });
      expect(await slopeError(fixed, { photo: picture(0), render: picture(0.5) })).toBeLessThan(1e-3);
    }
    expect(() => pixelLoss(mask, mask, mask)).toThrow(/the render \[\.\., 3, \.\., \.\.\]/);
  });
});
