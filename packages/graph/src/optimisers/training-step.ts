// Loss, gradients and update as one program.
import { valueAndGrad, type Tensors } from '../grad.ts';
import { cast } from '../ops/compare.ts';
import { reshape } from '../ops/shape.ts';
import { formatShape, sameShape, ShapeError } from '../shape.ts';
import { Tensor } from '../tensor.ts';
import type { TensorFunction, TensorSpec } from '../trace.ts';
import { globalNorm } from './wrappers.ts';
import { entry, STEP, type Optimiser } from './optimiser.ts';

/** What a loss function may return beside the loss. */
export interface LossResult {
  /** Floating-point scalar. */
  readonly loss: Tensor;
  /** Further outputs of the step: metrics, pictures. */
  readonly metrics?: Tensors | undefined;
  /** New values of buffers (running statistics of batch normalisation); a missing one keeps its value. */
  readonly buffers?: Tensors | undefined;
}

/**
 * The loss of a batch. `buffers` are values that are carried along but not trained; `step` (int32 scalar) is the number of
 * steps taken before, for noise that differs from step to step (`random.foldInTensor`).
 */
export type LossFunction = (
  parameters: Tensors,
  batch: Tensors,
  buffers: Tensors,
  step: Tensor,
) => Tensor | LossResult;

/** What `trainingStep` needs. */
export interface TrainingStepOptions {
  readonly loss: LossFunction;
  readonly optimiser: Optimiser;
  readonly parameters: Readonly<Record<string, TensorSpec>>;
  readonly batch: Readonly<Record<string, TensorSpec>>;
  /** Values carried along but not trained (default none). */
  readonly buffers?: Readonly<Record<string, TensorSpec>> | undefined;
  /** Also return the gradients' global norm, which shows where training goes wrong a step before the loss (default false). */
  readonly gradientNorm?: boolean | undefined;
}

/** One training step as a traced function with flat names, ready for `compile` and `exportOnnx`. */
export interface TrainingStep {
  /** `parameter/*`, `state/*`, `buffer/*` and `batch/*`. */
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  /** New `parameter/*`, `state/*`, `buffer/*`; `loss` (float32 scalar); `metric/*`; `gradientNorm` where asked for. */
  readonly fn: TensorFunction;
}

/** Prefixes of the program's inputs and outputs. */
export const PARAMETER = 'parameter/';
export const STATE = 'state/';
export const BUFFER = 'buffer/';
export const BATCH = 'batch/';
export const METRIC = 'metric/';

/** A record with every name behind a prefix. */
export function prefixed<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [prefix + name, value]));
}

/** The entries behind a prefix, without it. */
export function unprefixed<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  );
}

/**
 * Traces loss, gradients by all parameters, and the optimiser's update as one function of parameters, state and batch.
 * It is pure: what it returns goes in again as the next step's input (`createTrainer` does that).
 */
export function trainingStep(options: TrainingStepOptions): TrainingStep {
  const { loss, optimiser, parameters, batch, buffers = {} } = options;
  const state = Object.fromEntries(
    Object.entries(optimiser.init(parameters)).map(([name, { shape, dtype }]) => [name, { shape, dtype }]),
  );
  const inputs: Record<string, TensorSpec> = {
    ...prefixed(PARAMETER, parameters),
    ...prefixed(STATE, state),
    ...prefixed(BUFFER, buffers),
    ...prefixed(BATCH, batch),
  };
  const fn: TensorFunction = (given) => {
    const oldBuffers = unprefixed(BUFFER, given);
    const oldState = unprefixed(STATE, given);
    let extras: LossResult | undefined;
    const both = valueAndGrad((weights) => {
      const returned = loss(weights, unprefixed(BATCH, given), oldBuffers, entry(oldState, STEP));
      extras = returned instanceof Tensor ? { loss: returned } : returned;
      return extras.loss;
    });
    const weights = unprefixed(PARAMETER, given);
    const { value, gradients } = both(weights);
    const updated = optimiser.update(gradients, oldState, weights);
    const newBuffers = { ...oldBuffers, ...extras?.buffers };
    for (const [name, buffer] of Object.entries(newBuffers)) {
      if (!Object.hasOwn(oldBuffers, name)) {
        throw new TypeError(`trainingStep: the loss returned a buffer '${name}' that is not declared`);
      }
      const { shape, dtype } = oldBuffers[name];
      if (!sameShape(buffer.shape, shape) || buffer.dtype !== dtype) {
        throw new ShapeError(
          `trainingStep: expected buffer '${name}' as ${dtype}${formatShape(shape)}, received ${buffer.toString()}`,
        );
      }
    }
    return {
      loss: cast(reshape(value, []), 'float32'),
      ...(options.gradientNorm ? { gradientNorm: globalNorm(gradients) } : {}),
      ...prefixed(METRIC, extras?.metrics ?? {}),
      ...prefixed(PARAMETER, updated.parameters),
      ...prefixed(STATE, updated.state),
      ...prefixed(BUFFER, newBuffers),
    };
  };
  return { inputs, fn };
}
