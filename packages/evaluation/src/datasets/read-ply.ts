/** Stanford PLY, ASCII or little-endian binary: positions and faces. */
import { BenchInputError } from '../bench-input-error.ts';
import type { ScanMesh } from './scan-mesh.ts';

type Scalar = 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'float32' | 'float64';
const TYPES: Readonly<Record<string, Scalar>> = {
  char: 'int8',
  uchar: 'uint8',
  short: 'int16',
  ushort: 'uint16',
  int: 'int32',
  uint: 'uint32',
  float: 'float32',
  double: 'float64',
};
const SIZES: Readonly<Record<Scalar, number>> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  float64: 8,
};

interface Property {
  readonly name: string;
  readonly type: Scalar;
  /** Type of the count of a list. */
  readonly list?: Scalar;
}
interface Element {
  readonly name: string;
  readonly count: number;
  readonly properties: Property[];
}

/** @throws BenchInputError when the file is no PLY of a kind that is read here */
export function readPly(bytes: Uint8Array, name: string): ScanMesh {
  const fail = (why: string): never => {
    throw new BenchInputError(`The mesh ${name} cannot be read (${why}): export it as PLY or OBJ again.`);
  };
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 65536)).toString('latin1');
  const end = /end_header\r?\n/.exec(head);
  if (!head.startsWith('ply') || end === null) return fail('it has no PLY header');
  const elements: Element[] = [];
  let format = '';
  for (const line of head.slice(0, end.index).split(/\r?\n/)) {
    const words = line.trim().split(/\s+/);
    if (words[0] === 'format') format = words[1];
    if (words[0] === 'element') elements.push({ name: words[1], count: Number(words[2]), properties: [] });
    if (words[0] === 'property') {
      const type = (word: string): Scalar => {
        const found = TYPES[word] ?? (word in SIZES ? (word as Scalar) : undefined);
        return found ?? fail(`its type ${word} is unknown`);
      };
      elements
        .at(-1)
        ?.properties.push(
          words[1] === 'list'
            ? { name: words[4], type: type(words[3]), list: type(words[2]) }
            : { name: words[2], type: type(words[1]) },
        );
    }
  }
  const start = end.index + end[0].length;
  const next =
    format === 'ascii'
      ? asciiReader(Buffer.from(bytes.subarray(start)).toString('latin1'))
      : format === 'binary_little_endian'
        ? binaryReader(bytes, start)
        : fail(`its format ${format} is not read here`);
  const positions: number[] = [];
  const triangles: number[] = [];
  const colours: number[] = [];
  try {
    for (const { name: element, count, properties } of elements)
      for (let i = 0; i < count; i++) {
        const row: Record<string, number> = {};
        for (const property of properties) {
          if (property.list === undefined) {
            row[property.name] = next(property.type);
            continue;
          }
          const polygon = Array.from({ length: next(property.list) }, () => next(property.type));
          if (element !== 'face' || !property.name.startsWith('vertex_ind')) continue;
          for (let k = 1; k + 1 < polygon.length; k++) triangles.push(polygon[0], polygon[k], polygon[k + 1]);
        }
        if (element !== 'vertex') continue;
        positions.push(row['x'], row['y'], row['z']);
        if ('red' in row) colours.push(row['red'], row['green'], row['blue']);
      }
  } catch (error) {
    if (error instanceof RangeError) return fail('it is cut short');
    throw error;
  }
  if (positions.length === 0 || positions.some((x) => !Number.isFinite(x)))
    return fail('it holds no vertices');
  return {
    positions: Float32Array.from(positions),
    triangles: Uint32Array.from(triangles),
    ...(colours.length === positions.length ? { colours: Float32Array.from(colours) } : {}),
  };
}

function asciiReader(text: string): (type: Scalar) => number {
  const words = text.split(/\s+/);
  let at = words[0] === '' ? 1 : 0;
  return () => {
    if (at >= words.length || words[at] === '') throw new RangeError('end of file');
    return Number(words[at++]);
  };
}

function binaryReader(bytes: Uint8Array, start: number): (type: Scalar) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  return (type) => {
    const here = at;
    at += SIZES[type];
    switch (type) {
      case 'int8':
        return view.getInt8(here);
      case 'uint8':
        return view.getUint8(here);
      case 'int16':
        return view.getInt16(here, true);
      case 'uint16':
        return view.getUint16(here, true);
      case 'int32':
        return view.getInt32(here, true);
      case 'uint32':
        return view.getUint32(here, true);
      case 'float32':
        return view.getFloat32(here, true);
      case 'float64':
        return view.getFloat64(here, true);
      default:
        throw new TypeError(`The type ${String(type)} is unknown.`);
    }
  };
}
