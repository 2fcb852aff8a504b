export { HEAD_NAME, HEAD_VERSION, TRAIN_SHAPE_DEFAULTS, trainShape } from './train-shape.ts';
export type { TrainShapeOptions, TrainShapeResult, TrainShapeStage } from './train-shape.ts';
export { headModelCard } from './head-model-card.ts';
export { createRandom } from './random.ts';
export type { Random } from './random.ts';
export { readShapeSource } from './read-source.ts';
export type { ShapeSource } from './read-source.ts';
export { vertexWeights } from './vertex-weights.ts';
