export { syntheticModel, type SyntheticModelOptions } from './synthetic-model.ts';
