/** What a model's manifest (the JSON beside its data) says: where it comes from, how it was made and how good it is. */

/** A work the model was made from. */
export interface ModelSource {
  readonly name: string;
  readonly url: string;
  readonly version: string;
  readonly licence: string;
  readonly copyright: string;
  readonly citation?: string;
  /** Lower-case hex of each input file, by file name. */
  readonly sha256?: Readonly<Record<string, string>>;
  /** What was taken from it. */
  readonly use: string;
}

export interface ModelManifest {
  /** `model-manifest/1`. */
  readonly format: string;
  readonly name: string;
  readonly version: string;
  readonly kind: string;
  readonly licence: string;
  readonly description: string;
  /** File name beside the manifest. */
  readonly file: string;
  readonly bytes: number;
  /** Lower-case hex of the file. */
  readonly sha256: string;
  /** The command that makes the file again. */
  readonly command: string;
  readonly sources: readonly ModelSource[];
  /** Measured figures; units in the names. */
  readonly figures: Readonly<Record<string, unknown>>;
}
