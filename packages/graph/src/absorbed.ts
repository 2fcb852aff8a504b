// Some operations look through the operand that they are given: they read what it was computed from, or take a constant's values
// into constants of their own. A derivative by such an operand would silently miss that path, so it is refused.
import type { Tensor } from './tensor.ts';

/** Operands that were looked through, with the name of the operation that did. */
const absorbed = new WeakMap<Tensor, string>();

/** Notes that the operation called `by` reads what is behind `x`, not `x`. */
export function absorb(x: Tensor, by: string): void {
  if (!absorbed.has(x)) absorbed.set(x, by);
}

/** Throws if one of the tensors was looked through. */
export function refuseAbsorbed(wrt: readonly Tensor[], what: string): void {
  for (const x of wrt) {
    const by = absorbed.get(x);
    if (by === undefined) continue;
    const remedy =
      x.node.inputs.length === 0
        ? 'make it an input, or an argument of grad'
        : 'let the operation read add(x, 0), and differentiate by that';
    throw new TypeError(
      `${what}: ${x.toString()} is merged into '${by}' and cannot be differentiated by; ${remedy}`,
    );
  }
}
