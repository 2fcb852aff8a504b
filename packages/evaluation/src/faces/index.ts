export { listFacePhotos, openFacesBenchmark } from './faces-benchmark.ts';
export type { FacesOptions } from './faces-benchmark.ts';
export { fitFace, LEARN_NUISANCE_DEFAULTS, learnNuisance } from './learn-nuisance.ts';
export type { AnalysedFace, FacePair, LearnNuisanceOptions } from './learn-nuisance.ts';
