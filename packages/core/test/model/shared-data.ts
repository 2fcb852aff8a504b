/** The ICT-FaceKit arrays lie beside the repository, not in it; tests that need them say so when they are missing. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../../../shared/data/models/', import.meta.url));

export const HAS_ICT: boolean = existsSync(`${FOLDER}ict-facekit-head.json`);
if (!HAS_ICT) console.warn('SKIPPED: ../shared/data/models is absent, the ICT-FaceKit tests do not run.');

export function readIct(name: 'ict-facekit' | 'ict-facekit-head'): { json: unknown; bin: ArrayBuffer } {
  const bytes = readFileSync(`${FOLDER}${name}.bin`);
  return {
    json: JSON.parse(readFileSync(`${FOLDER}${name}.json`, 'utf8')) as unknown,
    bin: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  };
}
