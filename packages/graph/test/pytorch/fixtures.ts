// Reads the fixtures of this folder, and makes the weights and inputs that both sides compute by a formula.
import { readFileSync } from 'node:fs';

/** A tensor of a safetensors file. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

interface SafetensorsHeader {
  readonly [name: string]: { dtype: string; shape: number[]; data_offsets: [number, number] };
}

function parseHeader(bytes: Uint8Array<ArrayBuffer>): { header: SafetensorsHeader; start: number } {
  const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const text = new TextDecoder().decode(bytes.subarray(8, start));
  return { header: JSON.parse(text) as SafetensorsHeader, start };
}

/** Float32 tensors of a safetensors file; other types are left out. */
export function readSafetensors(path: string | URL): Record<string, StoredTensor> {
  const bytes = new Uint8Array(readFileSync(path));
  const { header, start } = parseHeader(bytes);
  return Object.fromEntries(
    Object.entries(header).flatMap(([name, { dtype, shape, data_offsets: range }]) =>
      dtype === 'F32'
        ? [[name, { shape, data: new Float32Array(bytes.slice(start + range[0], start + range[1]).buffer) }]]
        : [],
    ),
  );
}

/** One fixture of this folder. */
export function readFixture(name: string): Record<string, StoredTensor> {
  return readSafetensors(new URL(`${name}.safetensors`, import.meta.url));
}

/** The same numbers as `numbers` of make-fixtures.py. */
export function numbers(
  shape: readonly number[],
  seed: number,
  scale = 1,
  offset = 0,
): Float32Array<ArrayBuffer> {
  const count = shape.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length: count }, (_, i) => {
    const h = (i * 7919 + seed * 104_729) % 10_007;
    const scrambled = (h * h + 31 * h + seed * 17) % 10_007;
    return offset + scale * (scrambled / 5003 - 1);
  });
}

/** Largest difference, relative to the largest expected value; infinite where lengths differ or a number is missing. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  let scale = 0;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(found[i] - expected[i]);
    worst = Number.isNaN(difference) ? Infinity : Math.max(worst, difference);
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return worst === 0 ? 0 : worst / scale;
}

/** A network's fixture: its inputs, made by the formula, and what PyTorch computed. */
export interface NetworkFixture {
  readonly inputs: Readonly<Record<string, StoredTensor>>;
  readonly expected: Readonly<Record<string, StoredTensor>>;
  /** Meshes and the like, which no formula makes. */
  readonly data: Readonly<Record<string, StoredTensor>>;
}

/** Reads a network's fixture. */
export function readNetworkFixture(name: string): NetworkFixture {
  const url = new URL(`${name}.safetensors`, import.meta.url);
  const header = parseHeader(new Uint8Array(readFileSync(url))).header as unknown as {
    __metadata__: { inputs: string };
  };
  const specs = JSON.parse(header.__metadata__.inputs) as [string, number[], number, number, number][];
  const stored = Object.entries(readSafetensors(url));
  return {
    inputs: Object.fromEntries(
      specs.map(([key, shape, seed, scale, offset]) => [
        key,
        { shape, data: numbers(shape, seed, scale, offset) },
      ]),
    ),
    expected: Object.fromEntries(stored.filter(([key]) => !key.startsWith('data:'))),
    data: Object.fromEntries(stored.filter(([key]) => key.startsWith('data:'))),
  };
}
