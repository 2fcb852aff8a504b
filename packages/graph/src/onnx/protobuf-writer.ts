// A protobuf writer of the four wire forms that ONNX uses. Writing our own keeps the package free of a runtime
// dependency. Small fields are gathered in one growing buffer, large ones (weights) are only referred to until the
// end, so they are copied a single time; an array per field made the garbage collector a quarter of the time to
// compile.

const encoder = new TextEncoder();

/** Payloads from this size on are referred to instead of copied. */
const LARGE = 4096;

/** Writes protobuf fields in order; `finish` joins them. */
export class ProtobufWriter {
  /** What is complete, in order; the buffer's content comes after it. */
  private parts: Uint8Array[] = [];
  private partsLength = 0;
  private buffer: Uint8Array = new Uint8Array(64);
  private used = 0;

  private reserve(count: number): void {
    if (this.used + count <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.used + count));
    grown.set(this.buffer.subarray(0, this.used));
    this.buffer = grown;
  }

  private flush(): void {
    if (this.used === 0) return;
    this.parts.push(this.buffer.subarray(0, this.used));
    this.partsLength += this.used;
    this.buffer = new Uint8Array(64);
    this.used = 0;
  }

  private append(payload: Uint8Array): void {
    if (payload.length >= LARGE) {
      this.flush();
      this.parts.push(payload);
      this.partsLength += payload.length;
    } else {
      this.reserve(payload.length);
      this.buffer.set(payload, this.used);
      this.used += payload.length;
    }
  }

  private pushVarint(value: number | bigint): void {
    this.reserve(10);
    if (typeof value === 'number' && value >= 0 && value < 2 ** 31) {
      let rest = value;
      for (; rest > 0x7f; rest >>>= 7) this.buffer[this.used++] = (rest & 0x7f) | 0x80;
      this.buffer[this.used++] = rest;
      return;
    }
    // int64 fields are two's complement in ten bytes when negative.
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) this.buffer[this.used++] = Number(rest & 0x7fn) | 0x80;
    this.buffer[this.used++] = Number(rest);
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
    this.reserve(4);
    new DataView(this.buffer.buffer).setFloat32(this.used, value, true);
    this.used += 4;
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.pushTag(field, 2);
    this.pushVarint(value.length);
    this.append(value);
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
    this.pushVarint(nested.partsLength + nested.used);
    for (const part of nested.parts) this.append(part);
    this.append(nested.buffer.subarray(0, nested.used));
    return this;
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.partsLength + this.used);
    let offset = 0;
    for (const part of this.parts) {
      out.set(part, offset);
      offset += part.length;
    }
    out.set(this.buffer.subarray(0, this.used), offset);
    return out;
  }
}
