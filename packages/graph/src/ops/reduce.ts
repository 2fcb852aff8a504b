// Reductions other than the sum (which lives with broadcasting): mean, maximum, minimum, softmax.
import { normalizeAxis, sizeOf } from '../shape.ts';
import { applyOperation, expectFloat, type LoweringContext, type Operation, type Tensor } from '../tensor.ts';
import { div, mul, sub } from './arithmetic.ts';
import { cast, equal } from './compare.ts';
import {
  reduceAttributes,
  reducedShape,
  spread,
  sum,
  type ReduceAttributes,
  type ReduceOptions,
} from './shape.ts';

function emitReduce(
  context: LoweringContext,
  opType: string,
  name: string,
  { axes, keepDims }: ReduceAttributes,
): string[] {
  return context.emit(opType, [name, context.indices(axes)], { keepdims: { i: keepDims ? 1 : 0 } });
}

export const meanOperation: Operation<ReduceAttributes> = {
  name: 'mean',
  infer: ([x], attributes) => {
    expectFloat(x, 'mean');
    return [{ shape: reducedShape(x.shape, attributes), dtype: x.dtype }];
  },
  lower: (context, { names, inputs: [x], outputs: [y], attributes }) => {
    // Over the image axes it is a global average pool, which stays in the runtime's blocked layout.
    if (x.shape.length === 4 && x.dtype !== 'float64' && attributes.axes.join() === '2,3') {
      const pooled = context.emit('GlobalAveragePool', names);
      return attributes.keepDims ? pooled : context.emit('Reshape', [pooled[0], context.indices(y.shape)]);
    }
    return emitReduce(context, 'ReduceMean', names[0], attributes);
  },
  vjp: ({ inputs: [x], attributes, cotangents: [g] }) => {
    if (!g) return [undefined];
    const count = sizeOf(attributes.axes.map((axis) => x.shape[axis]));
    return [spread(div(g, count), x.shape, attributes.axes)];
  },
};

/** Mean over axes. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const attributes = reduceAttributes(x, options, 'mean');
  if (attributes.axes.length === 0) return x;
  return applyOperation(meanOperation, [x], attributes)[0];
}

function extremum(name: string, opType: string): Operation<ReduceAttributes> {
  return {
    name,
    infer: ([x], attributes) => [{ shape: reducedShape(x.shape, attributes), dtype: x.dtype }],
    lower: (context, { names, attributes }) => emitReduce(context, opType, names[0], attributes),
    // Ties share the gradient equally.
    vjp: ({ inputs: [x], outputs: [y], attributes: { axes }, cotangents: [g] }) => {
      if (!g) return [undefined];
      const hits = cast(equal(x, spread(y, x.shape, axes)), x.dtype);
      return [mul(hits, spread(div(g, sum(hits, { axes, keepDims: g.rank === x.rank })), x.shape, axes))];
    },
  };
}

export const maxOperation: Operation<ReduceAttributes> = extremum('max', 'ReduceMax');

/** Maximum over axes; ties share the gradient. */
export function max(x: Tensor, options: ReduceOptions = {}): Tensor {
  return applyOperation(maxOperation, [x], reduceAttributes(x, options, 'max'))[0];
}

export const minOperation: Operation<ReduceAttributes> = extremum('min', 'ReduceMin');

/** Minimum over axes; ties share the gradient. */
export function min(x: Tensor, options: ReduceOptions = {}): Tensor {
  return applyOperation(minOperation, [x], reduceAttributes(x, options, 'min'))[0];
}

export const softmaxOperation: Operation<{ readonly axis: number }> = {
  name: 'softmax',
  infer: ([x]) => {
    expectFloat(x, 'softmax');
    return [x];
  },
  lower: (context, { names, attributes }) => context.emit('Softmax', names, { axis: { i: attributes.axis } }),
  vjp: ({ outputs: [y], attributes: { axis }, cotangents: [g] }) => [
    g && mul(y, sub(g, sum(mul(g, y), { axes: [axis], keepDims: true }))),
  ],
};

/** Softmax along one axis (the last by default). */
export function softmax(x: Tensor, axis = -1): Tensor {
  return applyOperation(softmaxOperation, [x], { axis: normalizeAxis(axis, x.rank, 'softmax') })[0];
}
