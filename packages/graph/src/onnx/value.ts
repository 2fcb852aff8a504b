// A value of the imported graph: an engine tensor, or a constant of an element type that only the file knows (uint8,
// bfloat16, …) and that conversions may turn into one.
import { onnxDataType, type TypedArray } from '../dtype.ts';
import { constant, constantData } from '../ops/input.ts';
import type { Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { engineType, expectEngineType, type HostTensor } from './host-tensor.ts';

/** A value of the imported graph. */
export class OnnxValue {
  private made: Tensor | undefined;
  private readonly decode: (() => HostTensor) | undefined;
  readonly shape: Shape;
  /** TensorProto.DataType. */
  readonly dataType: number;

  private constructor(
    shape: Shape,
    dataType: number,
    tensor: Tensor | undefined,
    decode: (() => HostTensor) | undefined,
  ) {
    this.shape = shape;
    this.dataType = dataType;
    this.made = tensor;
    this.decode = decode;
  }

  static of(tensor: Tensor): OnnxValue {
    return new OnnxValue(tensor.shape, onnxDataType(tensor.dtype), tensor, undefined);
  }

  /** A constant of the file, decoded when it is first read. */
  static host(shape: Shape, dataType: number, decode: () => HostTensor): OnnxValue {
    return new OnnxValue(shape, dataType, undefined, decode);
  }

  /** The engine's tensor; an error where the engine has no such element type. */
  get tensor(): Tensor {
    if (!this.made) {
      const dtype = expectEngineType(this.dataType, 'a constant');
      this.made = constant(this.decode!().data as TypedArray, this.shape, dtype);
    }
    return this.made;
  }

  /** Values, if the value is a constant. */
  get host(): HostTensor | undefined {
    if (!this.made || engineType(this.dataType) === undefined) return this.decode?.();
    const data = constantData(this.made);
    return data && { shape: this.shape, dataType: this.dataType, data };
  }

  /** True if the values are known now. */
  get isConstant(): boolean {
    return this.made === undefined || constantData(this.made) !== undefined;
  }
}
