import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LIKENESS_HEAD } from '@likeness/models';
import type { ModelManifest } from '@likeness/models';
import { headModelCard } from '../../src/shape/index.ts';

it('the model card of likeness-head says what the manifest says', () => {
  const manifest = JSON.parse(readFileSync(LIKENESS_HEAD.manifest, 'utf8')) as ModelManifest;
  const card = readFileSync(
    new URL('../../../../docs/model-cards/likeness-head.md', import.meta.url),
    'utf8',
  );
  expect(card).toBe(headModelCard(manifest));
});
