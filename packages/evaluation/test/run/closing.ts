/** Runs a benchmark to its end and closes it, whatever happens. */
import type { Benchmark, BenchmarkSummary } from '../../src/run/benchmark.ts';
import { runBenchmark } from '../../src/run/run-benchmark.ts';
import type { RunBenchmarkOptions } from '../../src/run/run-benchmark.ts';

export async function runAndClose<Item>(
  opening: Promise<Benchmark<Item>>,
  options: RunBenchmarkOptions = {},
): Promise<BenchmarkSummary> {
  const benchmark = await opening;
  try {
    return await runBenchmark(benchmark, options);
  } finally {
    await benchmark[Symbol.asyncDispose]();
  }
}
