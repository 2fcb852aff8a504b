export {
  AVERAGE_SKIN_DEFAULTS,
  createSkinAverager,
  type AverageSkinOptions,
  type SkinAverager,
} from './average-skin.ts';
export { balance, skinPeople, type SkinPerson } from './skin-people.ts';
export {
  SKIN_NAME,
  SKIN_VERSION,
  TRAIN_SKIN_DEFAULTS,
  trainSkin,
  type TrainSkinOptions,
  type TrainSkinResult,
} from './train-skin.ts';
