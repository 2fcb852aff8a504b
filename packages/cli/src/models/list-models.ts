/** The text of `likeness models`: what each model is, under which licence, how large, and whether its file is whole. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { MODELS } from '@likeness/models';
import type { ModelEntry, ModelManifest } from '@likeness/models';

/** A model as the command shows it. */
export interface ListedModel {
  readonly name: string;
  readonly kind: string;
  readonly version: string;
  readonly licence: string;
  readonly description: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly file: string;
  /** `whole`; `damaged` where the file's hash is not the manifest's; `missing`. */
  readonly state: 'whole' | 'damaged' | 'missing';
  readonly command: string;
  readonly sources: readonly { readonly name: string; readonly licence: string; readonly url: string }[];
}

/** @returns text for people, or JSON; ends with a line break. */
export async function listModels(json: boolean, models: readonly ModelEntry[] = MODELS): Promise<string> {
  const listed = await Promise.all(models.map(inspect));
  return json ? `${JSON.stringify(listed, null, 2)}\n` : listed.map(paragraph).join('\n');
}

async function inspect(entry: ModelEntry): Promise<ListedModel> {
  const manifest = await readFile(entry.manifest, 'utf8').then(
    (text) => JSON.parse(text) as ModelManifest,
    () => undefined,
  );
  const bytes = await readFile(entry.file).catch(() => undefined);
  const sha256 = bytes === undefined ? '' : createHash('sha256').update(bytes).digest('hex');
  return {
    name: entry.name,
    kind: entry.kind,
    version: manifest?.version ?? 'unknown',
    licence: manifest?.licence ?? 'unknown',
    description: manifest?.description ?? '',
    bytes: bytes?.length ?? manifest?.bytes ?? 0,
    sha256: manifest?.sha256 ?? sha256,
    file: fileURLToPath(entry.file),
    state: bytes === undefined ? 'missing' : sha256 === manifest?.sha256 ? 'whole' : 'damaged',
    command: manifest?.command ?? '',
    sources: (manifest?.sources ?? []).map(({ name, licence, url }) => ({ name, licence, url })),
  };
}

function paragraph(model: ListedModel): string {
  const size = `${(model.bytes / 1e6).toFixed(1)} MB`;
  const state = model.state === 'whole' ? '' : `\n  ${model.state.toUpperCase()}: install Likeness anew`;
  const rows: readonly (readonly [string, string])[] = [
    ['licence', model.licence],
    ['sha256', model.sha256],
    ['file', model.file],
    ['made by', model.command],
    ...model.sources.map(({ name, licence, url }) => ['from', `${name} (${licence}), ${url}`] as const),
  ];
  const lines = rows.map(([label, value]) => `  ${label.padEnd(8)} ${value}`).join('\n');
  return `${model.name} ${model.version}, ${model.kind} model, ${size}\n  ${model.description}${state}\n${lines}\n`;
}
