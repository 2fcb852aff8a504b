// The encodings of the protobuf documentation, byte by byte.
import { expect, it } from 'vitest';
import { ProtobufWriter } from '../../src/onnx/protobuf-writer.ts';

const hex = (writer: ProtobufWriter): string => Buffer.from(writer.finish()).toString('hex');

it('writes the documented examples', () => {
  expect(hex(new ProtobufWriter().varint(1, 150))).toBe('089601');
  expect(hex(new ProtobufWriter().string(2, 'testing'))).toBe('120774657374696e67');
  expect(hex(new ProtobufWriter().message(3, (nested) => nested.varint(1, 150)))).toBe('1a03089601');
  expect(hex(new ProtobufWriter().varint(1, -1))).toBe('08ffffffffffffffffff01');
  expect(hex(new ProtobufWriter().float(1, 1))).toBe('0d0000803f');
  expect(hex(new ProtobufWriter().varints(1, [0, 300]))).toBe('080008ac02');
  expect(hex(new ProtobufWriter().varint(20, 1))).toBe('a00101');
  expect(hex(new ProtobufWriter().varint(1, 2n ** 62n))).toBe('08808080808080808040');
});

it('joins small and large payloads in order, nested ones too', () => {
  const large = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);
  const bytes = new ProtobufWriter()
    .varint(1, 1)
    .message(2, (nested) => nested.bytes(3, large).varint(4, 7))
    .string(5, 'end')
    .finish();
  // tag 2, length 5000 + (tag, two bytes of length) + (tag, value) = 5005 = 0x138d.
  expect(Buffer.from(bytes.subarray(0, 8)).toString('hex')).toBe('0801128d271a8827');
  expect(bytes.subarray(8, 5008)).toEqual(large);
  expect(Buffer.from(bytes.subarray(5008)).toString('hex')).toBe('20072a03656e64');
});
