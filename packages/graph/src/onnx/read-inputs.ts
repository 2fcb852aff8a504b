// What an ONNX file asks for, as it declares it: importing settles open extents, and a caller who has to choose them must see
// them first.
import { ImportError } from '../imported-model.ts';
import { decodeModel } from './decode.ts';

/** An input of an ONNX file as declared. */
export interface OnnxInput {
  readonly name: string;
  /** A number, or the symbol of an extent that is open: `options.dimensions` of `importOnnx` takes it. Undefined where the file says nothing. */
  readonly shape: readonly (number | string)[] | undefined;
}

/**
 * Inputs of an ONNX model that are not initialised by the file, with the extents that it leaves open.
 * @param bytes the `.onnx` file
 */
export function readOnnxInputs(bytes: Uint8Array): OnnxInput[] {
  if (!((bytes as unknown) instanceof Uint8Array)) {
    throw new TypeError('readOnnxInputs: expected the bytes of the file as a Uint8Array');
  }
  const { graph } = decodeModel(bytes);
  const initialised = new Set(graph.initializers.map(({ name }) => name));
  return graph.inputs
    .filter(({ name }) => !initialised.has(name))
    .map(({ name, kind, shape }) => {
      if (kind !== 'tensor')
        throw new ImportError(`readOnnxInputs: input '${name}' is a ${kind}, expected a tensor`);
      return {
        name,
        // The same symbols as importOnnx: an extent without a name is called `input:axis`.
        shape: shape?.map((extent, axis) =>
          (typeof extent === 'number' && extent >= 0) || (typeof extent === 'string' && extent !== '')
            ? extent
            : `${name}:${axis}`,
        ),
      };
    });
}
