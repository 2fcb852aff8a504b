// Activations that TF.js fuses into convolutions and matrix products.
import { ImportError } from '../imported-model.ts';
import { clip, elu, leakyRelu, prelu, relu } from '../ops/activation.ts';
import { sigmoid, tanh } from '../ops/unary.ts';
import type { TfAttributes } from './graph-def.ts';
import { mapTogether, type Value } from './layout.ts';

/** Applies the fused activation (none or one); `extra` holds PReLU's slope. */
export function activate(
  x: Value,
  names: readonly string[],
  extra: readonly Value[],
  attributes: TfAttributes,
): Value {
  if (extra.length !== (names[0] === 'Prelu' ? 1 : 0)) {
    throw new ImportError(
      `expected ${names[0] === 'Prelu' ? 'one slope' : 'no further inputs'} for fused operations [${names.join(', ')}], received ${extra.length}`,
    );
  }
  if (names.length > 1)
    throw new ImportError(`expected at most one fused activation, received ${names.join(', ')}`);
  switch (names[0]) {
    case undefined:
    case 'Linear':
      return x;
    case 'Relu':
      return x.map(relu);
    case 'Relu6':
      return x.map((tensor) => clip(tensor, 0, 6));
    case 'Elu':
      return x.map((tensor) => elu(tensor));
    case 'Sigmoid':
      return x.map(sigmoid);
    case 'Tanh':
      return x.map(tanh);
    case 'LeakyRelu':
      return x.map((tensor) => leakyRelu(tensor, attributes.float('leakyrelu_alpha', 0.2)));
    case 'Prelu':
      return mapTogether([x, extra[0]], prelu);
    default:
      throw new ImportError(`fused activation ${names[0]} is not supported`);
  }
}
