/**
 * How the proofs of the joint fit run: a list of items, each kept on disk when it is done, so that a run of an hour can be stopped and goes
 * on where it was. Options that all of them take:
 *
 *   --limit N          only N people or photos, spread over all of them; a larger N later keeps these and adds to them
 *   --items a,b        only these
 *   --shard I/N        only every N-th of those, from the I-th on (1/2 and 2/2: two processes side by side, --threads 1 each); the
 *                      summary of all is then a run without it, which finds every item done
 *   --threads N        of each process (2)
 *   --preset NAME      whose stages are run (standard), or --stages FILE.json
 *   --texture NAME     `linear`, `generated` (the generator of this version) or the path of a generator's ONNX file
 *   --out DIR          where items are kept (a folder of the system's temporary one, by settings)
 *
 * Items know by which sources they were made (a digest of the code and models below); a summary that mixes several says so. Only a whole run
 * writes into benchmarks/results.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { JOINT_PRESETS, readStages, type Stage } from '@likeness/core/fitting/joint';
import { openItemStore, type ItemStore } from '../../packages/evaluation/src/run/item-store.ts';
import { writeResult } from '../common.ts';

const PACKAGES = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'packages');
const SOURCES = [
  ...[
    'analysis',
    'camera',
    'fitting',
    'image',
    'lighting',
    'losses',
    'model',
    'pipeline',
    'render',
    'texture',
  ].map((name) => join('core', 'src', name)),
  join('graph', 'src'),
  join('models', 'data'),
];

export interface ProofOptions {
  readonly limit: number;
  readonly threads: number;
  /** Which of how many processes this is, from 0. */
  readonly shard: readonly [number, number];
  readonly items: readonly string[] | undefined;
  readonly preset: 'standard' | 'high';
  readonly stages: readonly Stage[];
  readonly texture: string;
  readonly out: string | undefined;
  /** Whether the stages are a preset's own, and not of `--stages`. */
  readonly shippedStages: boolean;
  /** Options of one proof alone. */
  readonly own: Readonly<Record<string, string | undefined>>;
  /** What stands without a name. */
  readonly positionals: readonly string[];
}

/**
 * @param own names of further options with a value each, and their defaults
 * @param allowPositionals whether values without a name are taken; refused otherwise
 */
export function readProofOptions(
  own: Readonly<Record<string, string | undefined>> = {},
  allowPositionals = false,
): ProofOptions {
  const { values, positionals } = parseArgs({
    allowPositionals,
    options: {
      limit: { type: 'string' },
      items: { type: 'string' },
      shard: { type: 'string', default: '1/1' },
      threads: { type: 'string', default: '2' },
      preset: { type: 'string', default: 'standard' },
      stages: { type: 'string' },
      texture: { type: 'string', default: 'linear' },
      out: { type: 'string' },
      ...Object.fromEntries(
        Object.entries(own).map(([name, value]) => [
          name,
          { type: 'string' as const, ...(value === undefined ? {} : { default: value }) },
        ]),
      ),
    },
  });
  const text = values as Readonly<Record<string, string | undefined>>;
  const preset = text['preset'] as 'standard' | 'high';
  if (JOINT_PRESETS[preset] === undefined || JOINT_PRESETS[preset].length === 0)
    throw new RangeError(`The preset ${preset} runs no joint fit: choose standard or high.`);
  const [own1, processes] = (text['shard'] as string).split('/').map(Number);
  if (!(Number.isInteger(processes) && Number.isInteger(own1) && own1 >= 1 && own1 <= processes))
    throw new RangeError(`--shard is I/N, as 1/2, not ${text['shard']}.`);
  const counts = { limit: Number(text['limit'] ?? Infinity), threads: Number(text['threads']) };
  for (const [name, value] of Object.entries(counts))
    if (!(value >= 1)) throw new RangeError(`--${name} must be a number of at least 1, not ${text[name]}.`);
  return {
    ...counts,
    shard: [own1 - 1, processes],
    items: text['items']?.split(','),
    preset,
    stages:
      text['stages'] === undefined
        ? JOINT_PRESETS[preset]
        : readStages(JSON.parse(readFileSync(text['stages'], 'utf8'))),
    texture: text['texture'] as string,
    out: text['out'],
    shippedStages: text['stages'] === undefined,
    positionals,
    own: Object.fromEntries(Object.keys(own).map((name) => [name, text[name]])),
  };
}

