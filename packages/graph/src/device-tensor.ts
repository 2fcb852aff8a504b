// Arrays that stay where programs run. On WebGPU in a browser they are buffers of the graphics device, so state that goes
// round (weights, moments) crosses to the processor only when it is read; elsewhere they are typed arrays, so that the same
// program serves everywhere.
import { emptyArray, isArrayOf, type DType, type TypedArray } from './dtype.ts';
import type { Runtime } from './runtime.ts';
import { checkShape, formatShape, ShapeError, sizeOf, type Shape } from './shape.ts';

/** A concrete tensor in the memory of a runtime's device. Inputs and given outputs of `Program.run` may be such. */
export interface DeviceTensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** The values, row-major, as a copy. */
  read(): Promise<TypedArray>;
  /** Frees the memory; the tensor cannot be used afterwards. */
  dispose(): void;
}

/** What `placeTensor` takes; without `data` the values are zeros. */
export interface TensorContent {
  readonly shape: Shape;
  readonly dtype?: DType | undefined;
  readonly data?: TypedArray | undefined;
}

/** A device tensor that is an ordinary array. */
export class HostTensor implements DeviceTensor {
  readonly shape: Shape;
  readonly dtype: DType;
  private array: TypedArray | undefined;

  constructor(shape: Shape, dtype: DType, data: TypedArray) {
    this.shape = shape;
    this.dtype = dtype;
    this.array = data;
  }

  /** The memory itself. */
  get data(): TypedArray {
    if (!this.array) throw new TypeError('DeviceTensor: the tensor was disposed');
    return this.array;
  }

  read(): Promise<TypedArray> {
    return Promise.resolve(this.data.slice());
  }

  dispose(): void {
    this.array = undefined;
  }
}

/** True for anything that `placeTensor` made. */
export function isDeviceTensor(value: unknown): value is DeviceTensor {
  return value instanceof HostTensor || (typeof value === 'object' && value !== null && 'read' in value);
}

/** Copies values into the memory of a runtime's device. */
export async function placeTensor(runtime: Runtime, content: TensorContent): Promise<DeviceTensor> {
  const { shape, dtype = 'float32', data = emptyArray(dtype, sizeOf(shape)) } = content;
  checkShape(shape, 'placeTensor');
  if (!isArrayOf(dtype, data)) {
    throw new TypeError(
      `placeTensor: expected the typed array of ${dtype}, received ${(data as object).constructor.name}`,
    );
  }
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `placeTensor: expected ${sizeOf(shape)} values for ${formatShape(shape)}, received ${data.length}`,
    );
  }
  return runtime.place?.({ shape, dtype, data }) ?? new HostTensor([...shape], dtype, data.slice());
}
