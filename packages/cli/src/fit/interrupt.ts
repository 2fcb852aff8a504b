/** Ctrl-C and SIGTERM: what is not committed is removed, and the exit code says so. */
import { EXIT } from '../exit-codes.ts';
import { discardStaging } from './output-folder.ts';

/**
 * Listens until the returned function is called.
 * @param before runs first, such as removing the progress bar
 */
export function removeOnSignal(before: () => void): () => void {
  const stop = (code: number) => (): void => {
    before();
    discardStaging();
    process.stderr.write(
      'likeness: stopped; folders that were finished are kept, nothing is half-written.\n',
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
