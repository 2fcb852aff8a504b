// Value by hand, gradient against central differences, refusals.
import { describe, expect, it } from 'vitest';
import { latentBoundLoss, latentShellLoss } from '../../src/losses/index.ts';
import { slopeError, valueOf, type Loss } from './loss-checks.ts';

describe('latent losses', () => {
  it('cost nothing inside the bound and the squared excess outside', async () => {
    const at = (z: number[]): Promise<number> =>
      valueOf(({ x }) => latentBoundLoss(x), { x: [[1, z.length], z] });
    expect(await at([1.9, -1.9])).toBe(0);
    expect(await at([2.5, -3])).toBeCloseTo((0.25 + 1) / 2, 5);
    // Coefficients in 0..1.
    const unit: Loss = ({ x }) => latentBoundLoss(x, { bound: 0.5, centre: 0.5 });
    expect(await valueOf(unit, { x: [[3], [0, 1, 1.1]] })).toBeCloseTo(0.01 / 3, 5);
  });

  it('are 0 on the shell and 1 at the origin', async () => {
    const at = (z: number[]): Promise<number> => valueOf(({ x }) => latentShellLoss(x), { x: [[1, 4], z] });
    expect(await at([1, -1, 1, 1])).toBeCloseTo(0, 6);
    expect(await at([2, 2, -2, 2])).toBeCloseTo(1, 6);
    expect(await at([0, 0, 0, 0])).toBeCloseTo(1, 5);
  });

  it('have exact gradients', async () => {
    const far = (i: number): number => (i % 2 ? -1 : 1) * (i % 3 ? 2.6 : 1.2);
    expect(
      await slopeError(({ x }) => latentBoundLoss(x), { x: { shape: [2, 4], values: far } }),
    ).toBeLessThan(1e-3);
    expect(await slopeError(({ x }) => latentShellLoss(x), { x: { shape: [2, 4] } })).toBeLessThan(1e-3);
  });
});
