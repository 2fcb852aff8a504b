// A protobuf writer of the four wire forms that ONNX uses. Writing our own (80 lines) keeps the package free of a
// runtime dependency; nested messages are written into parts and joined once, so weights are copied a single time.

const encoder = new TextEncoder();

/** Writes protobuf fields in order; `finish` joins them. */
export class ProtobufWriter {
  private readonly parts: Uint8Array[] = [];
  private length = 0;

  private push(part: Uint8Array): void {
    this.parts.push(part);
    this.length += part.length;
  }

  private pushVarint(value: number | bigint): void {
    // int64 fields are two's complement in ten bytes when negative.
    let rest = BigInt.asUintN(64, BigInt(value));
    const bytes: number[] = [];
    while (rest > 0x7fn) {
      bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.push(Uint8Array.from(bytes));
  }

  private pushTag(field: number, wireType: number): void {
    this.pushVarint((field << 3) | wireType);
  }

  /** int32, int64 or enum. */
  varint(field: number, value: number | bigint): this {
    this.pushTag(field, 0);
    this.pushVarint(value);
    return this;
  }

  /** Repeated integers, one tag each (readers accept this for packed fields too). */
  varints(field: number, values: readonly number[]): this {
    for (const value of values) this.varint(field, value);
    return this;
  }

  /** float (fixed32). */
  float(field: number, value: number): this {
    this.pushTag(field, 5);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.push(bytes);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.pushTag(field, 2);
    this.pushVarint(value.length);
    this.push(value);
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value));
  }

  /** A nested message. */
  message(field: number, write: (writer: ProtobufWriter) => void): this {
    const nested = new ProtobufWriter();
    write(nested);
    this.pushTag(field, 2);
    this.pushVarint(nested.length);
    for (const part of nested.parts) this.parts.push(part);
    this.length += nested.length;
    return this;
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.length);
    let offset = 0;
    for (const part of this.parts) {
      out.set(part, offset);
      offset += part.length;
    }
    return out;
  }
}
