// Memory for time: the forward pass of a marked segment is computed again in the backward pass, so that its
// intermediates need not be kept (Griewank & Walther, "Revolve", 2000; Chen et al., "Training deep nets with sublinear
// memory cost", 2016).
//
// ONNX has no way to say so, and a runtime undoes it: common-subexpression elimination merges the second computation with the
// first, and the scheduler may run it at once. So the second one starts from values that wait for the arriving
// cotangent in a way that no optimiser can fold: a Reshape to the shape it already has, whose shape operand is the
// known shape plus a zero that is computed from one element of the cotangent (`e < -Infinity`, which no number and no
// NaN is). Reshape only renames a buffer, so values pass untouched; the static shape is declared beside it, so that
// layout passes still know it. In the same way the cotangent leaves the segment only when its weight gradients are
// there: otherwise ONNX Runtime's depth-first order runs the whole cotangent chain first and keeps every recomputed
// activation for the weight gradients that come last.
import { arrayFrom, onnxDataType } from './dtype.ts';
import { backpropagate } from './grad.ts';
import { alias, aliasOperation } from './alias.ts';
import { stopGradient } from './ops/input.ts';
import {
  REMATERIALISE,
  replay,
  segmentOperands,
  segmentResult,
  traceSegment,
  type SegmentAttributes,
  type SegmentFunction,
} from './segment.ts';
import { filled } from './shape.ts';
import {
  applyOperation,
  type LoweringContext,
  type Operation,
  type Tensor,
  type TensorType,
} from './tensor.ts';

/** Emits an int64 [1] zero that exists as soon as the named values do. */
export function emitArrival(
  context: LoweringContext,
  names: readonly string[],
  types: readonly TensorType[],
): string {
  const zeros = names.map((name, index) => {
    const { shape, dtype } = types[index];
    const { length: rank } = shape;
    const [element] =
      rank === 0
        ? [name]
        : context.emit('Slice', [name, context.indices(filled(rank, 0)), context.indices(filled(rank, 1))]);
    const [flat] = context.emit('Reshape', [element, context.indices([1])]);
    const [number] =
      dtype === 'float32' ? [flat] : context.emit('Cast', [flat], { to: { i: onnxDataType('float32') } });
    const lowest = context.constant(arrayFrom('float32', [-Infinity]), [1], 'float32');
    const [never] = context.emit('Less', [number, lowest]);
    return context.emit('Cast', [never], { to: { i: onnxDataType('int64') } })[0];
  });
  return zeros.reduce((a, b) => context.emit('Add', [a, b])[0]);
}

/** int64 [1] zero that exists as soon as its operands do. */
export const arrivalOperation: Operation<null> = {
  name: 'arrival',
  infer: () => [{ shape: [1], dtype: 'int64' }],
  lower: (context, { names, inputs }) => [emitArrival(context, names, inputs)],
  nondifferentiable: true,
};

/** The first operand, available only after the second (an arrival). */
export const afterOperation: Operation<null> = {
  name: 'after',
  infer: ([x]) => [x],
  lower: (context, { names: [x, arrival], inputs: [type] }) => {
    // A scalar's shape has no element to add the zero to: it is the empty piece of the zero.
    const [shape] =
      type.shape.length === 0
        ? context.emit('Slice', [arrival, context.indices([0]), context.indices([0])])
        : context.emit('Add', [context.indices(type.shape), arrival]);
    const [y] = context.emit('Reshape', [x, shape], { allowzero: { i: 1 } });
    context.declare(y, type);
    return [y];
  },
  vjp: ({ cotangents: [g] }) => [g],
};

/** `x` itself, made to wait until `arrived` have been computed (a wait for nothing is none). */
function after(x: Tensor, arrived: readonly Tensor[]): Tensor {
  const present = arrived.filter(({ size }) => size > 0).map(stopGradient);
  if (present.length === 0) return x;
  return applyOperation(afterOperation, [x, applyOperation(arrivalOperation, present, null)[0]], null)[0];
}

/** An input or constant, possibly under another name. */
function isLeaf({ node }: Tensor): boolean {
  return node.inputs.length === 0 || (node.operation === aliasOperation.name && isLeaf(node.inputs[0]));
}

const rematerialiseOperation: Operation<SegmentAttributes> = {
  name: REMATERIALISE,
  ...segmentResult,
  vjp: ({ inputs, cotangents, wanted, attributes: { segment } }) => {
    const { parameters, captured, nodes, outputs } = segment;
    const arriving = cotangents.filter((g) => g !== undefined).slice(0, 1);
    // What the replayed nodes read in place of the arguments and of what they captured.
    const sources = [...parameters, ...captured];
    const substitution = new Map<Tensor, Tensor>();
    const starts = sources.map((source, index) => {
      const given = inputs[index];
      // Arguments that are constants: operations have rearranged them already, and they cost no memory.
      if (source === given && index < parameters.length) return given;
      let start = index < parameters.length ? after(given, arriving) : given;
      // A target of its own, so that the gradient ends here and not in what the tensor was computed from.
      if (wanted[index] && start === given) start = alias(given);
      substitution.set(source, start);
      return start;
    });
    const again = replay(nodes, substitution);
    const targets = starts.filter((_, index) => wanted[index]);
    const found = backpropagate(
      again,
      outputs.map((y) => substitution.get(y) ?? y),
      targets,
      cotangents,
    );
    const parts = new Map<Tensor, Tensor | undefined>(targets.map((target, index) => [target, found[index]]));
    // The cotangents of arguments that were computed go on to earlier layers; those of weights and captured tensors first.
    const goesOn = (index: number): boolean => index < parameters.length && !isLeaf(inputs[index]);
    const first = starts.flatMap((start, index) => (goesOn(index) ? [] : (parts.get(start) ?? [])));
    return starts.map((start, index) => {
      const part = parts.get(start);
      return part && goesOn(index) ? after(part, first) : part;
    });
  },
};

/**
 * Marks a segment: its forward pass is computed again when its gradient is, and its intermediates are not kept in
 * between. Values and gradients are the same. `fn` takes tensors by position; what it captures (weights, other
 * activations) is differentiated as well, but is kept. Costs one more forward pass of the segment. Wrap a few stages of a
 * deep network: with k segments of a network of n layers, n / k + k activations are kept instead of n.
 */
export function rematerialise<
  const Inputs extends readonly Tensor[],
  const Output extends Tensor | readonly Tensor[],
>(fn: SegmentFunction<Inputs, Output>): SegmentFunction<Inputs, Output> {
  return (...inputs) => {
    const segment = traceSegment(fn as unknown as SegmentFunction, inputs, 'rematerialise');
    const outputs = applyOperation(rematerialiseOperation, segmentOperands(segment, inputs), { segment });
    return (segment.single ? outputs[0] : outputs) as Output;
  };
}
