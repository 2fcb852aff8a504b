// Optimisers, schedules and the training loop.
export {
  globalNorm,
  clipByGlobalNorm,
  withGradientClipping,
  withWeightAverage,
  AVERAGE,
} from './wrappers.ts';
export { adam, ADAM_DEFAULTS, adamW, ADAMW_DEFAULTS, type AdamOptions } from './adam.ts';
export { sgd, SGD_DEFAULTS, type SgdOptions } from './sgd.ts';
export { type Optimiser, type TensorValue, type TensorValues, type Updated } from './optimiser.ts';
export {
  constantRate,
  cosineRate,
  exponentialRate,
  piecewiseRate,
  warmUp,
  type LearningRate,
  type Schedule,
} from './schedules.ts';
export {
  trainingStep,
  type LossFunction,
  type LossResult,
  type TrainingStep,
  type TrainingStepOptions,
} from './training-step.ts';
export {
  createTrainer,
  NonFiniteLossError,
  type Checkpoint,
  type StepReport,
  type Trainer,
  type TrainerOptions,
} from './trainer.ts';
