// Writes docs/api.md from the sources: every export with its declaration and its docstring. A parser of its own, because
// the API of TypeScript 7's package is still called unstable; it relies on what the house rules demand anyway (explicit
// types on everything exported, one formatter).
// Run: npx tsx --conditions=source packages/graph/scripts/api-docs.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const SOURCES = fileURLToPath(new URL('../src', import.meta.url));
const API = fileURLToPath(new URL('../docs/api.md', import.meta.url));

/** What can be imported, and from where. */
const ENTRIES: readonly { readonly file: string; readonly specifier: string }[] = [
  { file: 'index.ts', specifier: '@likeness/graph' },
  { file: 'node/index.ts', specifier: '@likeness/graph/node' },
  { file: 'web/index.ts', specifier: '@likeness/graph/web' },
];

interface Declaration {
  readonly name: string;
  readonly text: string;
  readonly doc: string;
}

/** Index after the bracket that closes the one at `start`; strings, templates and comments are skipped. */
function afterBracket(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i = nextToken(text, i)) {
    if ('([{'.includes(text[i])) depth++;
    else if (')]}'.includes(text[i]) && --depth === 0) return i + 1;
  }
  throw new Error(`api-docs: a bracket is not closed: ${text.slice(start, start + 60)}`);
}

/** Index of the next character that is not inside a string, a template or a comment. */
function nextToken(text: string, index: number): number {
  const skip = (end: string, from: number): number => {
    const found = text.indexOf(end, from);
    return found < 0 ? text.length : found + end.length;
  };
  if (text.startsWith('/*', index)) return skip('*/', index + 2);
  if (text.startsWith('//', index)) return skip('\n', index);
  const quote = text[index];
  if (quote !== "'" && quote !== '"' && quote !== '`') return index + 1;
  let i = index + 1;
  while (i < text.length && text[i] !== quote) i += text[i] === '\\' ? 2 : 1;
  return i + 1;
}

/** Index of `stop` outside all brackets, from `start` on. */
function indexOutside(text: string, start: number, stop: RegExp): number {
  let i = start;
  while (i < text.length) {
    if (stop.test(text.slice(i, i + 3))) return i;
    i = '([{'.includes(text[i]) ? afterBracket(text, i) : nextToken(text, i);
  }
  return i;
}

