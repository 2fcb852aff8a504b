/** How much of the joint fit's work lies behind after a share of its steps: steps that ask the network take much longer. */
import { NETWORK_LOSSES, type Stage } from '../fitting/joint/index.ts';

/** A step with the network, in steps without (measured with the standard preset). */
const NETWORK_STEP = 5;

/**
 * @param fraction of all stages' steps that are done, 0..1
 * @returns share of the work, 0..1, non-decreasing
 */
export function workBehind(stages: readonly Stage[], fraction: number): number {
  const steps = stages.reduce((sum, stage) => sum + stage.steps, 0);
  let left = fraction * steps;
  let [done, total] = [0, 0];
  for (const stage of stages) {
    const network = NETWORK_LOSSES.some((loss) => (stage.losses[loss] ?? 0) !== 0);
    const cost = network ? NETWORK_STEP : 1;
    const taken = Math.min(Math.max(left, 0), stage.steps);
    done += cost * taken;
    total += cost * stage.steps;
    left -= stage.steps;
  }
  return total > 0 ? done / total : 1;
}
