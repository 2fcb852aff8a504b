/**
 * The safetensors container (huggingface/safetensors, format description in its README): 8 bytes of little-endian header
 * length, a JSON header, then the tensors' bytes without holes. Read and written here because it takes a page of code.
 */
import { ModelFileError } from './model-file-error.ts';

/** In every browser and in Node, but in none of the library files that core is built against (no DOM, no Node). */
declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean },
) => { decode(bytes: Uint8Array): string };

export type TensorData = Uint8Array | Int16Array | Uint16Array | Uint32Array | Float32Array;

export interface Tensor<Data extends TensorData = TensorData> {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Data;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const DTYPES = {
  U8: Uint8Array,
  I16: Int16Array,
  U16: Uint16Array,
  U32: Uint32Array,
  F32: Float32Array,
} as const;
type Dtype = keyof typeof DTYPES;

/** The format's own limit on the header. */
const MAX_HEADER_BYTES = 100_000_000;

/** Tensors are laid out widest type first, so that each starts on a multiple of its element size. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const order = [...tensors].sort(
    ([a, { data: x }], [b, { data: y }]) => y.BYTES_PER_ELEMENT - x.BYTES_PER_ELEMENT || (a < b ? -1 : 1),
  );
  const header: Record<string, unknown> = { __metadata__: metadata };
  let size = 0;
  for (const [name, { shape, data }] of order) {
    if (shape.reduce((a, b) => a * b, 1) !== data.length)
      throw new RangeError(
        `writeSafetensors: "${name}" has shape [${shape.join(', ')}] but ${data.length} elements.`,
      );
    header[name] = { dtype: dtypeOf(data), shape, data_offsets: [size, size + data.byteLength] };
    size += data.byteLength;
  }
  const unpadded = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(unpadded.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + size);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength);
  bytes.set(unpadded, 8);
  let offset = 8 + headerLength;
  for (const [, { data }] of order) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}

/**
 * Tensors are views into `bytes` where alignment allows, copies elsewhere.
 * @throws ModelFileError when the file is truncated or malformed
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  if (bytes.length < 8)
    throw new ModelFileError(`Not a safetensors file: it has only ${bytes.length} bytes.`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || length < 2)
    throw new ModelFileError('Not a safetensors file: its first eight bytes are no plausible header length.');
  if (8 + length > bytes.length)
    throw new ModelFileError(
      `The safetensors file is truncated: its header takes ${length} bytes, but only ${bytes.length - 8} follow.`,
    );
  const header = parseHeader(bytes.subarray(8, 8 + length));
  const body = bytes.subarray(8 + length);
  const tensors = new Map<string, Tensor>();
  const ranges: [start: number, end: number, name: string][] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, start, end } = checkEntry(name, value);
    if (end > body.length)
      throw new ModelFileError(
        `The safetensors file is truncated: tensor "${name}" ends at byte ${end} of ${body.length}.`,
      );
    tensors.set(name, { shape, data: typedView(dtype, body, start, end) });
    ranges.push([start, end, name]);
  }
  ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let covered = 0;
  for (const [start, end, name] of ranges) {
    if (start !== covered)
      throw new ModelFileError(`The safetensors file has a hole or an overlap before "${name}".`);
    covered = end;
  }
  if (covered !== body.length)
    throw new ModelFileError(
      `The safetensors file has ${body.length - covered} bytes after its last tensor.`,
    );
  return { tensors, metadata: checkMetadata(header['__metadata__']) };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ModelFileError('Not a safetensors file: its header is no valid JSON.');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw new ModelFileError('Not a safetensors file: its header is no JSON object.');
  return header as Record<string, unknown>;
}

function checkMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (
    typeof value !== 'object' ||
    value === null ||
    Object.values(value).some((text) => typeof text !== 'string')
  )
    throw new ModelFileError('The safetensors header is malformed: __metadata__ should map names to texts.');
  return value as Record<string, string>;
}

function checkEntry(
  name: string,
  value: unknown,
): { dtype: Dtype; shape: number[]; start: number; end: number } {
  const entry = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const dtype = entry['dtype'];
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPES, dtype))
    throw new ModelFileError(
      `Tensor "${name}" has dtype ${JSON.stringify(dtype)}; known are ${Object.keys(DTYPES).join(', ')}.`,
    );
  const { shape, data_offsets: offsets } = entry;
  if (!isCounts(shape)) throw new ModelFileError(`Tensor "${name}" has a malformed shape.`);
  if (!isCounts(offsets) || offsets.length !== 2)
    throw new ModelFileError(`Tensor "${name}" has malformed data_offsets.`);
  const [start, end] = offsets;
  const elements = shape.reduce((a, b) => a * b, 1);
  if (end - start !== elements * DTYPES[dtype as Dtype].BYTES_PER_ELEMENT)
    throw new ModelFileError(
      `Tensor "${name}" has ${end - start} bytes, but ${dtype} [${shape.join(', ')}] needs ${elements * DTYPES[dtype as Dtype].BYTES_PER_ELEMENT}.`,
    );
  return { dtype: dtype as Dtype, shape, start, end };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
}

function typedView(dtype: Dtype, body: Uint8Array, start: number, end: number): TensorData {
  const Type = DTYPES[dtype];
  const size = Type.BYTES_PER_ELEMENT;
  const aligned = (body.byteOffset + start) % size === 0;
  return aligned
    ? new Type(body.buffer as ArrayBuffer, body.byteOffset + start, (end - start) / size)
    : new Type(body.slice(start, end).buffer);
}

function dtypeOf(data: TensorData): Dtype {
  for (const [dtype, Type] of Object.entries(DTYPES)) if (data instanceof Type) return dtype as Dtype;
  throw new TypeError('writeSafetensors: the data is of no known type.');
}
