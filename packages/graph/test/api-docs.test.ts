import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import * as g from '../src/index.ts';
import { renderApi } from '../scripts/api-docs.ts';

describe('docs/api.md', () => {
  let rendered = '';
  beforeAll(async () => {
    rendered = await renderApi();
  });

  it('is what the docstrings say (else run scripts/api-docs.ts)', () => {
    expect(readFileSync(new URL('../docs/api.md', import.meta.url), 'utf8')).toBe(rendered);
  });

  it('has every export, each with words about it', () => {
    const sections = new Map(
      rendered
        .split('\n#### ')
        .slice(1)
        .map((section) => [section.split('\n')[0], section]),
    );
    const names = Object.entries(g).flatMap(([name, value]) =>
      Object.prototype.toString.call(value) === '[object Module]'
        ? Object.keys(value).map((inner) => `${name}.${inner}`)
        : [name],
    );
    expect(names.filter((name) => !sections.has(name))).toEqual([]);
    const bare = [...sections].filter(([, section]) => section.split('\n')[2].startsWith('```'));
    expect(bare.map(([name]) => name)).toEqual([]);
  });
});
