// PyTorch as one long-lived child process that speaks JSON lines (peer.py). It lives through the whole benchmark, so
// that its start, its imports and its first allocations are in no figure.
import { spawn, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LoadedPeer, Sample, TorchSide } from './rows.ts';

const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), 'peer.py');

/** A peer that can be ended. */
export interface TorchProcess extends TorchSide {
  close(): void;
}

/** The first Python that has PyTorch: `python3` of the path, then Debian's. */
function findPython(): string | undefined {
  return ['python3', '/usr/bin/python3'].find(
    (python) => spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0,
  );
}

/**
 * Starts the peer; undefined, said aloud, where no Python has PyTorch.
 * @param folders with further `peer_*.py`
 */
export async function startTorch(
  threads: number,
  folders: readonly string[] = [],
): Promise<TorchProcess | undefined> {
  const python = findPython();
  if (python === undefined) {
    console.error('SKIPPED: no python3 with torch (apt: python3-torch), so the rows stand without a peer.');
    return undefined;
  }
  const child = spawn(python, [SCRIPT, String(threads), ...folders], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ask = conversation(child);
  const { version } = await ask<{ version: string }>({ op: 'version' });
  const name = `pytorch ${version}, ${threads} threads`;
  return {
    name,
    async load(task, parameters) {
      const { handle } = await ask<{ handle: number }>({ op: 'load', task, parameters });
      const peer: LoadedPeer = {
        name,
        async run(times) {
          const { samples } = await ask<{ samples: [number, number][] }>({ op: 'run', handle, times });
          return samples.map(([wallMs, cpuMs]): Sample => ({ wallMs, cpuMs }));
        },
        async values() {
          return (await ask<{ values: number[] }>({ op: 'values', handle })).values;
        },
        async free() {
          await ask({ op: 'free', handle });
        },
      };
      return peer;
    },
    close: () => child.stdin.end(),
  };
}

/** Questions and answers, strictly in order. */
function conversation(child: ReturnType<typeof spawn>) {
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new TypeError('startTorch: expected a process with pipes');
  const waiting: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[] = [];
  createInterface({ input: stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as { error?: string };
    const next = waiting.shift();
    if (answer.error === undefined) next?.resolve(answer);
    else next?.reject(new Error(`peer.py: ${answer.error}`));
  });
  child.on('exit', () => {
    for (const { reject } of waiting.splice(0)) reject(new Error('peer.py ended before it answered'));
  });
  return async <T>(question: object): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      waiting.push({ resolve: resolve as (answer: unknown) => void, reject });
      stdin.write(`${JSON.stringify(question)}\n`);
    });
}
