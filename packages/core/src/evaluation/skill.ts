/**
 * What part of the way from "any head" to "the best head the model has" a prediction goes. Millimetres alone flatter: after
 * registration the mean head is already near to everybody.
 */
import type { SkillInput } from './types.ts';

/**
 * skill = (mean head - ours) / (mean head - oracle): 0 for the mean head, 1 for the best in-model fit, negative for a
 * prediction worse than no prediction. All three errors by one protocol over the same heads.
 *
 * @returns NaN where the oracle is no better than the mean head: there is nothing to gain by that measure
 */
export function skill({ meanHeadMm, oursMm, oracleMm }: SkillInput): number {
  const room = meanHeadMm - oracleMm;
  return room > 0 ? (meanHeadMm - oursMm) / room : NaN;
}
