export { openSyntheticBenchmark, SYNTHETIC_DEFAULTS } from './synthetic-benchmark.ts';
export type { SyntheticOptions } from './synthetic-benchmark.ts';
export type { SyntheticHead } from './synthetic-head.ts';
