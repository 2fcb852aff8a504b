// `npm run bench -- graph [--json] [--samples n] [--group name] [--filter text]`: every row of the graph benchmarks.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { convolutionSuite } from './convolutions.ts';
import { networkSuite } from './networks.ts';
import { overheadSuite } from './overhead.ts';
import { BENCH_GROUPS, geometricMean, rounded, type BenchRow, type BenchSuite } from './rows.ts';
import { startTorch } from './torch.ts';
import { trainingSuite } from './training.ts';

/** One line a suite. */
const SUITES: readonly BenchSuite[] = [networkSuite, convolutionSuite, trainingSuite, overheadSuite];

const RESULTS = join(dirname(fileURLToPath(import.meta.url)), '..', 'results');

/** Runs the suites and prints rows as they come. With `--keep` they replace those in benchmarks/results/. */
export async function runGraphBench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      samples: { type: 'string', default: '11' },
      group: { type: 'string', default: '' },
      filter: { type: 'string', default: '' },
    },
  });
  const threads = 2;
  const torch = await startTorch(threads);
  const context = { torch, threads, samples: Number(values.samples), filter: values.filter };
  try {
    for (const group of BENCH_GROUPS) {
      if (values.group !== '' && values.group !== group) continue;
      const rows: BenchRow[] = [];
      for (const suite of SUITES.filter((one) => one.group === group)) {
        for await (const row of suite.rows(context)) {
          rows.push(row);
          console.log(values.json ? JSON.stringify(row) : tableLine(row));
        }
      }
      if (values.keep && rows.length > 0) keep(group, rows);
      if (!values.json) printMeans(group, rows);
    }
  } finally {
    torch?.close();
  }
}

/** A file a group, replaced by each kept run: the machine first, then the rows. */
function keep(group: string, rows: readonly BenchRow[]): void {
  mkdirSync(RESULTS, { recursive: true });
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
  writeFileSync(
    join(RESULTS, `graph-${group}.jsonl`),
    [machine, ...rows].map((row) => `${JSON.stringify(row)}\n`).join(''),
  );
}

function tableLine(row: BenchRow): string {
  const cell = (value: number | null, unit: string): string =>
    (value === null ? '-' : `${value.toPrecision(3)}${unit}`).padStart(9);
  return [
    row.group.padEnd(9),
    row.task.padEnd(46),
    cell(row.ours_ms, ' ms'),
    cell(row.peer_ms, ' ms'),
    cell(row.ratio, 'x'),
    '  cpu',
    cell(row.ours_cpu_ms, ' ms'),
    cell(row.peer_cpu_ms, ' ms'),
    cell(row.cpu_ratio, 'x'),
    `  ${Object.entries(row.notes ?? {})
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
  ].join(' ');
}

/** Geometric means over the rows of one peer, tasks that end alike together. */
function printMeans(group: string, rows: readonly BenchRow[]): void {
  const kinds = new Map<string, BenchRow[]>();
  for (const row of rows.filter(({ ratio, cpu_ratio: cpu }) => ratio !== null && cpu !== null)) {
    const what = group === 'network' ? `${row.task.replace(/^.*?(?=forward)/, '')}, ` : '';
    const kind = `${what}${row.peer}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), row]);
  }
  for (const [kind, alike] of kinds) {
    const mean = (of: (row: BenchRow) => number | null): number =>
      rounded(geometricMean(alike.flatMap((row) => of(row) ?? [])));
    console.log(
      `${group}, ${kind}: geometric mean of ${alike.length} ratios ${mean((row) => row.ratio)} by the clock, ` +
        `${mean((row) => row.cpu_ratio)} in processor time`,
    );
  }
}
