export type { LinearBasis, ModelPart, MorphableModel } from './morphable-model.ts';
export type { LandmarkEmbedding } from './landmark-embedding.ts';
