// Inputs that TF.js computes at run time but static shapes need now: axes, paddings, sizes.
import { ImportError } from '../imported-model.ts';
import type { Value } from './layout.ts';

/** The numbers of a constant input; `what` names them in the error. */
export function expectNumbers(value: Value | undefined, what: string): number[] {
  const numbers = value?.numbers();
  if (!numbers) throw new ImportError(`expected constant ${what}`);
  return numbers;
}
