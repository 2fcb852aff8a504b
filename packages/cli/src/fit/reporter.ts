/**
 * What the user sees of a run: a progress bar and plain lines on a terminal, plain lines elsewhere, or one JSON event
 * per line. Results go to standard output; the bar, warnings and errors go to standard error.
 */
import type { SingleBar } from 'cli-progress';
import type { Fault } from '../errors.ts';

/** One line of `--json`. */
export type RunEvent =
  | { readonly event: 'start'; readonly version: string; readonly photos: number; readonly preset: string }
  | { readonly event: 'photo'; readonly photo: string; readonly number: number; readonly of: number }
  | {
      readonly event: 'stage';
      readonly photo: string;
      readonly stage: string;
      /** Share of this photo's work that is done, 0..1. */
      readonly fraction: number;
      readonly loss?: number;
    }
  | {
      readonly event: 'head';
      readonly photo: string;
      readonly face: number;
      readonly folder: string;
      readonly files: Readonly<Record<string, string>>;
      readonly identitySimilarity: number | null;
      readonly landmarkError: number;
      readonly milliseconds: number;
      readonly warnings: readonly string[];
    }
  | { readonly event: 'error'; readonly photo?: string; readonly code: number; readonly message: string }
  | { readonly event: 'end'; readonly code: number; readonly heads: number; readonly milliseconds: number };

export interface Reporter {
  report(event: RunEvent): void;
  /** Removes the bar; call before the process ends. */
  close(): void;
}

/** One JSON event per line on `out`. */
export function jsonReporter(out: NodeJS.WritableStream): Reporter {
  return {
    report(event) {
      out.write(`${JSON.stringify(event)}\n`);
    },
    close() {},
  };
}

/** The error as a person reads it. */
export function faultLine(fault: Fault): string {
  return `likeness: ${fault.message}\n`;
}

/** Lines for people; a bar on `err` where that is a terminal. */
export async function humanReporter(
  out: NodeJS.WritableStream,
  err: NodeJS.WritableStream & { isTTY?: boolean },
): Promise<Reporter> {
  const bar = err.isTTY === true ? await createBar(err) : undefined;
  let photos = 1;
  let current = 0;
  /** Writes lines without tearing the bar. */
  const lines = (stream: NodeJS.WritableStream, text: string): void => {
    if (bar?.isActive === true && err.isTTY === true) err.write('\r\u001B[K');
    stream.write(text);
    if (bar?.isActive === true) bar.render();
  };
  return {
    report(event) {
      switch (event.event) {
        case 'start':
          photos = event.photos;
          bar?.start(photos, 0, { photo: '', stage: 'loading models', loss: '' });
          break;
        case 'photo':
          current = event.number - 1;
          bar?.update(current, { photo: event.photo, stage: 'reading', loss: '' });
          break;
        case 'stage':
          bar?.update(current + event.fraction, {
            stage: event.stage,
            loss: event.loss === undefined ? '' : `loss ${event.loss.toPrecision(3)}`,
          });
          break;
        case 'head':
          lines(out, headLines(event));
          break;
        case 'error':
          lines(err, faultLine({ code: 1, message: event.message }));
          break;
        case 'end':
          bar?.stop();
          break;
      }
    },
    close() {
      bar?.stop();
    },
  };
}

function headLines(event: Extract<RunEvent, { event: 'head' }>): string {
  const which = event.face > 1 ? ` (face ${event.face})` : '';
  const similarity =
    event.identitySimilarity === null ? '' : `, identity ${event.identitySimilarity.toFixed(2)}`;
  const figures = `landmarks ${(100 * event.landmarkError).toFixed(2)}%${similarity}, ${(event.milliseconds / 1000).toFixed(1)} s`;
  const files = Object.values(event.files).join(', ');
  const notes = event.warnings.map((warning) => `  note: ${warning}\n`).join('');
  return `${event.photo}${which} -> ${event.folder} (${files}; ${figures})\n${notes}`;
}

async function createBar(stream: NodeJS.WritableStream): Promise<SingleBar> {
  const { default: progress } = await import('cli-progress');
  return new progress.SingleBar({
    stream,
    format: '{bar} {percentage}% | {photo} | {stage} {loss} | {eta_formatted} left',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    linewrap: null,
    gracefulExit: false,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    // Photos take about the same time each: the rate over the last few updates is the best guess there is.
    etaBuffer: 12,
  });
}
