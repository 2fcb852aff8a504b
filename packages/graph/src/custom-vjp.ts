// Gradients that the caller knows better than the chain rule: straight-through estimators, implicit functions, or a
// numerically safer form.
import { zeros } from './ops/input.ts';
import {
  CUSTOM_VJP,
  segmentOperands,
  segmentResult,
  traceSegment,
  type SegmentAttributes,
  type SegmentFunction,
} from './segment.ts';
import { applyOperation, type Operation, type Tensor } from './tensor.ts';

/** What the backward function of `customVjp` is given. */
export interface CustomVjpCall {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Adjoint of each output, of its shape; zeros where none arrives. */
  readonly cotangents: readonly Tensor[];
  /** Which inputs need an adjoint. */
  readonly wanted: readonly boolean[];
}

/** Adjoint of each input, of its shape; undefined counts as zero. */
export type CustomBackward = (call: CustomVjpCall) => readonly (Tensor | undefined)[];

interface CustomAttributes extends SegmentAttributes {
  readonly backward: CustomBackward;
}

const customOperation: Operation<CustomAttributes> = {
  name: CUSTOM_VJP,
  ...segmentResult,
  vjp: ({ inputs, outputs, cotangents, wanted, attributes: { segment, backward } }) => {
    const count = segment.parameters.length;
    const leaked = segment.captured.findIndex((_, index) => wanted[count + index]);
    if (leaked >= 0) {
      throw new TypeError(
        `customVjp: ${segment.captured[leaked].toString()} is differentiated by but was captured by the forward function; pass it as an input`,
      );
    }
    if (!wanted.slice(0, count).includes(true)) return [];
    const parts = backward({
      inputs: inputs.slice(0, count),
      outputs,
      cotangents: outputs.map((y, index) => cotangents[index] ?? zeros(y.shape, y.dtype)),
      wanted: wanted.slice(0, count),
    });
    if (parts.length !== count) {
      throw new TypeError(
        `customVjp: expected the backward function to return ${count} adjoints (undefined for none), received ${parts.length}`,
      );
    }
    return parts;
  },
};

/**
 * A function with its own gradient: `forward` computes, `backward` says what the vector-Jacobian product is. Inputs
 * and outputs are tensors by position. Both are traced, so `backward` can be differentiated again; forward-mode
 * products need it to be linear in the cotangents. Tensors that `forward` captures count as constants, and being
 * differentiated by one of them is an error.
 */
export function customVjp<
  const Inputs extends readonly Tensor[],
  const Output extends Tensor | readonly Tensor[],
>(forward: SegmentFunction<Inputs, Output>, backward: CustomBackward): SegmentFunction<Inputs, Output> {
  return (...inputs) => {
    const segment = traceSegment(forward as unknown as SegmentFunction, inputs, 'customVjp');
    const outputs = applyOperation(customOperation, segmentOperands(segment, inputs), { segment, backward });
    return (segment.single ? outputs[0] : outputs) as Output;
  };
}
