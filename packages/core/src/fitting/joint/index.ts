export {
  createJointFitter,
  fitJoint,
  JOINT_FIT_DEFAULTS,
  type JointFitter,
  type JointRunOptions,
} from './fit-joint.ts';
export type { JointProgramOptions } from './joint-programs.ts';
export { RANDOM_VIEW_DEFAULTS, randomView, type RandomView, type RandomViewOptions } from './random-view.ts';
export { readStages, StagesError } from './read-stages.ts';
export {
  LOSS_NAMES,
  NETWORK_LOSSES,
  PARAMETER_GROUPS,
  STAGE_DEFAULTS,
  type LossName,
  type ParameterGroup,
  type Plateau,
  type Stage,
} from './stages.ts';
export { PARAMETER_UNITS } from './parameters.ts';
export {
  JointFitError,
  type HistoryEntry,
  type JointFit,
  type JointFitOptions,
  type JointIteration,
  type JointPhoto,
  type JointPhotoFit,
  type JointStageReport,
  type Sharing,
} from './types.ts';
export { JOINT_PRESETS } from './presets.ts';
