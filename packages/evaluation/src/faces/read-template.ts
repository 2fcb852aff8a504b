/** Human annotation: WebMorph's `.tem` files, and which of their points correspond to iBUG numbers. */
import { readFile } from 'node:fs/promises';

/** [n][x, y] in pixels; undefined where there is no file. */
export async function readTemplate(path: string): Promise<[number, number][] | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split(/\r?\n/);
  return lines.slice(1, 1 + Number(lines[0])).map((line) => line.split('\t').map(Number) as [number, number]);
}

/**
 * Points of the 189-point template that mean the same place as an iBUG point: [iBUG, template]. Eye corners, base of the nose,
 * corners of the mouth, middles of the outer lips.
 */
export const IBUG68_TO_TEM189: readonly (readonly [number, number])[] = [
  [36, 18],
  [39, 22],
  [42, 23],
  [45, 27],
  [33, 55],
  [48, 87],
  [54, 93],
  [51, 90],
  [57, 106],
];
export const TEM189_POINTS = 189;
/** Outer eye corners in the template. */
export const TEM189_OUTER_EYES: readonly [number, number] = [18, 27];
/** Iris centres of the face mesh and the template's pupils: [mesh, template]. */
export const PUPILS_TO_TEM189: readonly (readonly [number, number])[] = [
  [468, 0],
  [473, 1],
];
