export type { LinearBasis, ModelPart, MorphableModel } from './morphable-model.ts';
export type { LandmarkEmbedding } from './landmark-embedding.ts';
export { evaluateModel } from './evaluate-model.ts';
export { landmarkModel, landmarkPositions } from './landmark-positions.ts';
export type { LandmarkModel } from './landmark-positions.ts';
export { vertexEmbedding } from './vertex-embedding.ts';
export { ARKIT_NAMES, arkitName } from './arkit-names.ts';
export { importIctFaceKit } from './importers/ict-facekit.ts';
