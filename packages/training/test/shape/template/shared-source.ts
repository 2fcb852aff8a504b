/** The registered source head of the shared data, read in place; null, said aloud, where it is absent. */
import { existsSync, readFileSync } from 'node:fs';
import { readTemplateSource } from '../../../src/shape/template/index.ts';
import type { TemplateSource } from '../../../src/shape/template/index.ts';

const FOLDER = new URL('../../../../../../shared/data/models/', import.meta.url);

interface ArrayEntry {
  readonly name: string;
  readonly byteOffset: number;
}

export interface SharedSource {
  readonly source: TemplateSource;
  readonly header: unknown;
  readonly expressionNames: readonly string[];
  /** [V, 3] mm of identity mode or expression k. */
  readonly identityDelta: (k: number) => Float32Array;
  readonly expressionDelta: (k: number) => Float32Array;
}

export function readSharedSource(): SharedSource | null {
  const path = new URL('ict-facekit-head.json', FOLDER);
  if (!existsSync(path)) {
    console.warn('SKIPPED: tests of the head template, because ../shared/data/models is absent.');
    return null;
  }
  const header = JSON.parse(readFileSync(path, 'utf8')) as {
    arrays: ArrayEntry[];
    expressionNames: string[];
  };
  const bytes = readFileSync(new URL('ict-facekit-head.bin', FOLDER));
  const binary = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const source = readTemplateSource(header, binary);
  const offset = (name: string): number =>
    header.arrays.find((entry) => entry.name === name)?.byteOffset ?? -1;
  const delta = (kind: 'identity' | 'expression', k: number): Float32Array => {
    const n = source.vertexCount * 3;
    const scale = new Float32Array(binary, offset(`${kind}_scale`), k + 1)[k];
    const steps = new Int16Array(binary, offset(`${kind}_deltas`) + 2 * k * n, n);
    return Float32Array.from(steps, (step) => step * scale * 10);
  };
  return {
    source,
    header,
    expressionNames: header.expressionNames,
    identityDelta: (k) => delta('identity', k),
    expressionDelta: (k) => delta('expression', k),
  };
}
