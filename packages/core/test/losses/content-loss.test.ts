// Value by hand, gradient against central differences, refusals.
import { compile, constant, vjp } from '@likeness/graph';
import { describe, expect, it } from 'vitest';
import { contentLoss } from '../../src/losses/index.ts';
import { onShapes, runtime, slopeError, valueOf, type Loss, type Numbers } from './loss-checks.ts';

describe('contentLoss', () => {
  const loss =
    (normalise: 'size' | 'rms'): Loss =>
    ({ a1, a2, b1, b2 }) =>
      contentLoss({ one: a1, two: a2 }, { one: b1, two: b2 }, { normalise });
  const shapes = { a1: [1, 2, 2, 2], b1: [1, 2, 2, 2], a2: [1, 4, 1, 1], b2: [1, 4, 1, 1] };
  const numbers: Record<string, Numbers> = {
    a1: [shapes.a1, Array<number>(8).fill(1)],
    b1: [shapes.b1, Array<number>(8).fill(3)],
    a2: [shapes.a2, [0, 0, 0, 0]],
    b2: [shapes.b2, [0, 3, 4, 0]],
  };

  it('is the sum of norms over sizes', async () => {
    // |2, .. 2 (8 times)| / 8 + |3, 4| / 4
    expect(await valueOf(loss('size'), numbers)).toBeCloseTo((2 * Math.sqrt(8)) / 8 + 5 / 4, 5);
    expect(await valueOf(loss('rms'), numbers)).toBeCloseTo((2 + 2.5) / 2, 5);
  });

  it('has an exact gradient, and a finite one where photo and render agree', async () => {
    const inputs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape }]));
    expect(await slopeError(loss('size'), inputs)).toBeLessThan(1e-3);
    const same: Loss = ({ x }) => contentLoss({ x: constant(new Float32Array(8), [1, 2, 2, 2]) }, { x });
    const program = await compile(
      ({ x, one }) => vjp([same({ x })], [x], [one])[0],
      { x: { shape: [1, 2, 2, 2] }, one: { shape: [] } },
      { runtime },
    );
    const { output } = await program.run({ x: new Float32Array(8), one: Float32Array.of(1) });
    expect([...output]).toEqual(Array(8).fill(0));
    await program.dispose();
  });

  it('names a layer that is missing', () => {
    const lost: Loss = ({ a, b }) => contentLoss({ one: a }, { two: b });
    expect(onShapes(lost, { a: [1, 2], b: [1, 2] })).toThrow(/"two" is missing in the photo's/);
  });
});
