/** Runs the built command as a user would and collects what it says. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The executable. */
export const BIN: string = fileURLToPath(new URL('../bin/likeness.js', import.meta.url));

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** Called with each whole line of standard output and a way to send a signal. */
  readonly onLine?: (line: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** Runs as another user, where the test may. */
  readonly uid?: number;
  readonly cwd?: string;
  /** Replaces variables of the environment; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const child = spawn(process.execPath, [BIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: { ...process.env, ...options.env } }),
  });
  let stdout = '';
  let stderr = '';
  let seen = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    for (let end = stdout.indexOf('\n', seen); end >= 0; end = stdout.indexOf('\n', seen)) {
      options.onLine?.(stdout.slice(seen, end), (signal) => child.kill(signal));
      seen = end + 1;
    }
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}
