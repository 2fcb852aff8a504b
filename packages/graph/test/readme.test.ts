import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { renderReadme } from '../scripts/support-table.ts';

it('shows the support table that the code has', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(await renderReadme(readme)).toBe(readme);
});
