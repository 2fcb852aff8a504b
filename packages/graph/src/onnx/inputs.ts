// The inputs of an imported model: static shapes from declared extents, symbols and the caller's values.
import { ImportError } from '../imported-model.ts';
import type { NamedTensorSpec } from '../trace.ts';
import { checkedSize, expectEngineType } from './host-tensor.ts';
import type { ValueInfoProto } from './proto.ts';

/**
 * Shapes of the model's inputs. A symbolic extent has the value of `dimensions`; without one it is 1 if it is the first
 * of an input (the batch), else an error says how to give it. An extent without a name is called `input:axis`.
 */
export function resolveInputs(
  infos: readonly ValueInfoProto[],
  dimensions: Readonly<Record<string, number>>,
): NamedTensorSpec[] {
  const unused = new Set(Object.keys(dimensions));
  const symbols = new Set<string>();
  const leading = new Set<string>();
  for (const { name, shape } of infos) {
    shape?.forEach((extent, axis) => {
      const symbol = symbolOf(name, axis, extent);
      if (symbol === undefined) return;
      symbols.add(symbol);
      if (axis === 0) leading.add(symbol);
    });
  }
  const resolve = (name: string, axis: number, extent: number | string): number => {
    const symbol = symbolOf(name, axis, extent);
    if (symbol === undefined) return extent as number;
    unused.delete(symbol);
    const given = Object.hasOwn(dimensions, symbol) ? dimensions[symbol] : undefined;
    if (given !== undefined) return given;
    if (leading.has(symbol)) return 1;
    throw new ImportError(
      `importOnnx: input '${name}' has the unknown extent '${symbol}' at axis ${axis}: ` +
        `pass it as options.dimensions: { ${JSON.stringify(symbol)}: … }`,
    );
  };
  const specs = infos.map(({ name, kind, dataType, shape }) => {
    const what = `importOnnx: input '${name}'`;
    if (kind !== 'tensor') throw new ImportError(`${what} is a ${kind}, expected a tensor`);
    if (!shape) throw new ImportError(`${what} has no shape`);
    const dtype = expectEngineType(dataType, what);
    const extents = shape.map((extent, axis) => resolve(name, axis, extent));
    checkedSize(extents, what);
    return { name, shape: extents, dtype };
  });
  for (const symbol of unused) {
    throw new ImportError(
      `importOnnx: options.dimensions names '${symbol}', the model has ` +
        (symbols.size === 0 ? 'no unknown extents' : [...symbols].map((name) => `'${name}'`).join(', ')),
    );
  }
  return specs;
}

/** Name of an extent that the file leaves open, or undefined for a number. Negative numbers are open too. */
function symbolOf(input: string, axis: number, extent: number | string): string | undefined {
  if (typeof extent === 'number' && extent >= 0) return undefined;
  return typeof extent === 'string' && extent !== '' ? extent : `${input}:${axis}`;
}
