// Public API of the engine. Runtimes are separate entries (`/node`, `/web`), so this one runs anywhere.
export { fromFloat16, toFloat16, type DType, type TypedArray, type TypedArrayOf } from './dtype.ts';
export { ShapeError, type Shape } from './shape.ts';
export {
  applyOperation,
  Tensor,
  type GraphNode,
  type LoweringContext,
  type LoweringInputs,
  type Operation,
  type TensorType,
  type VjpInputs,
} from './tensor.ts';
export {
  trace,
  type Graph,
  type InputSpecs,
  type NamedTensorSpec,
  type TensorFunction,
  type TensorSpec,
} from './trace.ts';
export {
  compile,
  exportOnnx,
  traceProgram,
  type CompileOptions,
  type Float16ArrayLike,
  type PortInfo,
  type Program,
  type ProgramInput,
  type RunOptions,
} from './compile.ts';
export { grad, gradients, valueAndGrad, vjp, type Tensors, type ValueAndGradients } from './grad.ts';
export { hessianVectorProduct, jvp, pushforward, type JvpResult } from './jvp.ts';
export { customVjp, type CustomBackward, type CustomVjpCall } from './custom-vjp.ts';
export { rematerialise } from './rematerialise.ts';
export type { SegmentFunction } from './segment.ts';
export { placeTensor, type DeviceTensor, type TensorContent } from './device-tensor.ts';
export { createProgramCache, type ProgramCache } from './program-cache.ts';
export {
  runtimeMessage,
  RuntimeRefusedError,
  RuntimeUnavailableError,
  type Runtime,
  type RuntimeSession,
  type RuntimeTensor,
  type SessionOptions,
} from './runtime.ts';
export { ImportError, type ImportedModel } from './imported-model.ts';
export { importTfjs, listTfjsOperations } from './tfjs/import.ts';
export { importOnnx, listOnnxOperations, type ImportOnnxOptions } from './onnx/import.ts';
export { readOnnxInputs, type OnnxInput } from './onnx/read-inputs.ts';
export * from './ops/index.ts';
export * from './optimisers/index.ts';
export * as random from './random/index.ts';
