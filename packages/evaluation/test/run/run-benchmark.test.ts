import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Benchmark } from '../../src/run/benchmark.ts';
import { runBenchmark } from '../../src/run/run-benchmark.ts';
import { temporaryFolder } from '../datasets/temporary-folder.ts';

const folder = temporaryFolder();

function squares(count: number, stopAt = Infinity): Benchmark<number> & { worked: number[] } {
  const worked: number[] = [];
  return {
    worked,
    name: 'squares',
    settings: { power: 2 },
    items: Array.from({ length: count }, (_, i) => ({ id: `n${i}`, label: `number ${i}` })),
    notes: [],
    work: (item) => {
      const n = Number(item.id.slice(1));
      if (n >= stopAt) return Promise.reject(new Error('stopped'));
      worked.push(n);
      return Promise.resolve(n * n);
    },
    summarise: (results) =>
      Promise.resolve({
        result: { sum: results.reduce((a, b) => a + b, 0) },
        report: { title: 'Squares', about: [], tables: [], pictures: [] },
      }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

describe('runBenchmark', () => {
  it('goes on where it stopped, and a resumed run gives the bytes of a whole one', async () => {
    const [out, whole] = [join(folder.path, 'resumed'), join(folder.path, 'whole')];
    await expect(runBenchmark(squares(6, 3), { out })).rejects.toThrow('stopped');
    expect(readdirSync(join(out, 'items'))).toEqual(['n0.json', 'n1.json', 'n2.json']);
    // A write that a power cut left in the middle.
    writeFileSync(join(out, 'items', 'n3.json.part'), '{"half');
    const rest = squares(6);
    const { result } = await runBenchmark(rest, { out, resume: true });
    expect(rest.worked).toEqual([3, 4, 5]);
    expect(result).toEqual({ benchmark: 'squares', sum: 55 });
    await runBenchmark(squares(6), { out: whole });
    for (const file of ['result.json', 'report.html'])
      expect(readFileSync(join(out, file))).toEqual(readFileSync(join(whole, file)));
    expect(existsSync(join(out, 'items', 'n3.json.part'))).toBe(false);
  });

  it('mixes nothing: earlier results need --resume, other settings another folder', async () => {
    const out = join(folder.path, 'mixed');
    await runBenchmark(squares(2), { out });
    await expect(runBenchmark(squares(2), { out })).rejects.toThrow(
      /holds 2 results of an earlier run: add --resume/,
    );
    const other = { ...squares(2), settings: { power: 3 } };
    await expect(runBenchmark(other, { out, resume: true })).rejects.toThrow(/come from other options/);
  });

  it('tells what it does', async () => {
    const events: string[] = [];
    await runBenchmark(squares(2), {
      onEvent: (event) => {
        events.push(event.event);
      },
    });
    expect(events).toEqual(['start', 'item', 'done', 'item', 'done']);
  });
});
