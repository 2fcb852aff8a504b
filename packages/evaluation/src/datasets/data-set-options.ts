/** What the commands of the three data sets have in common. */
import type { PresetName } from '@likeness/core/pipeline';

export interface DataSetOptions {
  /** The data set in its own layout. */
  readonly data: string;
  /** Meshes to judge, in the layout the data set's own tools read; or `fit`. */
  readonly predictions?: string;
  /** Fit the data set's photographs instead. */
  readonly fit?: boolean;
  readonly preset?: PresetName;
}

/** An item that could not be judged: counted, never averaged. */
export interface FailedItem {
  readonly status: 'failed';
  readonly id: string;
  readonly message: string;
}

/** Errors that belong to one item alone: a photo without a face, a prediction that is missing or broken. */
export function failedItem(id: string, error: unknown): FailedItem {
  const { name, message } = error as Error;
  if (name !== 'NoFaceError' && name !== 'BenchInputError' && name !== 'UnreadablePhotoError') throw error;
  return { status: 'failed', id, message };
}
