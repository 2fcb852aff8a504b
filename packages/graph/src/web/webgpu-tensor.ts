// A tensor in a buffer of the graphics device that onnxruntime-web computes on.
import type * as OnnxRuntime from 'onnxruntime-web/webgpu';
import type { DeviceTensor } from '../device-tensor.ts';
import { emptyArray, type DType, type TypedArray } from '../dtype.ts';
import type { RuntimeTensor } from '../runtime.ts';
import { sizeOf, type Shape } from '../shape.ts';

/** The part of WebGPU that is used; the package has no DOM types. */
interface GpuBuffer {
  readonly size: number;
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}
interface GpuDevice {
  createBuffer(options: { size: number; usage: number; mappedAtCreation?: boolean }): GpuBuffer;
  createCommandEncoder(): {
    copyBufferToBuffer(from: GpuBuffer, a: number, to: GpuBuffer, b: number, size: number): void;
    finish(): unknown;
  };
  readonly queue: { submit(commands: readonly unknown[]): void };
}

// Flags of GPUBufferUsage and GPUMapMode, as numbered by the WebGPU specification.
const MAP_READ = 1;
const COPY_SRC = 4;
const COPY_DST = 8;
const STORAGE = 128;
const MODE_READ = 1;

/** Element types that ONNX Runtime takes in buffers of the device as they are. */
const PLACEABLE = ['float32', 'float16', 'int32'] as const;
type Placeable = (typeof PLACEABLE)[number];

/** A device tensor of a WebGPU runtime. */
export class WebgpuTensor implements DeviceTensor {
  readonly shape: Shape;
  readonly dtype: DType;
  private readonly device: GpuDevice;
  private readonly buffer: GpuBuffer;
  private tensor: OnnxRuntime.Tensor | undefined;

  constructor(ort: typeof OnnxRuntime, device: GpuDevice, { shape, dtype, data }: RuntimeTensor) {
    if (!PLACEABLE.some((placeable) => placeable === dtype)) {
      throw new TypeError(
        `placeTensor: expected one of ${PLACEABLE.join(', ')} on webgpu, received ${dtype}`,
      );
    }
    this.shape = [...shape];
    this.dtype = dtype;
    this.device = device;
    // ONNX Runtime binds whole vectors of 16 bytes.
    const size = Math.max(16, Math.ceil(data.byteLength / 16) * 16);
    this.buffer = device.createBuffer({ size, usage: STORAGE + COPY_SRC + COPY_DST, mappedAtCreation: true });
    new Uint8Array(this.buffer.getMappedRange()).set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
    this.buffer.unmap();
    this.tensor = ort.Tensor.fromGpuBuffer(this.buffer as never, {
      dataType: dtype as Placeable,
      dims: [...shape],
    });
  }

  /** The tensor as onnxruntime-web takes it. */
  get ort(): OnnxRuntime.Tensor {
    if (!this.tensor) throw new TypeError('DeviceTensor: the tensor was disposed');
    return this.tensor;
  }

  async read(): Promise<TypedArray> {
    if (!this.tensor) throw new TypeError('DeviceTensor: the tensor was disposed');
    const { device, buffer } = this;
    const staging = device.createBuffer({ size: buffer.size, usage: MAP_READ + COPY_DST });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(MODE_READ);
    const values = emptyArray(this.dtype, sizeOf(this.shape));
    new Uint8Array(values.buffer).set(new Uint8Array(staging.getMappedRange(), 0, values.byteLength));
    staging.unmap();
    staging.destroy();
    return values;
  }

  dispose(): void {
    if (!this.tensor) return;
    this.tensor = undefined;
    this.buffer.destroy();
  }
}

/** Copies values to the device. */
export async function placeOnWebgpu(ort: typeof OnnxRuntime, content: RuntimeTensor): Promise<WebgpuTensor> {
  const device: unknown = await ort.env.webgpu.device;
  return new WebgpuTensor(ort, device as GpuDevice, content);
}
