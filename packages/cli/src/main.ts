/** The executable: arguments in, exit code out. */
import { faultOf } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { discardStaging } from './fit/output-folder.ts';
import { run } from './program.ts';

// What cannot be printed ends the run: a reader that closed early (head, less) as SIGPIPE would, silently; anything else
// (a full disk behind a redirection) with a sentence.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  discardStaging();
  if (error.code === 'EPIPE') process.exit(EXIT.readerClosed);
  process.stderr.write(
    `likeness: Standard output cannot be written (${error.code ?? error.message}): check where it is redirected to.\n`,
  );
  process.exit(EXIT.usage);
});
// Nobody reads the messages; the results are still wanted.
process.stderr.on('error', () => undefined);
// Beyond run's own handling: whatever is thrown outside of it must not end as a trace with a hidden folder left behind.
process.on('uncaughtException', (error) => {
  discardStaging();
  process.stderr.write(`likeness: ${faultOf(error).message}\n`);
  process.exit(EXIT.internal);
});

process.exitCode = await run(process.argv.slice(2));
