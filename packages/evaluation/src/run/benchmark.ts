/**
 * What every benchmark is to the machinery around it: a list of items worked on one by one, each result plain JSON, and a summary
 * of all of them. Progress, resuming, tables and reports are written once, for all of them.
 */
import type { Report } from '../report/report.ts';

export interface BenchmarkItem {
  /** Names the item's result file: letters, digits, dots, dashes. */
  readonly id: string;
  /** What the progress bar shows. */
  readonly label: string;
}

export interface BenchmarkSummary {
  /** The last JSON line, and `result.json`. */
  readonly result: Readonly<Record<string, unknown>>;
  readonly report: Report;
}

export interface Benchmark<Item = unknown> extends AsyncDisposable {
  /** As in `likeness bench NAME`. */
  readonly name: string;
  /** Everything an item's result depends on; results of other settings are not mixed. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly items: readonly BenchmarkItem[];
  /** One sentence each: what could not be measured and why. */
  readonly notes: readonly string[];
  work(item: BenchmarkItem): Promise<Item>;
  summarise(results: readonly Item[]): Promise<BenchmarkSummary>;
}
