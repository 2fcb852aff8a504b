// The part of the ONNX schema that we write, as plain data (field names after onnx.proto).
import type { DType, TypedArray } from '../dtype.ts';
import type { Shape } from '../shape.ts';

/** Value of a node attribute; the tag says which field of AttributeProto holds it. */
export type OnnxAttribute =
  | { readonly i: number }
  | { readonly f: number }
  | { readonly s: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] };

export interface OnnxNode {
  readonly opType: string;
  /** Operator set other than ONNX's own, for example ONNX Runtime's blocked convolutions. */
  readonly domain?: string | undefined;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxValueInfo {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface OnnxInitializer extends OnnxValueInfo {
  readonly data: TypedArray;
}

export interface OnnxModel {
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxInitializer[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** Types of inner values that cannot be inferred. */
  readonly valueInfo?: readonly OnnxValueInfo[];
  /** Inputs that are taken in blocks of so many channels, with their shapes [n, c, h, w] in the ordinary layout. Not part of ONNX. */
  readonly blockedInputs?: ReadonlyMap<string, { readonly shape: Shape; readonly block: number }>;
}
