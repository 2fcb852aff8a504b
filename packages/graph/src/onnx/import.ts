// ONNX model -> a function of tensors: reads the file, checks its structure, settles its inputs. What its nodes compute is
// evaluate.ts's business, and happens only for the values that are asked for.
import { isArrayOf, onnxDataType, type TypedArray } from '../dtype.ts';
import { ImportError, type ImportedModel } from '../imported-model.ts';
import type { Tensor } from '../tensor.ts';
import { CONVERTERS } from './converters/index.ts';
import { decodeModel } from './decode.ts';
import { evaluate, type Frame, type Library } from './evaluate.ts';
import { externalBytes } from './external-data.ts';
import { checkedSize, elementName, expectEngineType } from './host-tensor.ts';
import { resolveInputs } from './inputs.ts';
import type { GraphProto } from './proto.ts';
import { checkGraph } from './structure.ts';
import { OnnxValue } from './value.ts';

/** Options of `importOnnx`. */
export interface ImportOnnxOptions {
  /** Bytes of the files beside the model that hold its weights, by the location that the model names. */
  readonly externalData?: Readonly<Record<string, Uint8Array>> | undefined;
  /**
   * Values of the symbolic extents of inputs, by symbol; `input:axis` for one without a name. A symbol that is some
   * input's first extent (the batch) is 1 by default, any other must be given.
   */
  readonly dimensions?: Readonly<Record<string, number>> | undefined;
  /** Inputs that become constants, because shapes depend on their values (the target of a Reshape, the k of a TopK). */
  readonly constants?: Readonly<Record<string, TypedArray>> | undefined;
}

/** Versions of ONNX's operator set that are understood. */
export const OPSETS: { readonly oldest: number; readonly newest: number } = { oldest: 1, newest: 26 };

/** ONNX operations that can be imported, sorted. */
export function listOnnxOperations(): string[] {
  return ['Constant', 'If', ...CONVERTERS.keys()].sort();
}

/**
 * Reads an ONNX model.
 * @param bytes the `.onnx` file; weights stay views of it where they are aligned
 */
export function importOnnx(bytes: Uint8Array, options: ImportOnnxOptions = {}): ImportedModel {
  // JavaScript callers pass what they have; an ArrayBuffer would read as an empty file.
  if (!((bytes as unknown) instanceof Uint8Array)) {
    throw new TypeError('importOnnx: expected the bytes of the file as a Uint8Array');
  }
  const model = decodeModel(bytes);
  const version = model.opsets.get('');
  if (version !== undefined && (version < OPSETS.oldest || version > OPSETS.newest)) {
    throw new ImportError(
      `importOnnx: expected an operator set from ${OPSETS.oldest} to ${OPSETS.newest}, received ${version}`,
    );
  }
  const graph = checkGraph(model.graph, externalBytes(options.externalData ?? {}));
  const given = readGiven(model.graph, options.constants ?? {});
  const infos = model.graph.inputs.filter(({ name }) => !graph.constants.has(name) && !given.has(name));
  const inputs = resolveInputs(infos, options.dimensions ?? {});
  const outputNames = [...graph.outputs];
  if (outputNames.length === 0) throw new ImportError('importOnnx: the model has no outputs');
  const types = new Map(model.graph.outputs.map(({ name, dataType }) => [name, dataType]));
  const library: Library = { functions: model.functions, bodies: new Map() };

  return {
    inputs,
    outputNames,
    nodeNames: [...graph.producers.keys()],
    apply(tensors, wanted = outputNames) {
      const frame: Frame = {
        graph,
        opsets: model.opsets,
        values: new Map(given),
        parent: undefined,
        attributes: undefined,
        inner: new Map(),
        depth: 0,
      };
      for (const { name, dtype, shape } of inputs) {
        const tensor: Tensor | undefined = tensors[name];
        if (!tensor) continue;
        if (tensor.dtype !== dtype || tensor.rank !== shape.length) {
          throw new ImportError(
            `importOnnx: expected ${dtype}[${shape.join(',')}] as input '${name}', received ${tensor.toString()}`,
          );
        }
        frame.values.set(name, OnnxValue.of(tensor));
      }
      for (const name of wanted) {
        if (!graph.producers.has(name) && !graph.inputs.has(name) && !graph.constants.has(name)) {
          throw new ImportError(`importOnnx: the model has no value '${name}'`);
        }
      }
      evaluate(frame, wanted, library);
      return Object.fromEntries(wanted.map((name) => [name, outputOf(frame, name, types.get(name))]));
    },
  };
}

/** A computed value, of the element type that the file declares for it if it does. */
function outputOf(frame: Frame, name: string, declared = 0): Tensor {
  const value = frame.graph.constants.get(name) ?? frame.values.get(name);
  if (!value) throw new ImportError(`importOnnx: value '${name}' is not computed`);
  expectEngineType(value.dataType, `importOnnx: value '${name}'`);
  if (declared !== 0 && declared !== value.dataType) {
    throw new ImportError(
      `importOnnx: output '${name}' is declared as ${elementName(declared)}, but computed as ${elementName(value.dataType)}`,
    );
  }
  return value.tensor;
}

/** Inputs that the caller made constant. */
function readGiven(
  graph: GraphProto,
  constants: Readonly<Record<string, TypedArray>>,
): Map<string, OnnxValue> {
  const given = new Map<string, OnnxValue>();
  for (const [name, data] of Object.entries(constants)) {
    const info = graph.inputs.find((input) => input.name === name);
    if (!info) throw new ImportError(`importOnnx: options.constants names '${name}', which is no input`);
    const what = `importOnnx: constant '${name}'`;
    const dtype = expectEngineType(info.dataType, what);
    if (!isArrayOf(dtype, data)) {
      throw new ImportError(`${what}: expected ${dtype}, received ${(data as object).constructor.name}`);
    }
    const known = (info.shape ?? []).map((extent) => (typeof extent === 'number' ? extent : -1));
    const shape = info.shape && known.every((extent) => extent >= 0) ? known : [data.length];
    if (checkedSize(shape, what) !== data.length) {
      throw new ImportError(`${what}: expected shape [${shape.join(',')}], received ${data.length} values`);
    }
    const dataType = onnxDataType(dtype);
    given.set(
      name,
      OnnxValue.host(shape, dataType, () => ({ shape, dataType, data })),
    );
  }
  return given;
}
