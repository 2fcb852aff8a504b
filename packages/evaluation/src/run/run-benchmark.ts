/** Works through the items of a benchmark that have no result yet, and summarises all of them. */
import { join } from 'node:path';
import { htmlReport } from '../report/html.ts';
import type { Benchmark, BenchmarkSummary } from './benchmark.ts';
import { memoryStore, openItemStore, writeWhole } from './item-store.ts';

export type BenchmarkEvent =
  | {
      readonly event: 'start';
      readonly items: number;
      readonly done: number;
      readonly notes: readonly string[];
    }
  | {
      readonly event: 'item';
      readonly id: string;
      readonly label: string;
      readonly number: number;
      readonly of: number;
    }
  | { readonly event: 'done'; readonly id: string; readonly result: unknown };

export interface RunBenchmarkOptions {
  /** Folder for the items' results, `result.json` and `report.html`; nothing is kept without it. */
  readonly out?: string;
  readonly resume?: boolean;
  /** Awaited, so that signals and the terminal get their turn between items. */
  readonly onEvent?: (event: BenchmarkEvent) => void | Promise<void>;
  /** Added to the result and the report: version, date, commit. */
  readonly provenance?: Readonly<Record<string, unknown>>;
}

/**
 * @returns the summary; with `out` it is written there as well
 * @throws BenchInputError when `out` holds results that do not fit
 */
export async function runBenchmark<Item>(
  benchmark: Benchmark<Item>,
  options: RunBenchmarkOptions = {},
): Promise<BenchmarkSummary> {
  const { out, resume = false, onEvent, provenance = {} } = options;
  const store =
    out === undefined ? memoryStore() : openItemStore(out, benchmark.name, benchmark.settings, resume);
  const { items } = benchmark;
  await onEvent?.({
    event: 'start',
    items: items.length,
    done: items.filter(({ id }) => store.has(id)).length,
    notes: benchmark.notes,
  });
  for (const [index, item] of items.entries()) {
    if (store.has(item.id)) continue;
    await onEvent?.({ event: 'item', ...item, number: index + 1, of: items.length });
    store.write(item.id, await benchmark.work(item));
    await onEvent?.({ event: 'done', id: item.id, result: store.read(item.id) });
  }
  // Through the store even when fresh, so that a resumed run and a whole one give the same bytes.
  const summary = await benchmark.summarise(items.map(({ id }) => store.read(id) as Item));
  const result = { benchmark: benchmark.name, ...provenance, ...summary.result };
  if (out !== undefined) {
    writeWhole(join(out, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
    writeWhole(join(out, 'report.html'), htmlReport(summary.report, provenance));
  }
  return { ...summary, result };
}
