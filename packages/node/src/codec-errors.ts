/** Why a photo could not be read, as a class a caller can branch on (the command line's exit code 2). */

/** The file or the bytes are not a photo that can be used. The message is one sentence with the file's name and what to do. */
export class UnreadablePhotoError extends Error {
  override readonly name = 'UnreadablePhotoError';
  /** The path, or `the given bytes`. */
  readonly source: string;

  constructor(source: string, reason: string, options?: ErrorOptions) {
    super(`${source} ${reason}`, options);
    this.source = source;
  }
}
