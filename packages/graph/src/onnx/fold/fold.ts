// Evaluates small constant parts of a graph in TypeScript. Exporters compute shapes with the graph's own operations
// (Shape, Gather, Mul, Concat, …); with static extents these are constants, and operations that take a shape need
// their numbers now. Large constants are left alone: runtimes fold weights themselves.
import type { TypedArray } from '../../dtype.ts';
import { constant, constantOperation } from '../../ops/input.ts';
import type { Tensor } from '../../tensor.ts';
import { topologicalOrder } from '../../trace.ts';
import { ELEMENTWISE_RULES } from './elementwise.ts';
import { MOVEMENT_RULES } from './movement.ts';
import type { Folded, Rule } from './rule.ts';

const RULES: ReadonlyMap<string, Rule> = new Map([...ELEMENTWISE_RULES, ...MOVEMENT_RULES]);

/** Constants with more elements are left to the runtime. */
export const FOLD_LIMIT = 65_536;

/**
 * The same tensors, each replaced by a constant where it is small and everything below it is constant and known to the
 * rules. The graph below must be short: it is walked to its leaves.
 */
export function foldConstants(tensors: readonly Tensor[]): readonly Tensor[] {
  if (tensors.every((tensor) => tensor.node.operation === constantOperation.name)) return tensors;
  const known = new Map<Tensor, Folded>();
  for (const node of topologicalOrder(tensors)) {
    const [output] = node.outputs;
    if (node.operation === constantOperation.name) {
      const { data } = node.attributes as { readonly data: TypedArray };
      known.set(output, { shape: output.shape, dtype: output.dtype, data });
      continue;
    }
    const inputs = node.inputs.map((input) => known.get(input));
    const rule = RULES.get(node.operation);
    if (!rule || output.size > FOLD_LIMIT || !inputs.every((input) => input !== undefined)) continue;
    const data = rule(node.attributes, inputs, output);
    if (data) known.set(output, { shape: output.shape, dtype: output.dtype, data });
  }
  return tensors.map((tensor) => {
    const folded = known.get(tensor);
    return folded ? constant(folded.data, folded.shape, folded.dtype) : tensor;
  });
}
