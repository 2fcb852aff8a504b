// Writes the support table into the README from the code itself, and the speed table from the kept results of
// `npm run bench -- graph --keep`, so that neither can claim what is not there.
// Run: npx tsx --conditions=source packages/graph/scripts/support-table.ts
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { listOnnxOperations, listOperations, listTfjsOperations } from '../src/index.ts';

const README = fileURLToPath(new URL('../README.md', import.meta.url));
const RESULTS = new URL('../../../benchmarks/results/', import.meta.url);

const names = (list: readonly string[]): string => list.map((name) => `\`${name}\``).join(' ');

/** The generated part of the README. */
export function supportTable(): string {
  const operations = listOperations().filter(
    ({ name }) => !['input', 'constant', 'stopGradient'].includes(name),
  );
  const having = (gradient: string): string =>
    names(operations.filter((operation) => operation.gradient === gradient).map(({ name }) => name)) ||
    'none';
  return [
    `- Operations with a checked gradient: ${having('yes')}`,
    `- Operations whose gradient is zero by definition: ${having('zero by definition')}`,
    `- Operations without a gradient: ${having('no')}`,
    `- ONNX operations that \`importOnnx\` reads: ${names(listOnnxOperations())}`,
    `- TF.js operations that \`importTfjs\` reads: ${names(listTfjsOperations())}`,
  ].join('\n');
}

interface KeptRow {
  readonly task: string;
  readonly ours_ms: number;
  readonly peer: string | null;
  readonly peer_ms: number | null;
  readonly ratio: number | null;
  readonly cpu?: string;
  readonly cores?: number;
  readonly date?: string;
}

/** Rows of the last kept run of a group, after the line that describes the machine; undefined where none was kept. */
function keptRun(
  group: string,
): { readonly machine: KeptRow; readonly rows: readonly KeptRow[] } | undefined {
  const path = fileURLToPath(new URL(`graph-${group}.jsonl`, RESULTS));
  if (!existsSync(path)) return undefined;
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as KeptRow);
  const start = lines.findLastIndex((line) => line.cores !== undefined);
  return start < 0 ? undefined : { machine: lines[start], rows: lines.slice(start + 1) };
}

/** The generated figures: every row of the last kept run of each group. */
export function speedTable(): string {
  const parts: string[] = [];
  for (const group of ['network', 'conv', 'train', 'overhead']) {
    const kept = keptRun(group);
    if (!kept) continue;
    const { machine, rows } = kept;
    parts.push(
      [
        `**${group}**: medians in ms, ${machine.cpu}, ${machine.cores} cores, ${machine.date}. ${means(group, rows)}`,
        '',
        ...(group === 'conv' ? passTable(rows) : taskTable(rows)),
      ].join('\n'),
    );
  }
  return parts.length > 0 ? parts.join('\n\n') : 'No results are kept yet.';
}

const cell = (value: number | null, unit = ''): string =>
  value === null ? '' : `${Number(value.toPrecision(3))}${unit}`;
const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((total, value) => total + Math.log(value), 0) / values.length);

type Row = NonNullable<ReturnType<typeof keptRun>>['rows'][number];

/** What a row does: everything from `forward` or a gradient's name on. */
const passOf = ({ task }: Row): string =>
  /(forward|input gradient|filter gradient).*$/u.exec(task)?.[0] ?? '';

/** Rows by a key, in order of appearance. */
function grouped(rows: readonly Row[], key: (row: Row) => string): [string, Row[]][] {
  const out = new Map<string, Row[]>();
  for (const row of rows) out.set(key(row), [...(out.get(key(row)) ?? []), row]);
  return [...out];
}

/** Geometric means of peer / ours, of each kind of task and each peer by itself. */
function means(group: string, rows: readonly Row[]): string {
  if (group === 'overhead') return '';
  const compared = rows.filter(({ ratio }) => ratio !== null);
  const kinds = grouped(
    compared,
    (row) => `${group === 'network' ? passOf(row) : group} beside ${row.peer ?? ''}`,
  );
  const parts = kinds.map(
    ([kind, alike]) =>
      `${kind}: ${cell(geometricMean(alike.flatMap(({ ratio }) => ratio ?? [])))}x (${alike.length} tasks)`,
  );
  return `Geometric means of peer / ours: ${parts.join('; ')}.`;
}

function taskTable(rows: readonly Row[]): string[] {
  return [
    '| task | ours | beside | peer | peer / ours |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(
      (row) =>
        `| ${row.task} | ${cell(row.ours_ms)} | ${row.peer ?? ''} | ${cell(row.peer_ms)} | ${cell(row.ratio, 'x')} |`,
    ),
  ];
}

/** Single convolutions: ten shapes each, all of them in benchmarks/results/graph-conv.jsonl. */
function passTable(rows: readonly Row[]): string[] {
  return [
    '| pass | shapes | peer / ours, geometric mean | smallest | largest |',
    '| --- | --- | --- | --- | --- |',
    ...grouped(rows, passOf).map(([pass, alike]) => {
      const ratios = alike.flatMap(({ ratio }) => ratio ?? []);
      return `| ${pass} | ${alike.length} | ${cell(geometricMean(ratios), 'x')} | ${cell(Math.min(...ratios), 'x')} | ${cell(Math.max(...ratios), 'x')} |`;
    }),
  ];
}

function replaceSection(readme: string, name: string, text: string): string {
  const opening = `<!-- ${name}: generated by scripts/support-table.ts -->`;
  const start = readme.indexOf(opening);
  const end = readme.indexOf(`<!-- /${name} -->`);
  if (start < 0 || end < start) throw new Error(`the README has no place for the ${name}`);
  return `${readme.slice(0, start + opening.length)}\n\n${text}\n\n${readme.slice(end)}`;
}

/** The README with fresh tables. */
export async function renderReadme(readme: string): Promise<string> {
  const text = replaceSection(
    replaceSection(readme, 'support-table', supportTable()),
    'speed-table',
    speedTable(),
  );
  return format(text, { ...(await resolveConfig(README)), parser: 'markdown' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(README, await renderReadme(readFileSync(README, 'utf8')));
}
