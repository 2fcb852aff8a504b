/**
 * Whose skin is averaged: the neutral studio photographs, weighted so that each group of ethnicity and gender counts alike.
 * Two thirds of the photographs show white people; a plain mean would be their skin.
 */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface SkinPerson {
  readonly id: string;
  readonly path: string;
  /** `ethnicity/gender` of the collection's own table. */
  readonly group: string;
  /** Weights of all people sum to 1, those of each group to the same. */
  readonly weight: number;
}

interface Collection {
  readonly folder: string;
  readonly table: string;
  /** Where the table has no such column. */
  readonly ethnicity?: string;
}

const COLLECTIONS: readonly Collection[] = [
  { folder: 'faces/london-neutral', table: 'faces/london_info.csv' },
  { folder: 'faces/canada', table: 'faces/canada_info.csv', ethnicity: 'white' },
];

/**
 * @param data folder that holds `faces/`.
 * @throws Error when a table or folder is missing.
 */
export async function skinPeople(data: string): Promise<SkinPerson[]> {
  const people: Omit<SkinPerson, 'weight'>[] = [];
  for (const { folder, table, ethnicity } of COLLECTIONS) {
    const rows = parseTable(await readFile(join(data, table), 'utf8'));
    const files = (await readdir(join(data, folder))).filter((name) => name.endsWith('.jpg')).toSorted();
    for (const name of files) {
      const id = name.replace(/\.jpg$/, '');
      const row = rows.get(id);
      if (!row) continue;
      const group = `${groupOf(row['face_eth'] ?? ethnicity ?? 'unknown')}/${row['face_gender'] ?? 'unknown'}`;
      people.push({ id: `${folder.split('/')[1]}/${id}`, path: join(data, folder, name), group });
    }
  }
  return balance(people);
}

/** Gives every group the same total weight. */
export function balance(people: readonly Omit<SkinPerson, 'weight'>[]): SkinPerson[] {
  const sizes = new Map<string, number>();
  for (const { group } of people) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  return people.map((person) => ({ ...person, weight: 1 / (sizes.size * (sizes.get(person.group) ?? 1)) }));
}

/** Of several ethnicities the first counts: a group of one person would weigh as much as one of thirty. */
function groupOf(ethnicity: string): string {
  return ethnicity.split('/')[0];
}

function parseTable(text: string): Map<string, Record<string, string>> {
  const [head, ...lines] = text.trim().split(/\r?\n/);
  const columns = head.split(',');
  const rows = new Map<string, Record<string, string>>();
  for (const line of lines) {
    const cells = line.split(',');
    const row = Object.fromEntries(columns.map((name, k) => [name, cells[k] ?? '']));
    rows.set(row['face_id'] ?? '', row);
  }
  return rows;
}
