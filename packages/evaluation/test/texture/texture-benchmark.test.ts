import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openTextureBenchmark } from '../../src/texture/texture-benchmark.ts';
import { runBenchmark } from '../../src/run/run-benchmark.ts';
import { temporaryFolder } from '../datasets/temporary-folder.ts';
import { makeGenerator, makeMaps } from './miniature.ts';

const folder = temporaryFolder();
let maps: string;
let generator: string;
beforeAll(async () => {
  maps = await makeMaps(join(folder.path, 'maps'), 4);
  generator = await makeGenerator(folder.path, 6);
});

describe('openTextureBenchmark', () => {
  it('measures a generator against the linear model, goes on where it was stopped, and clears up', async () => {
    const out = join(folder.path, 'out');
    const options = { maps, generator, samples: 6, scratch: join(out, 'descriptors'), threads: 1 };
    const first = await openTextureBenchmark(options);
    let done = 0;
    const stop = new Error('stop');
    await expect(
      runBenchmark(first, {
        out,
        onEvent: ({ event }) => {
          if (event === 'done' && ++done === 3) throw stop;
        },
      }),
    ).rejects.toBe(stop);
    await first[Symbol.asyncDispose]();
    expect(existsSync(join(out, 'descriptors'))).toBe(true);

    const second = await openTextureBenchmark(options);
    let left = 0;
    const { result, report } = await runBenchmark(second, {
      out,
      resume: true,
      onEvent: ({ event }) => {
        if (event === 'done') left++;
      },
    });
    await second[Symbol.asyncDispose]();
    expect(left).toBe(second.items.length - 3);
    expect(existsSync(join(out, 'descriptors'))).toBe(false);
    expect(existsSync(join(out, 'report.html'))).toBe(true);

    const found = result as unknown as {
      readonly slicedWassersteinTimes1000: Record<string, { readonly levels: readonly number[] }>;
      readonly sources: Record<string, { readonly coherent: number; readonly topOctave: number }>;
      readonly inversion: Record<string, { readonly l1: number; readonly inside: number }>;
      readonly storedNumbers: { readonly linearSameModes: number; readonly generator: number };
      readonly verdicts: readonly { readonly what: string; readonly holds: boolean }[];
    };
    expect(found.slicedWassersteinTimes1000['generator'].levels).toHaveLength(5);
    expect(found.sources['linear'].coherent).toBe(1);
    expect(found.sources['generator'].coherent).toBe(1);
    // The stand-in is six components of the linear model, so "as many numbers" is those six.
    expect(found.storedNumbers.linearSameModes).toBe(6);
    expect(found.inversion['generator'].l1).toBeLessThan(1.15 * found.inversion['linearSame'].l1);
    expect(found.inversion['linear'].l1).toBeLessThan(found.inversion['linearSame'].l1);
    // It cannot win against the model it is a part of at every level, and does not claim so.
    expect(found.verdicts.find(({ what }) => what.startsWith('a face is found'))?.holds).toBe(true);
    expect(found.verdicts).toHaveLength(report.tables[0].rows.length);
    expect(report.pictures.length).toBeGreaterThanOrEqual(6);
  }, 300_000);

  it.each([
    [{ maps: 'nowhere' }, /The folder nowhere of --maps holds no dataset.json/],
    [{ generator: 'nowhere.onnx' }, /nowhere.onnx cannot be read/],
    [{ linear: 'nowhere.safetensors' }, /nowhere.safetensors of --linear cannot be read/],
  ])('refuses %j with one sentence', async (bad, message) => {
    await expect(openTextureBenchmark({ maps, generator, ...bad })).rejects.toThrow(message);
  });
});
