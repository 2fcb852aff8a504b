// Bicubic resizing against ONNX Runtime's own Resize, in an operation made for the test.
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { evaluate, largestDifference } from '../fixtures/evaluate.ts';

const NAMES = { halfPixel: 'half_pixel', asymmetric: 'asymmetric', alignCorners: 'align_corners' } as const;

describe('resizeCubic2d', () => {
  const x = { shape: [1, 2, 5, 4], data: Array.from({ length: 40 }, (_, i) => Math.sin(i * i)) };
  it.each(
    (['halfPixel', 'asymmetric', 'alignCorners'] as const).flatMap((coordinates) =>
      (
        [
          [9, 7],
          [3, 8],
          [5, 2],
        ] as const
      ).flatMap((size) => [-0.75, -0.5].map((coefficient) => ({ coordinates, size, coefficient }))),
    ),
  )('%o', async ({ coordinates, size, coefficient }) => {
    const own: g.Operation<null> = {
      name: 'runtimeCubic',
      infer: ([image]) => [{ shape: [1, 2, ...size], dtype: image.dtype }],
      lower: (context, { names }) =>
        context.emit('Resize', [names[0], '', '', context.indices([1, 2, ...size])], {
          mode: { s: 'cubic' },
          cubic_coeff_a: { f: coefficient },
          coordinate_transformation_mode: { s: NAMES[coordinates] },
        }),
      nondifferentiable: true,
    };
    const expected = await evaluate((t) => g.applyOperation(own, [t['x']], null)[0], { x });
    const { shape, data } = await evaluate(
      (t) => g.resizeCubic2d(t['x'], { size, coordinates, coefficient }),
      { x },
    );
    expect(shape).toEqual([1, 2, ...size]);
    expect(largestDifference(data, expected.data)).toBeLessThan(1e-5);
  });
});
