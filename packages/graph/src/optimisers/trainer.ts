// The loop around a training step: carries parameters and state from step to step without copying them, and takes
// no step whose loss is not a number.
import { compile, type CompileOptions, type Program } from '../compile.ts';
import { emptyArray, isArrayOf, type TypedArray } from '../dtype.ts';
import { formatShape, sameShape, ShapeError, sizeOf } from '../shape.ts';
import type { TensorSpec } from '../trace.ts';
import { STEP, type TensorValue, type TensorValues } from './optimiser.ts';
import {
  BATCH,
  BUFFER,
  METRIC,
  PARAMETER,
  prefixed,
  STATE,
  trainingStep,
  unprefixed,
  type TrainingStepOptions,
} from './training-step.ts';

/** Everything that training needs to go on: plain records of typed arrays. */
export interface Checkpoint {
  readonly parameters: TensorValues;
  /** The optimiser's state; `step` counts the steps taken. */
  readonly state: TensorValues;
  readonly buffers: TensorValues;
}

/** What a step reports. */
export interface StepReport {
  /** Steps taken, this one included. */
  readonly step: number;
  readonly loss: number;
  readonly gradientNorm?: number;
  readonly metrics: Readonly<Record<string, TypedArray>>;
}

/** Options of `createTrainer`. */
export interface TrainerOptions extends Omit<TrainingStepOptions, 'parameters' | 'buffers'>, CompileOptions {
  /** Initial values; not kept, not changed. */
  readonly parameters: TensorValues;
  readonly buffers?: TensorValues | undefined;
}

/** A loss (or, where it is reported, gradient norm) was NaN or infinite. The step was not taken: parameters are those before it. */
export class NonFiniteLossError extends Error {
  override readonly name: string = 'NonFiniteLossError';
  /** Steps taken before. */
  readonly step: number;

  constructor(what: string, value: number, step: number) {
    super(
      `Trainer.step: the ${what} of step ${step + 1} is ${value}; the step was not taken (lower the learning rate, or clip gradients)`,
    );
    this.step = step;
  }
}

/** Carries a training loop's values. */
export interface Trainer {
  /** Steps taken. */
  readonly step: number;
  /** One step on a batch (the inputs declared as `batch`). Throws `NonFiniteLossError` and stays where it was if the loss is not finite. */
  train(batch: Readonly<Record<string, TypedArray>>): Promise<StepReport>;
  /** A copy of all values. */
  checkpoint(): Checkpoint;
  /** Goes on from a checkpoint (copied), bit for bit as the trainer that it came from. */
  restore(checkpoint: Checkpoint): void;
  dispose(): Promise<void>;
}

type Arrays = Record<string, TypedArray>;

/** Compiles a training step and holds its values. */
export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const { parameters, buffers = {}, runtime, threads, ...rest } = options;
  const step = trainingStep({ ...rest, parameters, buffers });
  const program: Program<TypedArray> = await compile<TypedArray>(step.fn, step.inputs, { runtime, threads });
  const carried = Object.entries(step.inputs).filter(([name]) => !name.startsWith(BATCH));
  const allocate = (): Arrays =>
    Object.fromEntries(
      carried.map(([name, { shape, dtype = 'float32' }]) => [name, emptyArray(dtype, sizeOf(shape))]),
    );
  // Two sets: a step reads one and writes the other. It becomes current only when the step is accepted.
  let current = allocate();
  let spare = allocate();
  const load = (values: TensorValues): void => {
    for (const [name, spec] of carried) copyInto(current[name], name, spec, values[name]);
  };
  load({
    ...prefixed(PARAMETER, parameters),
    ...prefixed(STATE, options.optimiser.init(parameters)),
    ...prefixed(BUFFER, buffers),
  });
  const stepsTaken = (): number => Number(current[STATE + STEP]?.[0] ?? 0);
  let busy = false;
  return {
    get step() {
      return stepsTaken();
    },
    async train(batch) {
      if (busy) throw new TypeError('Trainer.train: a step is still running; steps follow each other');
      busy = true;
      try {
        const results = await program.run({ ...current, ...prefixed(BATCH, batch) }, { outputs: spare });
        const loss = Number(results['loss'][0]);
        const before = stepsTaken();
        if (!Number.isFinite(loss)) throw new NonFiniteLossError('loss', loss, before);
        const norm = options.gradientNorm ? Number(results['gradientNorm'][0]) : undefined;
        if (norm !== undefined && !Number.isFinite(norm)) {
          throw new NonFiniteLossError('gradient norm', norm, before);
        }
        [current, spare] = [spare, current];
        return {
          step: stepsTaken(),
          loss,
          ...(norm === undefined ? {} : { gradientNorm: norm }),
          metrics: unprefixed(METRIC, results),
        };
      } finally {
        busy = false;
      }
    },
    checkpoint() {
      const values = Object.fromEntries(
        carried.map(([name, { shape, dtype = 'float32' }]) => [
          name,
          { shape, dtype, data: current[name].slice() },
        ]),
      );
      return {
        parameters: unprefixed(PARAMETER, values),
        state: unprefixed(STATE, values),
        buffers: unprefixed(BUFFER, values),
      };
    },
    restore(checkpoint) {
      if (busy) throw new TypeError('Trainer.restore: a step is still running');
      load({
        ...prefixed(PARAMETER, checkpoint.parameters),
        ...prefixed(STATE, checkpoint.state),
        ...prefixed(BUFFER, checkpoint.buffers),
      });
    },
    dispose: () => program.dispose(),
  };
}

function copyInto(target: TypedArray, name: string, spec: TensorSpec, value: TensorValue | undefined): void {
  const { shape, dtype = 'float32' } = spec;
  if (!value) throw new TypeError(`Trainer: expected values for '${name}', received none`);
  if (!isArrayOf(dtype, value.data)) {
    throw new TypeError(
      `Trainer: expected ${dtype}${formatShape(shape)} as '${name}', received ${(value.data as object).constructor.name}`,
    );
  }
  if (!sameShape(value.shape, shape) || value.data.length !== target.length) {
    throw new ShapeError(
      `Trainer: expected ${formatShape(shape)} as '${name}', received ${value.data.length} values of ${formatShape(value.shape)}`,
    );
  }
  if (target instanceof BigInt64Array) target.set(value.data as BigInt64Array);
  else target.set(value.data as Exclude<TypedArray, BigInt64Array>);
}
