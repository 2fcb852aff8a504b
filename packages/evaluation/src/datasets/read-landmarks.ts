/** The landmark files of the data sets: menpo's LJSON, MeshLab's picked points, text, and NumPy arrays. */
import { BenchInputError } from '../bench-input-error.ts';

/** menpo LJSON with one group `LJSON`. @returns [68, 3] */
export function readLjson(text: string, name: string): Float64Array {
  const json = parse(text, name) as {
    readonly groups?: { readonly LJSON?: { readonly landmarks?: { readonly points?: unknown } } };
    readonly landmarks?: { readonly points?: unknown };
  };
  return points(json.groups?.LJSON?.landmarks?.points ?? json.landmarks?.points, 68, name);
}

/** MeshLab's `.pp`: one `<point x=".." y=".." z=".." name=".."/>` a landmark. @returns [count, 3] in the file's order */
export function readPickedPoints(text: string, count: number, name: string): Float64Array {
  const found = [...text.matchAll(/<point\b[^>]*>/g)].map(([tag]) =>
    ['x', 'y', 'z'].map((axis) => Number(new RegExp(`\\b${axis}="([^"]*)"`).exec(tag)?.[1] ?? 'missing')),
  );
  return points(found, count, name);
}

/** Lines of x y z. */
export function readPointText(text: string, count: number, name: string): Float64Array {
  const rows = text
    .trim()
    .split(/\r?\n/)
    .map((line) =>
      line
        .trim()
        .split(/[\s,]+/)
        .map(Number),
    );
  return points(rows, count, name);
}

/** NumPy `.npy`, float32 or float64, little-endian, C order. @returns its numbers and shape */
export function readNpy(
  bytes: Uint8Array,
  name: string,
): { readonly data: Float64Array; readonly shape: number[] } {
  const fail = (why: string): never => {
    throw new BenchInputError(
      `The array ${name} cannot be read (${why}): save it with numpy.save as float32 or float64.`,
    );
  };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4096)).toString('latin1');
  if (!text.startsWith('\u0093NUMPY')) return fail('it is no NumPy file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6] >= 2;
  const start = (wide ? 12 : 10) + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = text.slice(wide ? 12 : 10, start);
  const type = /'descr':\s*'([^']+)'/.exec(header)?.[1];
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? '')
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  if (/'fortran_order':\s*True/.test(header)) return fail('it is in Fortran order');
  if (type !== '<f4' && type !== '<f8') return fail(`its type is ${type ?? 'missing'}`);
  const size = type === '<f4' ? 4 : 8;
  const count = shape.reduce((a, b) => a * b, 1);
  if (start + count * size > bytes.length) return fail('it is cut short');
  return {
    shape,
    data: Float64Array.from({ length: count }, (_, i) =>
      size === 4 ? view.getFloat32(start + 4 * i, true) : view.getFloat64(start + 8 * i, true),
    ),
  };
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BenchInputError(`The landmarks ${name} are no JSON: copy the file again.`, { cause: error });
  }
}

function points(rows: unknown, count: number, name: string): Float64Array {
  if (
    !Array.isArray(rows) ||
    rows.length !== count ||
    rows.some(
      (row) => !Array.isArray(row) || row.length < 3 || row.slice(0, 3).some((x) => !Number.isFinite(x)),
    )
  )
    throw new BenchInputError(
      `The landmarks ${name} should hold ${count} points of three numbers, but hold ${Array.isArray(rows) ? rows.length : 'none'}: copy the file again.`,
    );
  return Float64Array.from((rows as number[][]).flatMap((row) => row.slice(0, 3)));
}
