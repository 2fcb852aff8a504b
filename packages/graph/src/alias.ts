// A second name of a value: what stands between "the argument" and "the tensor that happens to be passed". Derivatives
// by an argument must not see other arguments that were computed from it, or that are the same tensor.
import { applyOperation, type Operation, type Tensor } from './tensor.ts';

export const aliasOperation: Operation<null> = {
  name: 'alias',
  infer: ([x]) => [x],
  lower: (_, { names }) => [names[0]],
  vjp: ({ cotangents: [g] }) => [g],
};

/** The same value as a tensor of its own; costs nothing at run time. */
export function alias(x: Tensor): Tensor {
  return applyOperation(aliasOperation, [x], null)[0];
}
