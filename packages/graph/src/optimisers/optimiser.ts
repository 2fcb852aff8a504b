// What an optimiser is: two pure functions over named tensors. State is a value, so that a checkpoint is a copy of it
// and a step that went wrong is undone by not taking it.
import { emptyArray, isFloat, type DType, type TypedArray } from '../dtype.ts';
import type { Tensors } from '../grad.ts';
import { add } from '../ops/arithmetic.ts';
import { cast } from '../ops/compare.ts';
import { sizeOf, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import type { TensorSpec } from '../trace.ts';

/** Concrete values of a tensor. */
export interface TensorValue {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: TypedArray;
}

/** Concrete tensors by name: parameters, an optimiser's state, a checkpoint. */
export type TensorValues = Readonly<Record<string, TensorValue>>;

/** What an update returns: new parameters and new state, under the same names. */
export interface Updated {
  readonly parameters: Tensors;
  readonly state: Tensors;
}

/** A pure optimiser. `update` is traced: it may stand in one program with the loss and its gradients. */
export interface Optimiser {
  /**
   * State before the first step, for parameters of these shapes (float32 or float64) and, where given, values. It has the
   * counter `step`, int32 scalar, among others.
   */
  init(parameters: Readonly<Record<string, TensorSpec | TensorValue>>): TensorValues;
  /** One step. `state` has what `init` made; what else it holds is handed on as it is. */
  update(gradients: Tensors, state: Tensors, parameters: Tensors): Updated;
}

/** Name of the step counter: int32 scalar, the number of steps taken. */
export const STEP = 'step';

/** Counter before the first step. */
export function initialStep(): TensorValue {
  return { shape: [], dtype: 'int32', data: new Int32Array(1) };
}

/** Steps taken before this one, as a float32 scalar (exact to 2^24). */
export function stepsTaken(state: Tensors): Tensor {
  return cast(entry(state, STEP), 'float32');
}

/** The counter after this step. */
export function countStep(state: Tensors): Tensor {
  return add(entry(state, STEP), 1);
}

/** Zeros like every parameter, under `prefix/name`. */
export function zeroMoments(
  prefix: string,
  parameters: Readonly<Record<string, TensorSpec>>,
): Record<string, TensorValue> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, dtype = 'float32' }]) => {
      if (!isFloat(dtype) || dtype === 'float16') {
        throw new TypeError(
          `optimiser: expected parameters of type float32 or float64, received ${dtype} as '${name}'`,
        );
      }
      return [`${prefix}/${name}`, { shape, dtype, data: emptyArray(dtype, sizeOf(shape)) }];
    }),
  );
}

/** A tensor of a record that must be there. */
export function entry(tensors: Tensors, name: string): Tensor {
  if (!Object.hasOwn(tensors, name)) throw new TypeError(`optimiser: there is no tensor '${name}'`);
  return tensors[name];
}

/** Applies `step` to every parameter that has a gradient; the others stay as they are. */
export function updateEach(
  gradients: Tensors,
  parameters: Tensors,
  step: (name: string, gradient: Tensor, parameter: Tensor) => Tensor,
): Record<string, Tensor> {
  for (const name of Object.keys(gradients)) entry(parameters, name);
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [
      name,
      Object.hasOwn(gradients, name) ? step(name, gradients[name], parameter) : parameter,
    ]),
  );
}

/** Options with nothing left out. */
export type Settled<Options> = { readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> };
