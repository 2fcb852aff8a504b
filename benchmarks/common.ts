/** What the benchmarks share: the data beside the repository, annotations, the analyser, results as JSON. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAnalyser, type Analyser, type AnalyserOptions } from '@likeness/core/analysis';
import { nodeRuntime } from '@likeness/graph/node';
import { readAnalysisNetworks } from '@likeness/node';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
export const DATA = join(ROOT, '..', 'shared', 'data');

/** Ends the run with one sentence where the shared data is not there. */
export function requireData(...parts: string[]): string {
  const path = join(DATA, ...parts);
  if (!existsSync(path)) {
    console.error(`SKIPPED: this benchmark needs ../shared/data/${parts.join('/')} beside the repository.`);
    process.exit(0);
  }
  return path;
}

export async function openAnalyser(options: Omit<AnalyserOptions, 'runtime'> = {}): Promise<Analyser> {
  return createAnalyser(await readAnalysisNetworks(), {
    threads: 2,
    ...options,
    runtime: nodeRuntime(),
    clock: () => performance.now(),
  });
}

const PHOTO = /\.(?:jpe?g|png|webp|avif|tiff?)$/i;

/** Photo files of one folder in a fixed order. */
export async function photosIn(folder: string): Promise<string[]> {
  return (await readdir(folder))
    .filter((name) => PHOTO.test(name))
    .toSorted()
    .map((name) => join(folder, name));
}

/** Points of a WebMorph template, [n][x, y] in pixels. */
export async function readTemplate(path: string): Promise<[number, number][]> {
  const lines = (await readFile(path, 'utf8')).split(/\r?\n/);
  return lines.slice(1, 1 + Number(lines[0])).map((line) => line.split('\t').map(Number) as [number, number]);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

/** Four significant digits: more than any of these measurements holds. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

export async function writeResult(name: string, result: object): Promise<void> {
  const folder = join(ROOT, 'benchmarks', 'results');
  await mkdir(folder, { recursive: true });
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version };
  await writeFile(
    join(folder, `${name}.json`),
    `${JSON.stringify({ benchmark: name, machine, ...result }, null, 2)}\n`,
  );
  console.log(`written: benchmarks/results/${name}.json`);
}
