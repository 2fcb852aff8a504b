// TF.js images are [n, h, w, c]; the runtime's convolutions want [n, c, h, w]. A value remembers which order its
// tensor is in, so a transpose is written only where an operation cannot work in the order at hand: in these networks
// once at the input and once before each reshape of an output, never between convolutions.
import { constantData } from '../ops/input.ts';
import { reshape, transpose } from '../ops/shape.ts';
import { filled } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import type { TfAttributes, TfNode } from './graph-def.ts';

const TO_NCHW = [0, 3, 1, 2];
const TO_NHWC = [0, 2, 3, 1];

/** Where an axis of an NHWC tensor is in NCHW. */
export const NCHW_AXIS: readonly number[] = [0, 2, 3, 1];

/** A value of the imported graph in one or both orders. */
export class Value {
  private ordinary: Tensor | undefined;
  private channelsFirst: Tensor | undefined;

  private constructor(ordinary: Tensor | undefined, channelsFirst: Tensor | undefined) {
    this.ordinary = ordinary;
    this.channelsFirst = channelsFirst;
  }

  /** A tensor as TF.js has it. */
  static plain(tensor: Tensor): Value {
    return new Value(tensor, undefined);
  }

  /** A rank-4 tensor whose axes were reordered to [n, c, h, w]. */
  static nchw(tensor: Tensor): Value {
    return new Value(undefined, tensor);
  }

  /** The tensor as TF.js has it. */
  get plain(): Tensor {
    if (!this.ordinary) this.ordinary = transpose(this.channelsFirst!, TO_NHWC);
    return this.ordinary;
  }

  /** The tensor as [n, c, h, w]; only for rank 4. */
  get nchw(): Tensor {
    if (!this.channelsFirst) this.channelsFirst = transpose(this.ordinary!, TO_NCHW);
    return this.channelsFirst;
  }

  /** True if the channels-first tensor is at hand. */
  get isNchw(): boolean {
    return this.channelsFirst !== undefined;
  }

  get rank(): number {
    return (this.ordinary ?? this.channelsFirst!).rank;
  }

  /** Values of a constant, as numbers. */
  numbers(): number[] | undefined {
    const data = this.ordinary && constantData(this.ordinary);
    return data && Array.from(data as ArrayLike<number | bigint>, Number);
  }

  /** A function of one tensor that treats all elements alike. */
  map(fn: (tensor: Tensor) => Tensor): Value {
    return this.channelsFirst ? Value.nchw(fn(this.channelsFirst)) : Value.plain(fn(this.plain));
  }
}

/** An operand that broadcasts against an NHWC tensor, reordered to broadcast against the NCHW one. */
export function alignToNchw(value: Value): Tensor {
  if (value.rank === 4) return value.nchw;
  const { plain } = value;
  if (plain.size === 1) return reshape(plain, []);
  const lead = filled(4 - plain.rank, 1);
  return transpose(reshape(plain, [...lead, ...plain.shape]), TO_NCHW);
}

/** A broadcasting function of several values, in NCHW if any of them is. */
export function mapTogether(values: readonly Value[], fn: (...tensors: Tensor[]) => Tensor): Value {
  if (values.some((value) => value.isNchw) && values.every((value) => value.rank <= 4)) {
    return Value.nchw(fn(...values.map(alignToNchw)));
  }
  return Value.plain(fn(...values.map((value) => value.plain)));
}

/** Turns one node of the imported graph into the values of its outputs. */
export type Converter = (
  inputs: readonly Value[],
  attributes: TfAttributes,
  node: TfNode,
) => readonly Value[];
