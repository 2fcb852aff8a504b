export type { Benchmark, BenchmarkItem, BenchmarkSummary } from './benchmark.ts';
export { memoryStore, openItemStore } from './item-store.ts';
export type { ItemStore } from './item-store.ts';
export { runBenchmark } from './run-benchmark.ts';
export type { BenchmarkEvent, RunBenchmarkOptions } from './run-benchmark.ts';
