// Every operation, and the table of them from which the README's support table is generated.
import type { Operation } from '../tensor.ts';
import * as activation from './activation.ts';
import * as arithmetic from './arithmetic.ts';
import * as compare from './compare.ts';
import * as conv from './conv.ts';
import * as extrema from './extrema.ts';
import * as input from './input.ts';
import * as matmul from './matmul.ts';
import * as pool from './pool.ts';
import * as reduce from './reduce.ts';
import * as resize from './resize.ts';
import * as scatter from './scatter.ts';
import * as shape from './shape.ts';
import * as slicePad from './slice-pad.ts';
import * as unary from './unary.ts';

export { constant, ones, stopGradient, zeros } from './input.ts';
export { add, div, mul, neg, sub } from './arithmetic.ts';
export { cast, equal, greater, greaterEqual, less, lessEqual, where } from './compare.ts';
export { abs, cos, exp, floor, log, sigmoid, sign, sin, softplus, sqrt, tanh } from './unary.ts';
export { clip, elu, leakyRelu, prelu, relu, scaleChannels, step, stepBelow } from './activation.ts';
export { maximum, minimum, pow } from './extrema.ts';
export { expand, reshape, sum, sumTo, transpose, type ReduceOptions } from './shape.ts';
export { max, mean, min, softmax } from './reduce.ts';
export { concat, flip, pad, slice, sliceAxis, split } from './slice-pad.ts';
export { matmul } from './matmul.ts';
export {
  CONV2D_DEFAULTS,
  conv2d,
  convTranspose2d,
  type Conv2dOptions,
  type ConvTranspose2dOptions,
} from './conv.ts';
export { averagePool2d, maxPool2d, type PoolOptions } from './pool.ts';
export { RESIZE_DEFAULTS, resize2d, type ResizeCoordinates, type ResizeOptions } from './resize.ts';
export { gather, scatterAdd } from './scatter.ts';
export { constantData } from './input.ts';

/** What the support table says of one operation. */
export interface OperationSupport {
  readonly name: string;
  readonly gradient: 'yes' | 'zero by definition' | 'no';
}

function isOperation(value: unknown): value is Operation<unknown> {
  return typeof value === 'object' && value !== null && 'infer' in value && 'lower' in value;
}

/** Every primitive and whether it has a gradient, sorted by name. */
export function listOperations(): OperationSupport[] {
  return [
    activation,
    arithmetic,
    compare,
    conv,
    extrema,
    input,
    matmul,
    pool,
    reduce,
    resize,
    scatter,
    shape,
    slicePad,
    unary,
  ]
    .flatMap((module) => Object.values(module) as unknown[])
    .filter(isOperation)
    .map(({ name, vjp, nondifferentiable }): OperationSupport => ({
      name,
      gradient: vjp ? 'yes' : nondifferentiable === true ? 'zero by definition' : 'no',
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
