import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { humanReporter, jsonReporter } from '../../src/fit/reporter.ts';
import type { RunEvent } from '../../src/fit/reporter.ts';

const HEAD: Extract<RunEvent, { event: 'head' }> = {
  event: 'head',
  photo: 'a.jpg',
  face: 2,
  folder: 'out/face-2',
  files: { head: 'head.glb' },
  identitySimilarity: 0.914,
  landmarkError: 0.0049,
  milliseconds: 1234,
  warnings: ['The face is small.'],
};

function sink(isTTY: boolean): { stream: PassThrough & { isTTY?: boolean }; text: () => string } {
  const stream: PassThrough & { isTTY?: boolean; columns?: number } = new PassThrough();
  if (isTTY)
    Object.assign(stream, { isTTY: true, columns: 100, cursorTo: () => true, clearLine: () => true });
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { stream, text: () => text };
}

describe('jsonReporter', () => {
  it('writes one event per line', async () => {
    const { stream, text } = sink(false);
    const reporter = jsonReporter(stream);
    reporter.report({ event: 'start', version: '1', photos: 1, preset: 'draft' });
    reporter.report(HEAD);
    reporter.close();
    await new Promise(setImmediate);
    expect(
      text()
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as RunEvent).event),
    ).toEqual(['start', 'head']);
  });
});

describe('humanReporter', () => {
  it('writes lines and no bar where standard error is no terminal', async () => {
    const out = sink(false);
    const err = sink(false);
    const reporter = await humanReporter(out.stream, err.stream);
    reporter.report({ event: 'start', version: '1', photos: 1, preset: 'draft' });
    reporter.report({ event: 'stage', photo: 'a.jpg', stage: 'shape', fraction: 0.5 });
    reporter.report(HEAD);
    reporter.report({ event: 'error', photo: 'b.jpg', code: 3, message: 'No face was found in b.jpg.' });
    reporter.close();
    await new Promise(setImmediate);
    expect(out.text()).toBe(
      'a.jpg (face 2) -> out/face-2 (head.glb; landmarks 0.49%, identity 0.91, 1.2 s)\n  note: The face is small.\n',
    );
    expect(err.text()).toBe('likeness: No face was found in b.jpg.\n');
  });

  it('says the similarity before and after a joint fit', async () => {
    const out = sink(false);
    const reporter = await humanReporter(out.stream, sink(false).stream);
    reporter.report({ ...HEAD, event: 'head', identitySimilarityBefore: 0.64 });
    reporter.close();
    await new Promise(setImmediate);
    expect(out.text()).toContain('identity 0.64 -> 0.91');
  });

  it('shows steps of the joint fit on a terminal', async () => {
    const err = sink(true);
    const reporter = await humanReporter(sink(false).stream, err.stream);
    reporter.report({ event: 'start', version: '1', photos: 1, preset: 'standard' });
    reporter.report({ event: 'photo', photo: 'a.jpg', number: 1, of: 1 });
    await new Promise((resolve) => setTimeout(resolve, 150));
    const step = { stage: 'joint', fraction: 0.5, loss: 1.25, step: 40, steps: 80 } as const;
    reporter.report({ event: 'stage', photo: 'a.jpg', ...step });
    await new Promise((resolve) => setTimeout(resolve, 150));
    reporter.close();
    expect(err.text()).toMatch(/50% \| a\.jpg \| joint 40\/80 loss 1\.25 \| \d+s left/);
  });

  it('shows stage, loss and time left on a terminal', async () => {
    const out = sink(false);
    const err = sink(true);
    const reporter = await humanReporter(out.stream, err.stream);
    reporter.report({ event: 'start', version: '1', photos: 2, preset: 'draft' });
    reporter.report({ event: 'photo', photo: 'a.jpg', number: 1, of: 2 });
    await new Promise((resolve) => setTimeout(resolve, 150));
    reporter.report({ event: 'stage', photo: 'a.jpg', stage: 'texture', fraction: 0.5, loss: 0.0051 });
    await new Promise((resolve) => setTimeout(resolve, 150));
    reporter.report(HEAD);
    reporter.close();
    await new Promise(setImmediate);
    expect(err.text()).toMatch(/25% \| a\.jpg \| texture loss 0\.00510 \| \d+s left/);
    expect(out.text()).toContain('a.jpg (face 2) -> ');
    // Hidden before the line was printed: a bar that is cleared later would take the line with it.
    expect(err.text().lastIndexOf('\u001B8')).toBeGreaterThan(err.text().lastIndexOf('texture'));
  });
});
