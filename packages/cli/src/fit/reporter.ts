/**
 * What the user sees of a run: a progress bar and plain lines on a terminal, plain lines elsewhere, or one JSON event
 * per line. Results go to standard output; the bar, warnings and errors go to standard error.
 */
import type { Fault } from '../errors.ts';
import { createBar } from './progress-bar.ts';

/** One line of `--json`. */
export type RunEvent =
  | {
      readonly event: 'start';
      readonly version: string;
      readonly photos: number;
      /** 1 where all photos make one head. */
      readonly heads?: number;
      readonly preset: string;
    }
  | { readonly event: 'photo'; readonly photo: string; readonly number: number; readonly of: number }
  | {
      readonly event: 'stage';
      readonly photo: string;
      readonly stage: string;
      /** Share of this photo's work that is done, 0..1. */
      readonly fraction: number;
      /** Median landmark error; of the joint fit's stages the weighted sum of their terms. */
      readonly loss?: number;
      /** Of the joint fit's stages: steps done, the most there will be, and each term before its weight. */
      readonly step?: number;
      readonly steps?: number;
      readonly losses?: Readonly<Record<string, number>>;
      /** Seconds until this head is done, once a twentieth of it is. */
      readonly secondsLeft?: number;
    }
  | {
      readonly event: 'head';
      readonly photo: string;
      readonly face: number;
      readonly folder: string;
      readonly files: Readonly<Record<string, string>>;
      /** The photos of a head that was fitted to several. */
      readonly photos?: readonly string[];
      readonly identitySimilarity: number | null;
      /** Of the landmark fit's head, where a joint fit followed. */
      readonly identitySimilarityBefore?: number;
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
  return {
    report(event) {
      switch (event.event) {
        case 'start':
          bar?.start(event.heads ?? event.photos);
          break;
        case 'photo':
          bar?.update(event.number - 1, { photo: event.photo, stage: 'reading', loss: '' });
          break;
        case 'stage':
          bar?.step(event.fraction, {
            stage: event.step === undefined ? event.stage : `${event.stage} ${event.step}/${event.steps}`,
            loss: event.loss === undefined ? '' : `loss ${event.loss.toPrecision(3)}`,
          });
          break;
        case 'head':
          bar?.hide();
          out.write(headLines(event));
          bar?.show();
          break;
        case 'error':
          bar?.hide();
          err.write(faultLine({ code: 1, message: event.message }));
          bar?.show();
          break;
        case 'end':
          bar?.hide();
          break;
      }
    },
    close() {
      bar?.hide();
    },
  };
}

function headLines(event: Extract<RunEvent, { event: 'head' }>): string {
  const which = event.face > 1 ? ` (face ${event.face})` : '';
  const similarity =
    event.identitySimilarity === null
      ? ''
      : event.identitySimilarityBefore === undefined
        ? `, identity ${event.identitySimilarity.toFixed(2)}`
        : `, identity ${event.identitySimilarityBefore.toFixed(2)} -> ${event.identitySimilarity.toFixed(2)}`;
  const figures = `landmarks ${(100 * event.landmarkError).toFixed(2)}%${similarity}, ${(event.milliseconds / 1000).toFixed(1)} s`;
  const files = Object.values(event.files).join(', ');
  const notes = event.warnings.map((warning) => `  note: ${warning}\n`).join('');
  return `${event.photo}${which} -> ${event.folder} (${files}; ${figures})\n${notes}`;
}
