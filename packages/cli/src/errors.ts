/**
 * Faults a user can mend, and how any fault becomes one sentence and an exit code. Errors of the libraries below are
 * told apart by name, so that help and version need not load them.
 */
import { EXIT } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';

/** Bad usage: a wrong option, an output that cannot be written. The message is one sentence with advice. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Names of the error classes that mean: the input cannot be used. */
const INPUT_ERRORS: ReadonlySet<string> = new Set([
  'UsageError',
  'UnreadablePhotoError',
  'ModelFileError',
  'IdentityNetworkError',
  'DeviceError',
  'BenchInputError',
]);

export interface Fault {
  readonly code: ExitCode;
  /** One sentence. */
  readonly message: string;
}

/** What a fault means for the user. */
export function faultOf(error: unknown): Fault {
  if (!(error instanceof Error))
    return { code: EXIT.internal, message: `Something unknown was thrown: ${String(error)}.` };
  if (error.name === 'NoFaceError') return { code: EXIT.noFace, message: error.message };
  if (INPUT_ERRORS.has(error.name)) return { code: EXIT.usage, message: error.message };
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC')
    return {
      code: EXIT.usage,
      message: 'The disk is full: free some space or choose another folder with -o.',
    };
  return {
    code: EXIT.internal,
    message: `Internal fault: ${error.message.split('\n')[0]} (run again with --debug for where, and please report it).`,
  };
}

/** The trace with its causes, for --debug. */
export function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by: ${traceOf(error.cause)}`;
}