/** Index of the brace that opens a function's body: the one that does not begin a type. */
function bodyOf(text: string, start: number): number {
  let i = start;
  for (;;) {
    i = indexOutside(text, i, /^[{;]/u);
    if (text[i] !== '{' || !/(?:[:|&(<,]|=>|\bis|\bkeyof)$/u.test(text.slice(start, i).trimEnd())) return i;
    i = afterBracket(text, i);
  }
}

/** A class without the bodies of its methods and without what is private. */
function classOutline(text: string): string {
  const open = text.indexOf('{');
  const close = afterBracket(text, open) - 1;
  const members: string[] = [];
  let i = open + 1;
  while (i < close) {
    const comment = /^\s*(\/\*\*[\s\S]*?\*\/)?\s*/u.exec(text.slice(i, close));
    const from = i + (comment?.[0].length ?? 0);
    if (from >= close) break;
    const brace = bodyOf(text, from);
    const isField = text[brace] === ';' || brace >= close;
    const member = text.slice(from, Math.min(brace, close)).trim();
    const shown = isField ? member.replace(/\s=\s[\s\S]*$/u, '') : member;
    if (!/^(?:private|override|#)/u.test(shown)) {
      members.push(`${comment?.[1] === undefined ? '' : `  ${comment[1]}\n`}  ${shown};`);
    }
    i = isField ? brace + 1 : afterBracket(text, brace);
  }
  const head = text.slice(0, open).trim();
  return members.length === 0 ? `${head} {}` : `${head} {\n${members.join('\n')}\n}`;
}

function declarationText(text: string, start: number, kind: string): string {
  const rest = text.slice(start);
  if (kind === 'function') {
    const parameters = rest.indexOf('(');
    return `${rest.slice(0, bodyOf(rest, afterBracket(rest, parameters))).trim()};`;
  }
  if (kind === 'interface') return rest.slice(0, afterBracket(rest, rest.indexOf('{')));
  if (kind === 'class') return classOutline(rest.slice(0, afterBracket(rest, rest.indexOf('{'))));
  const whole = rest.slice(0, indexOutside(rest, 0, /^;/u) + 1);
  if (kind === 'type' || whole.split('\n').length <= 14) return whole;
  return `${whole.slice(0, indexOutside(whole, 0, /^ = /u))};`;
}

function declarationsOf(file: string): Declaration[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(
    /(?:\/\*\*(?<doc>(?:(?!\*\/)[\s\S])*)\*\/\n)?export (?:declare |abstract |async )*(?<kind>function|interface|class|type|const) (?<name>\w+)/gu,
  );
  return [...found].map((match) => {
    const { doc = '', kind, name } = match.groups as Record<string, string>;
    const start = match.index + match[0].indexOf('export ');
    const words = doc
      .split('\n')
      .map((line) => line.replace(/^\s*\* ?/u, ''))
      .join('\n')
      .trim()
      .replace(/\n+(?=@)/u, '\n\n')
      .replaceAll(/^@param (\w+)/gmu, '- `$1`:')
      .replaceAll(/^@returns? /gmu, '- returns ');
    return { name, text: declarationText(text, start, kind).replace(/^export (?:async )?/u, ''), doc: words };
  });
}

interface Exports {
  readonly names: Set<string>;
  /** `random.` where a file is exported as a namespace, else empty. */
  readonly prefix: string;
}

/** Files in the order in which they are exported from, with the names that are. */
function exportsOf(file: string, into: Map<string, Exports>, prefix = ''): void {
  const text = readFileSync(file, 'utf8');
  const add = (from: string, names: readonly string[]): void => {
    const known = into.get(from) ?? { names: new Set<string>(), prefix };
    for (const name of names) known.names.add(name);
    into.set(from, known);
  };
  add(
    file,
    declarationsOf(file).map(({ name }) => name),
  );
  for (const [, names, from] of text.matchAll(
    /export (?:type )?(\*|\* as \w+|\{[^}]*\}) from '(\.[^']+)';/gu,
  )) {
    const target = join(dirname(file), from);
    if (names.startsWith('*')) {
      exportsOf(target, into, names === '*' ? prefix : `${prefix}${names.slice(5)}.`);
    } else {
      const list = [...names.matchAll(/(?:type )?(\w+)(?: as \w+)?/gu)].map(([, name]) => name);
      const own = new Set(declarationsOf(target).map(({ name }) => name));
      add(
        target,
        list.filter((name) => own.has(name)),
      );
      const passedOn = list.filter((name) => !own.has(name));
      if (passedOn.length === 0) continue;
      const through = new Map<string, Exports>();
      exportsOf(target, through);
      for (const [origin, { names: there }] of through) {
        add(
          origin,
          passedOn.filter((name) => there.has(name)),
        );
      }
    }
  }
}

/** The text of docs/api.md. */
export async function renderApi(): Promise<string> {
  const lines = [
    '# API of @likeness/graph',
    '',
    'Every export with its declaration. Generated from the docstrings by `scripts/api-docs.ts`; not edited by hand.',
    'What the words mean is in [concepts.md](concepts.md).',
  ];
  for (const { file, specifier } of ENTRIES) {
    const files = new Map<string, Exports>();
    exportsOf(join(SOURCES, file), files);
    lines.push('', `## ${specifier}`);
    for (const [origin, { names, prefix }] of files) {
      const declarations = declarationsOf(origin).filter(({ name }) => names.has(name));
      if (declarations.length === 0) continue;
      const section = relative(SOURCES, origin).replaceAll('\\', '/').replace(/\.ts$/u, '');
      if (files.size > 1) lines.push('', `### ${section}`);
      for (const { name, text, doc } of declarations) {
        lines.push(
          '',
          `#### ${prefix}${name}`,
          '',
          ...(doc === '' ? [] : [doc, '']),
          '```typescript',
          text,
          '```',
        );
      }
    }
  }
  return format(`${lines.join('\n')}\n`, { ...(await resolveConfig(API)), parser: 'markdown' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(API, await renderApi());
