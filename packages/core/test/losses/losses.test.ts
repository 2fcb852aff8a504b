// Every loss: its value on numbers worked out by hand, its gradient against central differences, bad shapes refused.
import { compile, constant, trace, type Tensor } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { gradientError, type GradientCheckInput } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import {
  contentLoss,
  identityLoss,
  landmarkLoss,
  latentBoundLoss,
  latentShellLoss,
  outerEyeDistance,
  pixelLoss,
  regularisationLoss,
} from '../../src/losses/index.ts';

const runtime = nodeRuntime({ threads: 1 });

type Loss = (inputs: Readonly<Record<string, Tensor>>) => Tensor;

async function valueOf(loss: Loss, inputs: Record<string, [number[], number[]]>): Promise<number> {
  const specs = Object.fromEntries(Object.entries(inputs).map(([name, [shape]]) => [name, { shape }]));
  const program = await compile(loss, specs, { runtime });
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, [, data]]) => [name, Float32Array.from(data)]),
  );
  const { output } = await program.run(values);
  await program.dispose();
  expect(output).toHaveLength(1);
  return output[0];
}

const slope = (loss: Loss, inputs: Record<string, GradientCheckInput>): Promise<number> =>
  gradientError(loss, inputs, { runtime, step: 1 / 128 });

const shapeOnly = (loss: Loss, shapes: Record<string, number[]>): (() => void) => {
  const specs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape }]));
  return () => void trace(loss, specs);
};

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
    expect(await slope(loss, { a: { shape: [2, 5] }, b: { shape: [2, 5] } })).toBeLessThan(1e-3);
  });

  it('refuses embeddings of different networks', () => {
    expect(shapeOnly(loss, { a: [1, 128], b: [1, 512] })).toThrow(/identityLoss: expected.*received/);
  });
});

describe('contentLoss', () => {
  const loss =
    (normalise: 'size' | 'rms'): Loss =>
    ({ a1, a2, b1, b2 }) =>
      contentLoss({ one: a1, two: a2 }, { one: b1, two: b2 }, { normalise });
  const shapes = { a1: [1, 2, 2, 2], b1: [1, 2, 2, 2], a2: [1, 4, 1, 1], b2: [1, 4, 1, 1] };
  const numbers: Record<string, [number[], number[]]> = {
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
    expect(await slope(loss('size'), inputs)).toBeLessThan(1e-3);
    const same: Loss = ({ x }) => contentLoss({ x: constant(new Float32Array(8), [1, 2, 2, 2]) }, { x });
    const { vjp } = await import('@likeness/graph');
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
    expect(shapeOnly(lost, { a: [1, 2], b: [1, 2] })).toThrow(/"two" is missing in the photo's/);
  });
});

describe('pixelLoss', () => {
  const shape = [1, 3, 1, 2];
  const loss =
    (saturation?: number): Loss =>
    ({ photo, render, mask }) =>
      pixelLoss(photo, render, mask, { saturation });
  const numbers: Record<string, [number[], number[]]> = {
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
      expect(await slope(fixed, { photo: picture(0), render: picture(0.5) })).toBeLessThan(1e-3);
    }
    expect(() => pixelLoss(mask, mask, mask)).toThrow(/the render \[\.\., 3, \.\., \.\.\]/);
  });
});

describe('landmarkLoss', () => {
  const loss: Loss = ({ target, points, weights }) => landmarkLoss(target, points, weights, { unit: 10 });

  it('is the weighted mean distance in units', async () => {
    const value = await valueOf(loss, {
      target: [
        [2, 2],
        [0, 0, 5, 5],
      ],
      points: [
        [2, 3],
        [3, 4, 99, 5, 6, 99],
      ],
      weights: [[2], [1, 3]],
    });
    expect(value).toBeCloseTo((0.5 * 1 + 0.1 * 3) / 4, 6);
  });

  it('has an exact gradient', async () => {
    const fixed: Loss = ({ target, points }) =>
      landmarkLoss(target, points, constant(Float32Array.of(1, 2, 0.5), [3]), { unit: 0.7 });
    expect(await slope(fixed, { target: { shape: [3, 2] }, points: { shape: [3, 3] } })).toBeLessThan(1e-3);
  });

  it('refuses another number of landmarks', () => {
    expect(shapeOnly(loss, { target: [68, 2], points: [478, 3], weights: [478] })).toThrow(
      /photo's landmarks \[478, 2\]/,
    );
  });

  it('measures the outer eye corners', () => {
    const points = new Float32Array(468 * 3);
    points.set([30, 40], 33 * 3);
    expect(outerEyeDistance(points)).toBe(50);
  });
});

describe('regularisationLoss', () => {
  it('is the Mahalanobis sum, or its mean', async () => {
    const p: [number[], number[]] = [[3], [1, 2, 3]];
    const variance = constant(Float32Array.of(1, 4, 9), [3]);
    expect(await valueOf(({ x }) => regularisationLoss(x), { x: p })).toBeCloseTo(14, 5);
    expect(await valueOf(({ x }) => regularisationLoss(x, { variance }), { x: p })).toBeCloseTo(3, 5);
    const shifted: Loss = ({ x }) => regularisationLoss(x, { variance, mean: 1, reduction: 'mean' });
    expect(await valueOf(shifted, { x: p })).toBeCloseTo((0 + 1 / 4 + 4 / 9) / 3, 5);
  });

  it('has an exact gradient', async () => {
    const variance = constant(Float32Array.of(1, 4, 0.5, 2), [4]);
    const loss: Loss = ({ x }) => regularisationLoss(x, { variance, mean: 0.3 });
    expect(await slope(loss, { x: { shape: [2, 4] } })).toBeLessThan(1e-3);
  });

  it('refuses variances of another number, and none', () => {
    const variance = constant(Float32Array.of(1, 2), [2]);
    expect(shapeOnly(({ x }) => regularisationLoss(x, { variance }), { x: [3] })).toThrow(/one variance/);
    expect(shapeOnly(({ x }) => regularisationLoss(x, { variance: 0 }), { x: [3] })).toThrow(/positive/);
  });
});

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
    expect(await slope(({ x }) => latentBoundLoss(x), { x: { shape: [2, 4], values: far } })).toBeLessThan(
      1e-3,
    );
    expect(await slope(({ x }) => latentShellLoss(x), { x: { shape: [2, 4] } })).toBeLessThan(1e-3);
  });
});
