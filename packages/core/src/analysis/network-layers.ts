/**
 * What is looked at inside a network nobody described: its intermediate activations, found in the traced graph itself.
 */
import { constantData, type Tensor } from '@likeness/graph';

/** Operations that end a layer of a network without residual sums (ReLU is a clip). */
const ACTIVATIONS: ReadonlySet<string> = new Set(['clip', 'prelu', 'leakyRelu', 'elu', 'selu', 'tanh']);

/** Fewer residual sums than this do not make a residual network. */
const RESIDUAL_BLOCKS = 3;

/**
 * Intermediate activations between an image and what was computed of it: the sums at the end of residual blocks, or, where
 * there are none, what activation functions (or else convolutions) give. Maps [n, C, h, w] only, first layer first.
 * @returns by name: `block1`, `block2`, ... or `layer1`, ...
 */
export function intermediateActivations(image: Tensor, output: Tensor): Record<string, Tensor> {
  const path = tensorsBetween(image, output).filter(
    ({ rank, shape }) => rank === 4 && shape[0] === image.shape[0],
  );
  const sums = path.filter(
    ({ node, shape }) =>
      node.operation === 'add' &&
      node.inputs.every((input) => !constantData(input) && input.shape.join() === shape.join()),
  );
  const residual = sums.length >= RESIDUAL_BLOCKS;
  const made = (holds: (operation: string) => boolean): Tensor[] =>
    path.filter(({ node }) => holds(node.operation));
  const activated = made((operation) => ACTIVATIONS.has(operation));
  const layers = residual
    ? sums
    : activated.length > 0
      ? activated
      : made((operation) => operation === 'conv2d');
  return Object.fromEntries(layers.map((tensor, i) => [`${residual ? 'block' : 'layer'}${i + 1}`, tensor]));
}

/** The operations that an image meets before anything mixes its pixels: what normalises it. */
export function operationsBeforeMixing(image: Tensor, output: Tensor): string[] {
  const path = tensorsBetween(image, output);
  const mixes = path.findIndex(({ node }) => /^(conv|matmul|gemm|.*[pP]ool)/.test(node.operation));
  return path.slice(0, mixes < 0 ? path.length : mixes).map(({ node }) => node.operation);
}

/** Every tensor on a way from `from` to `to`, each after the ones it is computed from; `from` itself is left out. */
function tensorsBetween(from: Tensor, to: Tensor): Tensor[] {
  const reaches = new Map<Tensor, boolean>([[from, true]]);
  const order: Tensor[] = [];
  const stack = [to];
  const open = new Set<Tensor>();
  while (stack.length > 0) {
    const tensor = stack[stack.length - 1];
    if (reaches.has(tensor)) {
      stack.pop();
      continue;
    }
    const { inputs } = tensor.node;
    if (!open.has(tensor)) {
      open.add(tensor);
      // Reversed, so that the first operand is walked first.
      for (const input of inputs.toReversed()) if (!reaches.has(input)) stack.push(input);
      continue;
    }
    stack.pop();
    const found = inputs.some((input) => reaches.get(input) === true);
    reaches.set(tensor, found);
    if (found) order.push(tensor);
  }
  return order;
}