/** The values that `--items`, `--limit` and `--shard` leave. @param all in an order of which `--limit` may take the first (see `spread`) */
export function chosen<T>(
  all: readonly T[],
  { limit, items, shard: [own, processes] }: ProofOptions,
  name: (value: T) => string,
): T[] {
  return all
    .filter((value) => items === undefined || items.includes(name(value)))
    .slice(0, limit)
    .filter((_, i) => i % processes === own);
}

/** The values in an order of which every beginning is spread evenly over all: multiples of the golden ratio. */
export function spread<T>(all: readonly T[]): T[] {
  const golden = (Math.sqrt(5) - 1) / 2;
  const places = all.map((value, i) => ({ value, at: ((i + 0.5) * golden) % 1 }));
  return places.toSorted((a, b) => a.at - b.at).map(({ value }) => value);
}

/** A proof's results that are there or still to be made. */
export interface ProofRun {
  readonly store: ItemStore;
  /** Works on an item if it has no result, and returns the result either way. */
  item<T extends object>(id: string, work: () => Promise<T>): Promise<T & Provenance>;
  /** Prints the summary, and writes it where the run was whole. */
  finish(summary: object, whole: boolean): Promise<void>;
}

export interface Provenance {
  readonly sources: string;
  /** Of the whole process while it worked on the item: what a busy machine does not falsify. */
  readonly processorMs: number;
}

/** @param settings everything that results depend on beside the sources */
export function openProof(
  name: string,
  { out, stages, texture }: ProofOptions,
  settings: object = {},
): ProofRun {
  const all = { stages, texture, ...settings };
  const key = createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 8);
  const folder = out ?? join(tmpdir(), 'likeness-bench', `${name}-${key}`);
  const store = openItemStore(folder, name, all, true);
  const sources = sourceDigest();
  const mixed = new Set<string>();
  const costs: number[] = [];
  let done = 0;
  console.log(`${name}: results are kept in ${folder}; sources ${sources}`);
  return {
    store,
    item: async (id, work) => {
      if (!store.has(id)) {
        const before = process.cpuUsage();
        const result = await work();
        const { user, system } = process.cpuUsage(before);
        const processorMs = Math.round((user + system) / 1000);
        store.write(id, { ...result, sources, processorMs });
        done++;
        console.log(`${new Date().toISOString().slice(11, 19)} ${id}: ${processorMs} ms of processor time`);
      }
      const found = store.read(id) as Awaited<ReturnType<typeof work>> & Provenance;
      mixed.add(found.sources);
      costs.push(found.processorMs);
      return found;
    },
    finish: async (summary, whole) => {
      const result = {
        sources: [...mixed],
        ...(mixed.size > 1
          ? { note: 'Items were made by different versions of the sources: run anew with another --out.' }
          : {}),
        texture,
        stages: stages.map((stage) => `${stage.name} ${stage.steps}`),
        processorSeconds: Math.round(costs.reduce((a, b) => a + b, 0) / 1000),
        ...summary,
      };
      console.log(JSON.stringify(result, null, 2));
      console.log(`${done} items were worked on, ${costs.length - done} were there.`);
      if (whole) await writeResult(name, result);
      else console.log('Part of the run only: benchmarks/results is left as it is.');
    },
  };
}

/** First digits of a digest over code and models that a fit depends on. */
function sourceDigest(): string {
  const hash = createHash('sha256');
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else hash.update(entry.name).update(readFileSync(path));
    }
  };
  for (const source of SOURCES) walk(join(PACKAGES, source));
  return hash.digest('hex').slice(0, 10);
}
