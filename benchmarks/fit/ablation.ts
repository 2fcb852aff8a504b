/**
 * The paper's ablation (Gecer et al. 2019, section 4): the joint fit of 40 photographs of the London set without each of its five terms.
 * Renders have the texture model's skin alone. Every figure stands beside the whole energy's on the same photos: mean difference and its
 * standard error, so that one sees which terms earn their place.
 *
 *   npx tsx --conditions=source benchmarks/fit/ablation.ts [--limit N] [--items 001,..] [--preset standard] [--texture linear] [--out DIR]
 *     [--shard I/N] [--threads N]
 *
 * 240 fits. Photos come in blocks, each block through every variant, so that a run that is stopped compares what it has; `--limit 8` is
 * 48 fits of eight people, neutral and smiling, from all over the set.
 */
import { basename, extname } from 'node:path';
import type { LossName, Stage } from '@likeness/core/fitting/joint';
import { textTable } from '../../packages/evaluation/src/report/text-table.ts';
import { mean, photosIn, requireData, rounded } from '../common.ts';
import { chosen, openProof, readProofOptions, spread } from './proof-run.ts';
import {
  measureRender,
  openProofWorld,
  parametersOf,
  type PreparedPhoto,
  type RenderFigures,
} from './proof-world.ts';

const PHOTOS = 40;
const BLOCK = 8;
const VARIANTS: Readonly<Record<string, LossName | undefined>> = {
  whole: undefined,
  'without L_id': 'identity',
  'without L^_id': 'identityRandom',
  'without L_con': 'content',
  'without L_pix': 'pixel',
  'without L_lan': 'landmark',
};
const FIGURES = ['faceRes', 'dlib', 'pixel', 'landmark'] as const;

const options = readProofOptions();
const neutral = await photosIn(requireData('faces', 'london-neutral'));
const smiling = await photosIn(requireData('faces', 'london-smiling'));
// As many people as photos, neutral and smiling in turn.
const all = spread(neutral.map((path, i) => [path, smiling[i]]))
  .slice(0, PHOTOS)
  .map((pair, i) => pair[i % 2]);
const nameOf = (path: string): string => basename(path, extname(path));
const photos = chosen(all, options, nameOf);
const run = openProof('fit-ablation', options);
const world = await openProofWorld(options.texture, options.threads);

const found = new Map<string, Map<string, RenderFigures>>(
  Object.keys(VARIANTS).map((name) => [name, new Map()]),
);
for (let from = 0; from < photos.length; from += BLOCK) {
  const block = photos.slice(from, from + BLOCK);
  const prepared = new Map<string, PreparedPhoto>();
  for (const [variant, loss] of Object.entries(VARIANTS)) {
    const stages = options.stages.map((stage) => without(stage, loss));
    const fitter = world.createFitter();
    for (const path of block) {
      const id = `${nameOf(path)}-${loss ?? 'whole'}`;
      const figures = await run.item(id, async () => {
        const ready = prepared.get(path) ?? (await world.prepare(path));
        prepared.set(path, ready);
        const fit = await fitter.fit({ photos: [ready.joint], stages });
        const { generated } = await world.albedos(ready, fit);
        const { figures: measured } = await measureRender(world, ready, parametersOf(fit), generated);
        return {
          ...measured,
          steps: fit.stages.map(({ steps, stopped }) => `${steps} ${stopped}`),
        };
      });
      found.get(variant)?.set(path, figures);
    }
    await fitter.dispose();
  }
}

const whole = found.get('whole') as Map<string, RenderFigures>;
const rows = [...found].map(([variant, figures]) => {
  const own = (key: keyof RenderFigures): number[] =>
    photos.map((path) => (figures.get(path) as RenderFigures)[key]);
  const change = (key: keyof RenderFigures): number[] =>
    photos.map((path) => (figures.get(path) as RenderFigures)[key] - (whole.get(path) as RenderFigures)[key]);
  return {
    variant,
    mean: Object.fromEntries(FIGURES.map((key) => [key, rounded(mean(own(key)))])) as Record<
      keyof RenderFigures,
      number
    >,
    accepted: rounded(own('dlib').filter((value) => value <= 0.6).length / photos.length),
    change: Object.fromEntries(
      FIGURES.map((key) => [key, [rounded(mean(change(key))), rounded(standardError(change(key)))]]),
    ) as Record<keyof RenderFigures, [number, number]>,
  };
});
console.log(
  textTable({
    caption: `${photos.length} photos; in brackets the change against the whole energy and its standard error`,
    columns: ['', 'FaceRes cosine', 'dlib distance', 'pixel L1', 'landmarks / eyes'],
    rows: rows.map((row) => [
      row.variant,
      ...FIGURES.map(
        (key) =>
          `${row.mean[key].toFixed(4)} (${row.change[key].map((value) => value.toFixed(4)).join(' +- ')})`,
      ),
    ]),
  }),
);
await world.dispose();
await run.finish({ photos: photos.length, rows }, photos.length === PHOTOS);

/** The stage without a term. */
function without(stage: Stage, loss: LossName | undefined): Stage {
  if (loss === undefined) return stage;
  return {
    ...stage,
    losses: Object.fromEntries(Object.entries(stage.losses).filter(([name]) => name !== loss)),
  };
}

function standardError(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
  return Math.sqrt(variance / values.length);
}
