/** Tells when a stage's loss has stopped falling. The random views make it noisy, so windows are compared, not steps. */
import type { Plateau } from './stages.ts';

/**
 * @param losses total loss of each step so far
 * @returns whether the mean of the last `patience` steps is less than `tolerance` (relative) below that of the
 *   `patience` steps before them; false until there are twice as many
 */
export function onPlateau(losses: readonly number[], { patience, tolerance }: Plateau): boolean {
  if (losses.length < 2 * patience) return false;
  const mean = (end: number): number => {
    let sum = 0;
    for (let i = end - patience; i < end; i++) sum += losses[i];
    return sum / patience;
  };
  const last = mean(losses.length);
  const before = mean(losses.length - patience);
  return before - last < tolerance * Math.abs(before);
}
