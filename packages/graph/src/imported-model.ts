// The form in which every importer hands over a network: a function of tensors with named intermediates.
import type { Tensor } from './tensor.ts';
import type { NamedTensorSpec } from './trace.ts';

/** A network read from a file. Call it inside any traced function, or give it to `compile` as it is. */
export interface ImportedModel {
  /** Inputs as the file declares them; an unknown batch extent is 1, any other unknown extent is -1. */
  readonly inputs: readonly NamedTensorSpec[];
  /** Names of the model's own outputs. */
  readonly outputNames: readonly string[];
  /** Names of all nodes; each can be asked for as an output. */
  readonly nodeNames: readonly string[];
  /** Computes outputs (the model's own by default, else nodes by name) from inputs by name. */
  apply(inputs: Readonly<Record<string, Tensor>>, outputNames?: readonly string[]): Record<string, Tensor>;
}

/** A model file could not be understood; the message says where. */
export class ImportError extends Error {
  override readonly name: string = 'ImportError';
}
