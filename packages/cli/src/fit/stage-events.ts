/** The library's events as the command reports them, with the time left. */
import type { LikenessFitOptions } from '@likeness/node';
import type { Reporter } from './reporter.ts';

/** Share of a head's work from which on the time left is worth saying. */
const ENOUGH = 0.05;

/** @param photo what the events call it */
export function stageReporter(
  reporter: Reporter,
  photo: string,
  now: () => number = () => performance.now(),
): NonNullable<LikenessFitOptions['onEvent']> {
  let began = now();
  return async (event) => {
    // Each face of a photo begins at 0 anew.
    if (event.fraction === 0) began = now();
    const seconds = (now() - began) / 1000;
    const secondsLeft = event.fraction < ENOUGH ? undefined : seconds * (1 / event.fraction - 1);
    reporter.report({
      event: 'stage',
      photo,
      ...event,
      ...(secondsLeft === undefined ? {} : { secondsLeft: Math.round(10 * secondsLeft) / 10 }),
    });
    // The stages are synchronous: this is where signals and the terminal get their turn.
    await new Promise(setImmediate);
  };
}
