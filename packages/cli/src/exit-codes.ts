/** The exit codes of every command, and which one wins when several photos end differently. */

export const EXIT = {
  done: 0,
  /** A fault of ours. */
  internal: 1,
  /** Bad usage, unreadable input, unwritable output. */
  usage: 2,
  /** The photo shows no face. */
  noFace: 3,
  /** Stopped by Ctrl-C (128 + SIGINT). */
  interrupted: 130,
  /** The reader of standard output closed it (128 + SIGPIPE), such as `| head`. */
  readerClosed: 141,
  /** Stopped by SIGTERM (128 + 15). */
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Most serious first: a fault of ours, then unreadable input, then no face. */
const PRIORITY: readonly ExitCode[] = [EXIT.internal, EXIT.usage, EXIT.noFace, EXIT.done];

/** The exit code of a run over several photos: the most serious one. */
export function worstExit(codes: readonly ExitCode[]): ExitCode {
  return PRIORITY.find((code) => codes.includes(code)) ?? EXIT.done;
}
