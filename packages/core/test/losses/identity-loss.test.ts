// Value by hand, gradient against central differences, refusals.
import { describe, expect, it } from 'vitest';
import { identityLoss } from '../../src/losses/index.ts';
import { onShapes, slopeError, valueOf, type Loss } from './loss-checks.ts';

describe('identityLoss', () => {
  const loss: Loss = ({ a, b }) => identityLoss(a, b);

  it('is 0 for one direction, 1 for orthogonal ones, 2 for opposite ones, whatever the lengths', async () => {
    const at = (b: number[]): Promise<number> =>
      valueOf(loss, {
        a: [
          [1, 2],
          [3, 0],
        ],
        b: [[1, 2], b],
      });
    expect(await at([7, 0])).toBeCloseTo(0, 6);
    expect(await at([0, 0.5])).toBeCloseTo(1, 6);
    expect(await at([-2, 0])).toBeCloseTo(2, 6);
  });

  it('is the mean over a batch, with one target for all', async () => {
    const value = await valueOf(loss, {
      a: [
        [1, 2],
        [1, 0],
      ],
      b: [
        [2, 2],
        [1, 0, 0, 1],
      ],
    });
    expect(value).toBeCloseTo(0.5, 6);
  });

  it('has an exact gradient', async () => {
    expect(await slopeError(loss, { a: { shape: [2, 5] }, b: { shape: [2, 5] } })).toBeLessThan(1e-3);
  });

  it('refuses embeddings of different networks', () => {
    expect(onShapes(loss, { a: [1, 128], b: [1, 512] })).toThrow(/identityLoss: expected.*received/);
  });
});
