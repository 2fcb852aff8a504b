/** A model file that cannot be used: truncated, of another format, or with contents that contradict each other. */
export class ModelFileError extends Error {
  override readonly name: string = 'ModelFileError';
}
