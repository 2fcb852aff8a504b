// Elements chosen by index, and put back by index.
import { arrayFrom } from '../../dtype.ts';
import { ImportError } from '../../imported-model.ts';
import { cast } from '../../ops/compare.ts';
import { gatherElements, gatherND, scatterElements, scatterND } from '../../ops/elements.ts';
import { constant } from '../../ops/input.ts';
import { gather } from '../../ops/scatter.ts';
import { reshape } from '../../ops/shape.ts';
import { sliceAxis } from '../../ops/slice-pad.ts';
import { oneHot, topK } from '../../ops/top-k.ts';
import { normalizeAxis, stridesOf } from '../../shape.ts';
import type { NodeCall, OnnxConverter } from '../call.ts';
import { hostSize, int64s } from './shape.ts';

/** Slices where a constant condition holds. */
const convertCompress: OnnxConverter = (call) => {
  const given = call.tensor(0);
  const x = call.has('axis') ? given : reshape(given, [given.size]);
  const axis = normalizeAxis(call.int('axis', 0), x.rank, 'Compress');
  const hits = call.numbers(1, 'the condition').flatMap((holds, index) => (holds ? [index] : []));
  return gather(x, int64s(hits), axis);
};

/** Positions [rank, count] of the elements of a constant that are not zero. */
const convertNonZero: OnnxConverter = (call) => {
  const numbers = call.numbers(0, 'the tensor');
  const { shape } = call.value(0);
  const strides = stridesOf(shape);
  const hits = numbers.flatMap((value, index) => (value === 0 ? [] : [index]));
  const rows = shape.flatMap((extent, axis) => hits.map((flat) => Math.floor(flat / strides[axis]) % extent));
  return constant(arrayFrom('int64', rows), [shape.length, hits.length], 'int64');
};

const REDUCTIONS = ['none', 'add', 'mul', 'min', 'max'] as const;

function reductionOf(call: NodeCall): 'set' | 'add' | 'mul' | 'min' | 'max' {
  const reduction = call.choice('reduction', REDUCTIONS, 'none');
  return reduction === 'none' ? 'set' : reduction;
}

const convertScatterElements: OnnxConverter = (call) =>
  scatterElements(call.tensor(0), call.tensor(1), call.tensor(2), {
    axis: call.int('axis', 0),
    reduction: reductionOf(call),
  });

/** k is an attribute before opset 10, an input since. */
const convertTopK: OnnxConverter = (call) => {
  const k = call.opset < 10 ? call.int('k') : call.number(1, 'k');
  const { values, indices } = topK(call.tensor(0), k, {
    axis: call.int('axis', -1),
    largest: call.int('largest', 1) === 1,
    sorted: call.int('sorted', 1) === 1,
  });
  return [values, indices];
};

/** `off` everywhere but `on` at the index, along a new axis of extent depth. Indices of any numeric type. */
const convertOneHot: OnnxConverter = (call) => {
  const indices = cast(call.tensor(0), 'int64');
  const depth = hostSize(call.number(1, 'the depth'), 'the depth');
  const values = call.tensor(2);
  if (values.size !== 2) throw new ImportError(`expected two values, received ${values.toString()}`);
  const [off, on] = [0, 1].map((index) => reshape(sliceAxis(values, 0, index, index + 1), []));
  return oneHot(indices, depth, { axis: call.int('axis', -1), on, off });
};

/** Converters of operations that address elements. */
export const GATHERS: Readonly<Record<string, OnnxConverter>> = {
  Gather: (call) => gather(call.tensor(0), call.tensor(1), call.int('axis', 0)),
  GatherElements: (call) => gatherElements(call.tensor(0), call.tensor(1), call.int('axis', 0)),
  GatherND: (call) => gatherND(call.tensor(0), call.tensor(1), call.int('batch_dims', 0)),
  Scatter: convertScatterElements,
  ScatterElements: convertScatterElements,
  ScatterND: (call) => scatterND(call.tensor(0), call.tensor(1), call.tensor(2), reductionOf(call)),
  TopK: convertTopK,
  OneHot: convertOneHot,
  Compress: convertCompress,
  NonZero: convertNonZero,
};
