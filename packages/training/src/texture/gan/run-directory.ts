/**
 * What a training run leaves behind: its configuration, a line of figures a report, pictures of samples, and a checkpoint
 * from which it goes on bit for bit.
 */
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '@likeness/core/model';
import type { Checkpoint, TensorValue, TensorValues } from '@likeness/graph';

/** What stands beside the tensors of a checkpoint. */
export interface RunState {
  /** Real images shown so far. */
  readonly shown: number;
  /** Steps taken so far. */
  readonly steps: number;
  /** Probability of the augmentation. */
  readonly probability: number;
  /** Index of the phase that the tensors belong to. */
  readonly phase: number;
}

export interface SavedRun {
  readonly state: RunState;
  readonly checkpoint: Checkpoint;
}

const CHECKPOINT = 'checkpoint.safetensors';
const GROUPS = ['parameters', 'state', 'buffers'] as const;

/** Makes the directory, or continues one that was made with the same configuration. @throws Error where it was another */
export async function openRun(folder: string, config: object): Promise<void> {
  await mkdir(join(folder, 'samples'), { recursive: true });
  const text = `${JSON.stringify(config, null, 2)}\n`;
  const path = join(folder, 'config.json');
  const known = await readFile(path, 'utf8').catch(() => undefined);
  if (known !== undefined && known !== text)
    throw new Error(
      `train texture: ${folder} holds a run of another configuration: give another folder, or the same options.`,
    );
  if (known === undefined) await writeWhole(path, text);
}

/** Writes a checkpoint whole, over the one before. */
export async function saveRun(folder: string, { state, checkpoint }: SavedRun): Promise<void> {
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array | Uint32Array }>();
  for (const group of GROUPS)
    for (const [name, { shape, data, dtype }] of Object.entries(checkpoint[group]))
      tensors.set(`${group}:${name}`, {
        shape,
        data: dtype === 'float32' ? (data as Float32Array) : Uint32Array.from(data as Int32Array),
      });
  await writeWhole(join(folder, CHECKPOINT), writeSafetensors(tensors, { state: JSON.stringify(state) }));
}

/** The last checkpoint, or undefined where there is none. */
export async function loadRun(folder: string): Promise<SavedRun | undefined> {
  const bytes = await readFile(join(folder, CHECKPOINT)).catch(() => undefined);
  if (!bytes) return undefined;
  const { tensors, metadata } = readSafetensors(bytes);
  const groups: Record<(typeof GROUPS)[number], Record<string, TensorValue>> = {
    parameters: {},
    state: {},
    buffers: {},
  };
  for (const [key, { shape, data }] of tensors) {
    const colon = key.indexOf(':');
    const group = groups[key.slice(0, colon) as (typeof GROUPS)[number]];
    // Integers are the optimiser's counters; safetensors of this project knows them unsigned.
    group[key.slice(colon + 1)] =
      data instanceof Float32Array
        ? { shape, dtype: 'float32', data }
        : { shape, dtype: 'int32', data: Int32Array.from(data) };
  }
  return { state: JSON.parse(metadata['state'] ?? '{}') as RunState, checkpoint: groups };
}

/** Adds a line to `log.jsonl`. */
export async function logLine(folder: string, line: object): Promise<void> {
  await appendFile(join(folder, 'log.jsonl'), `${JSON.stringify(line)}\n`);
}

/** Values of those names only. */
export function pick(values: TensorValues, names: Iterable<string>): Record<string, TensorValue> {
  return Object.fromEntries(
    [...names].filter((name) => Object.hasOwn(values, name)).map((name) => [name, values[name]]),
  );
}

/** Under a passing name first: a stopped run leaves no half file. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.part`, content);
  await rename(`${path}.part`, path);
}
