/** A benchmark's findings as plain data: the terminal, the HTML page and docs/results.md print the same tables. */

export interface ReportTable {
  readonly caption: string;
  readonly columns: readonly string[];
  /** The first cell names the row. */
  readonly rows: readonly (readonly string[])[];
  /** Left off the terminal, such as one row a subject. */
  readonly detail?: boolean;
}

/** A picture with what it shows; PNG or SVG. */
export interface ReportPicture {
  readonly caption: string;
  readonly mimeType: 'image/png' | 'image/svg+xml' | 'image/jpeg';
  readonly data: Uint8Array | string;
}

export interface Report {
  readonly title: string;
  /** One paragraph each: what was measured on what, and what the figures must not be compared with. */
  readonly about: readonly string[];
  readonly tables: readonly ReportTable[];
  readonly pictures: readonly ReportPicture[];
}
