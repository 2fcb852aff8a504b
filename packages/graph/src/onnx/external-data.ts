// Weights that live in files beside the model. Files are handed in by the caller, this module reads none.
import { ImportError } from '../imported-model.ts';
import type { ExternalBytes } from './host-tensor.ts';

/** Finds the bytes of external tensors among `files`, by the location that the model gives. */
export function externalBytes(files: Readonly<Record<string, Uint8Array>>): ExternalBytes {
  return (external, length) => {
    const location = external.get('location') ?? '';
    const file = Object.hasOwn(files, location) ? files[location] : undefined;
    if (!file) {
      throw new ImportError(
        `importOnnx: weights are in the file '${location}', which was not given: ` +
          `pass its bytes as options.externalData['${location}']`,
      );
    }
    const offset = wholeNumber(external.get('offset') ?? '0', 'offset');
    const count = external.has('length') ? wholeNumber(external.get('length') ?? '', 'length') : length;
    if (count !== length) {
      throw new ImportError(
        `importOnnx: expected ${length} bytes for a tensor in '${location}', the model says ${count}`,
      );
    }
    if (offset + length > file.length) {
      throw new ImportError(
        `importOnnx: expected at least ${offset + length} bytes in '${location}', received ${file.length}`,
      );
    }
    return file.subarray(offset, offset + length);
  };
}

function wholeNumber(text: string, what: string): number {
  const value = Number(text);
  if (text === '' || !Number.isSafeInteger(value) || value < 0) {
    throw new ImportError(
      `importOnnx: expected a whole number as ${what} of external data, received '${text}'`,
    );
  }
  return value;
}
