// A protobuf reader for files from anywhere: every length is checked before it is believed, unknown fields are skipped,
// and nothing is allocated that the file does not pay for in bytes. Large payloads are views of the file, not copies.
import { ImportError } from '../imported-model.ts';

const decoder = new TextDecoder();

/** Wire forms of protobuf; the deprecated groups (3 and 4) are refused. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Nested messages beyond this are no model. */
const MAX_DEPTH = 64;

/**
 * Reads one message, field by field: `while (reader.next()) switch (reader.field) …`. Each case takes the value with
 * the method of its type, or leaves it: what was not taken is skipped.
 */
export class ProtobufReader {
  /** Number of the current field. */
  field = 0;
  private wire = 0;
  /** The current field's value was taken. */
  private taken = true;
  private at: number;
  private readonly bytes: Uint8Array;
  private readonly end: number;
  private readonly depth: number;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length, depth = 0) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.depth = depth;
  }

  /** Advances to the next field; false at the end of the message. */
  next(): boolean {
    if (!this.taken) this.skip();
    if (this.at >= this.end) return false;
    const tag = this.varint();
    this.wire = tag % 8;
    this.field = Math.floor(tag / 8);
    if (this.field === 0 || this.field > 0x1fff_ffff) this.fail(`has a field numbered ${this.field}`);
    this.taken = false;
    return true;
  }

  /** int32, int64 or enum as a number (rounded to 53 bits: extents and axes beyond that mean "to the end"). */
  integer(): number {
    this.expect(WIRE.varint);
    return this.signed();
  }

  float(): number {
    this.expect(WIRE.fixed32);
    return this.view(4).getFloat32(0, true);
  }

  string(): string {
    return decoder.decode(this.payload());
  }

  /** A view of the bytes of a length-delimited field. */
  payload(): Uint8Array {
    this.expect(WIRE.bytes);
    return this.block(this.length());
  }

  /** A reader of a nested message. */
  message(): ProtobufReader {
    this.expect(WIRE.bytes);
    if (this.depth >= MAX_DEPTH) this.fail(`nests messages deeper than ${MAX_DEPTH}`);
    const length = this.length();
    const start = this.at;
    this.at += length;
    return new ProtobufReader(this.bytes, start, start + length, this.depth + 1);
  }

  /** Repeated integers, packed or one by one, appended to `into`. */
  integers(into: number[]): void {
    if (this.wire !== WIRE.bytes) {
      into.push(this.integer());
      return;
    }
    const inner = this.message();
    while (inner.at < inner.end) into.push(inner.signed());
  }

  /** Repeated floats, packed or one by one, appended to `into`. */
  floats(into: number[]): void {
    if (this.wire !== WIRE.bytes) {
      into.push(this.float());
      return;
    }
    const packed = this.payload();
    if (packed.length % 4 !== 0) this.fail('has packed floats of a broken length');
    const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
    for (let at = 0; at < packed.length; at += 4) into.push(view.getFloat32(at, true));
  }

  /** Repeated scalars of the given wire form as the bytes of their packed form, appended to `into`. */
  packed(wire: number, into: PackedBytes): void {
    if (this.wire === WIRE.bytes) {
      into.append(this.payload());
      return;
    }
    this.expect(wire);
    const start = this.at;
    if (wire === WIRE.varint) this.varint();
    else this.block(wire === WIRE.fixed32 ? 4 : 8);
    into.append(this.bytes.subarray(start, this.at));
  }

  private skip(): void {
    this.taken = true;
    switch (this.wire) {
      case WIRE.varint:
        this.varint();
        break;
      case WIRE.fixed64:
        this.block(8);
        break;
      case WIRE.bytes:
        this.block(this.length());
        break;
      case WIRE.fixed32:
        this.block(4);
        break;
      default:
        this.fail(`has a field of wire type ${this.wire}`);
    }
  }

  private expect(wire: number): void {
    if (this.wire !== wire) {
      this.fail(`has field ${this.field} in wire type ${this.wire} where ${wire} was expected`);
    }
    this.taken = true;
  }

  private length(): number {
    const length = this.varint();
    if (length > this.end - this.at) {
      this.fail(`ends inside field ${this.field}: ${length} bytes announced, ${this.end - this.at} left`);
    }
    return length;
  }

  private block(length: number): Uint8Array {
    if (length > this.end - this.at) this.fail(`ends inside field ${this.field}`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  private view(length: number): DataView {
    const block = this.block(length);
    return new DataView(block.buffer, block.byteOffset, length);
  }

  /** An unsigned varint as a number; beyond 53 bits it is rounded. */
  private varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      if (this.at >= this.end) this.fail(`ends inside a number at byte ${this.at}`);
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    return this.fail(`has a number of more than ten bytes at byte ${this.at}`);
  }

  /** A varint in two's complement: exact from -2^53 to 2^53. */
  private signed(): number {
    const start = this.at;
    const value = this.varint();
    if (value < 2 ** 53) return value;
    return Number(varintBigInt(this.bytes, start, this.at));
  }

  private fail(what: string): never {
    throw new ImportError(`importOnnx: the file is not a whole ONNX model: it ${what}`);
  }
}

/** The signed 64-bit number of the varint in `bytes[start, end)`. */
export function varintBigInt(bytes: Uint8Array, start: number, end: number): bigint {
  let value = 0n;
  for (let at = end - 1; at >= start; at--) value = (value << 7n) | BigInt(bytes[at] & 0x7f);
  return BigInt.asIntN(64, value);
}

/** Bytes gathered from the pieces of a repeated field; a single large piece stays a view of the file. */
export class PackedBytes {
  private buffer: Uint8Array = new Uint8Array(0);
  private used = 0;

  append(piece: Uint8Array): void {
    if (this.used === 0) {
      this.buffer = piece;
      this.used = piece.length;
      return;
    }
    if (this.used + piece.length > this.buffer.length || this.isView) {
      const grown = new Uint8Array(Math.max(this.used * 2, this.used + piece.length));
      grown.set(this.bytes);
      this.buffer = grown;
    }
    this.buffer.set(piece, this.used);
    this.used += piece.length;
  }

  private get isView(): boolean {
    return this.buffer.length !== this.buffer.buffer.byteLength;
  }

  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.used);
  }
}
