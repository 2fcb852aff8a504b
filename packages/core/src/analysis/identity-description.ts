/**
 * The small JSON beside an identity network's ONNX file: what the file itself cannot say. Everything in it may be left out;
 * `arcFaceNetwork` then guesses from the graph and says what it guessed.
 */

/** An identity network's file or description cannot be used; the message says what to change. */
export class IdentityNetworkError extends Error {
  override readonly name: string = 'IdentityNetworkError';
}

/** How the face is brought into the network's square. */
export type FaceAlignment =
  /** The standard five-point similarity of ArcFace. */
  | 'arcface'
  /** Eyes level, square around the landmarks: FaceRes' own crop. */
  | 'box'
  /** Five points of its own: eye, eye, nose tip, mouth corner, mouth corner from image left, pixels as OpenCV counts them. */
  | readonly (readonly [number, number])[];

export interface IdentityNetworkDescription {
  readonly name?: string;
  /** Side of the square input in pixels. */
  readonly sizePx?: number;
  readonly layout?: 'nchw' | 'nhwc';
  readonly channels?: 'rgb' | 'bgr';
  /** The network gets (v - mean) / std of 8-bit values v: one number, or one a channel in the order of `channels`. */
  readonly mean?: number | readonly number[];
  readonly std?: number | readonly number[];
  readonly alignment?: FaceAlignment;
  /** Side of the square relative to the landmarks' box, for `box`. */
  readonly cropScale?: number;
  /** Output that is the embedding, by name. */
  readonly output?: string;
  /** Values whose differences make the content loss, by name. */
  readonly activations?: readonly string[];
  /** Words for whoever reads the file; not used. */
  readonly licence?: string;
  readonly source?: string;
}

/** Optional first line of the JSON: other formats of the future are told apart by it. */
export const IDENTITY_NETWORK_FORMAT = 'likeness-identity-network/1';

const KEYS = [
  'format',
  'name',
  'sizePx',
  'layout',
  'channels',
  'mean',
  'std',
  'alignment',
  'cropScale',
  'output',
  'activations',
  'licence',
  'source',
] as const;

/**
 * Checks a parsed JSON file.
 * @throws IdentityNetworkError naming the key that is wrong and what it should be
 */
export function readIdentityDescription(json: unknown): IdentityNetworkDescription {
  const fail = (key: string, expected: string, value: unknown): never => {
    throw new IdentityNetworkError(
      `The identity network's JSON is wrong: "${key}" should be ${expected}, but is ${JSON.stringify(value)}.`,
    );
  };
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new IdentityNetworkError("The identity network's JSON is wrong: it should be one object { .. }.");
  const given = json as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(given))
    if (!KEYS.some((known) => known === key))
      throw new IdentityNetworkError(
        `The identity network's JSON is wrong: "${key}" is no key of it; there are ${KEYS.join(', ')}.`,
      );
  const check = (key: (typeof KEYS)[number], expected: string, holds: (value: unknown) => boolean): void => {
    const value = given[key];
    if (value !== undefined && !holds(value)) fail(key, expected, value);
  };
  const finite = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
  const positive = (value: unknown): boolean => finite(value) && value > 0;
  const oneOrThree =
    (holds: (value: unknown) => boolean) =>
    (value: unknown): boolean =>
      Array.isArray(value) ? value.length === 3 && value.every(holds) : holds(value);
  const text = (value: unknown): boolean => typeof value === 'string' && value !== '';

  check('format', `"${IDENTITY_NETWORK_FORMAT}"`, (value) => value === IDENTITY_NETWORK_FORMAT);
  for (const key of ['name', 'output', 'licence', 'source'] as const) check(key, 'a text', text);
  check(
    'sizePx',
    'a whole number of pixels from 16 to 1024',
    (value) => Number.isInteger(value) && (value as number) >= 16 && (value as number) <= 1024,
  );
  check('layout', '"nchw" or "nhwc"', (value) => value === 'nchw' || value === 'nhwc');
  check('channels', '"rgb" or "bgr"', (value) => value === 'rgb' || value === 'bgr');
  check('mean', 'one number, or three', oneOrThree(finite));
  check('std', 'one positive number, or three', oneOrThree(positive));
  check('cropScale', 'a positive number', positive);
  check(
    'alignment',
    '"arcface", "box" or five [x, y]',
    (value) =>
      value === 'arcface' ||
      value === 'box' ||
      (Array.isArray(value) &&
        value.length === 5 &&
        value.every((point) => Array.isArray(point) && point.length === 2 && point.every(finite))),
  );
  check(
    'activations',
    'a list of names',
    (value) => Array.isArray(value) && value.length > 0 && value.every(text),
  );
  if ((given['mean'] === undefined) !== (given['std'] === undefined))
    throw new IdentityNetworkError(
      'The identity network\'s JSON is wrong: "mean" and "std" belong together, give both or neither.',
    );
  return given;
}
