// Sampling images by a grid, and the grids of affine maps.
import { arrayFrom } from '../../dtype.ts';
import { ImportError } from '../../imported-model.ts';
import { gridSample } from '../../ops/grid-sample.ts';
import { constant } from '../../ops/input.ts';
import { matmul, swapLast } from '../../ops/matmul.ts';
import { reshape } from '../../ops/shape.ts';
import { sizeOf } from '../../shape.ts';
import type { OnnxConverter } from '../call.ts';
import { hostSize } from './shape.ts';

const convertGridSample: OnnxConverter = (call) => {
  const x = call.tensor(0);
  if (x.rank !== 4) throw new ImportError(`sampling ${x.toString()}: only images can be sampled`);
  const modes = ['bilinear', 'linear', 'nearest', 'bicubic', 'cubic'] as const;
  const mode = call.choice('mode', modes, call.opset < 20 ? 'bilinear' : 'linear');
  if (mode === 'bicubic' || mode === 'cubic')
    throw new ImportError('sampling by cubic interpolation is not supported');
  return gridSample(x, call.tensor(1), {
    mode: mode === 'nearest' ? 'nearest' : 'bilinear',
    padding: call.choice('padding_mode', ['zeros', 'border', 'reflection'] as const, 'zeros'),
    alignCorners: call.int('align_corners', 0) === 1,
  });
};

/** theta [n, d, d + 1] times the homogeneous positions of every pixel, the fastest axis first. */
const convertAffineGrid: OnnxConverter = (call) => {
  const theta = call.tensor(0);
  const size = call.numbers(1, 'the size');
  const extents = size.slice(2);
  const rank = extents.length;
  if (rank !== 2 && rank !== 3)
    throw new ImportError(`expected [n,c,h,w] or [n,c,d,h,w] as size, received [${size.join(',')}]`);
  const aligned = call.int('align_corners', 0) === 1;
  const count = hostSize(sizeOf(extents), 'a grid');
  const base: number[] = [];
  for (let flat = 0; flat < count; flat++) {
    let rest = flat;
    const position: number[] = [];
    for (const extent of extents.toReversed()) {
      const i = rest % extent;
      rest = Math.floor(rest / extent);
      const spread = aligned ? (extent === 1 ? 0 : (2 * i) / (extent - 1) - 1) : (2 * i + 1) / extent - 1;
      position.push(spread);
    }
    base.push(...position, 1);
  }
  const points = constant(arrayFrom(theta.dtype, base), [1, count, rank + 1], theta.dtype);
  return reshape(matmul(points, swapLast(theta)), [theta.shape[0], ...extents, rank]);
};

/** Converters of sampling. */
export const SAMPLINGS: Readonly<Record<string, OnnxConverter>> = {
  GridSample: convertGridSample,
  AffineGrid: convertAffineGrid,
};
