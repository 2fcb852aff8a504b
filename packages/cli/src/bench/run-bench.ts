/**
 * What the user sees of a benchmark: a bar while it runs, tables when it is done; or one JSON event per line, the result last.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark, BenchmarkEvent } from '@likeness/evaluation/run';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { checkFolder } from '../fit/output-folder.ts';
import { createBar } from '../fit/progress-bar.ts';
import { VERSION } from '../version.ts';
import type { BenchCommandOptions } from './options.ts';

/** @param open loads models and data, which takes seconds; its errors are the user's sentences */
export async function runBench(
  options: BenchCommandOptions,
  open: () => Promise<Benchmark>,
): Promise<ExitCode> {
  const { out, resume, json } = options;
  if (resume && out === undefined)
    throw new UsageError('--resume needs the folder of the earlier run: give it with --out.');
  if (out !== undefined) {
    checkFolder(out);
    if (resume && !existsSync(out))
      throw new UsageError(`There is no earlier run in ${out}: leave out --resume, or check the name.`);
  }
  const [{ runBenchmark }, { textTable }] = await Promise.all([
    import('@likeness/evaluation/run'),
    import('@likeness/evaluation/report'),
  ]);
  const started = performance.now();
  const bar = json || !process.stderr.isTTY ? undefined : await createBar(process.stderr);
  const stopListening = sayOnSignal(out, () => bar?.hide());
  let finished = 0;
  const emit = (event: object): void => {
    if (json) process.stdout.write(`${JSON.stringify(event)}\n`);
  };
  const onEvent = async (event: BenchmarkEvent): Promise<void> => {
    switch (event.event) {
      case 'start':
        finished = event.done;
        bar?.start(event.items);
        bar?.update(finished, { photo: '', stage: '', loss: '' });
        for (const note of event.notes) {
          bar?.hide();
          process.stderr.write(`note: ${note}\n`);
          bar?.show();
        }
        emit({ ...event, version: VERSION });
        break;
      case 'item':
        bar?.update(finished, { photo: event.label, stage: `${event.number} of ${event.of}` });
        emit(event);
        break;
      case 'done':
        finished++;
        emit({ event: 'done', id: event.id });
        break;
    }
    // The work between two items is synchronous for seconds: signals and the terminal get their turn here.
    await new Promise(setImmediate);
  };
  const benchmark = await open();
  try {
    const { result, report } = await runBenchmark(benchmark, {
      ...(out === undefined ? {} : { out }),
      resume,
      onEvent,
      provenance: provenance(),
    });
    bar?.hide();
    if (json) emit({ event: 'result', ...result });
    else {
      process.stdout.write(`${report.title}\n\n`);
      for (const table of report.tables)
        if (table.detail !== true) process.stdout.write(`${textTable(table)}\n`);
      const seconds = Math.round((performance.now() - started) / 1000);
      process.stdout.write(
        out === undefined ? `${seconds} s\n` : `${seconds} s; ${out}/report.html, ${out}/result.json\n`,
      );
    }
    return EXIT.done;
  } finally {
    bar?.hide();
    stopListening();
    await benchmark[Symbol.asyncDispose]();
  }
}

/** Version, day and commit: what a published figure must carry. Times stay out, so that equal runs give equal results. */
function provenance(): Record<string, unknown> {
  const here = dirname(fileURLToPath(import.meta.url));
  const git = spawnSync('git', ['-C', here, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' });
  const commit = git.status === 0 ? git.stdout.trim() : undefined;
  return {
    version: VERSION,
    date: new Date().toISOString().slice(0, 10),
    ...(commit === undefined ? {} : { commit }),
  };
}

/** Ctrl-C: results are whole files, so there is nothing to undo; the sentence says how to go on. */
function sayOnSignal(out: string | undefined, before: () => void): () => void {
  const stop = (code: number) => (): void => {
    before();
    process.stderr.write(
      out === undefined
        ? 'likeness: stopped; without --out nothing is kept.\n'
        : `likeness: stopped; the finished items are kept: go on with --out ${out} --resume.\n`,
    );
    // eslint-disable-next-line unicorn/no-process-exit -- networks keep the process alive, and the user wants out.
    process.exit(code);
  };
  const onInterrupt = stop(EXIT.interrupted);
  const onTerminate = stop(EXIT.terminated);
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  return () => {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onTerminate);
  };
}

/** @throws UsageError where the folder is not there */
export function requireFolder(path: string, option: string): void {
  if (!existsSync(path) || !statSync(path).isDirectory())
    throw new UsageError(`The folder ${path} of ${option} does not exist: check the name.`);
}
