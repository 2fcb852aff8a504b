// Writes the measured tables of README.md and docs/results.md from benchmarks/results/*.json, between the markers
// `<!-- figures -->` and `<!-- /figures -->`, so that no figure in them is older than the run that printed it.
// `--check` writes nothing and exits with 1 where a table is not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const result = (name) => JSON.parse(readFileSync(join(root, 'benchmarks/results', `${name}.json`), 'utf8'));
const percent = (share) => `${(100 * share).toFixed(1)} %`;

const photos = result('product-all-photos');
const draft = result('product-draft-fit');
const identity = result('fit-identity');
const landmarks = result('fit-landmark-error').folders;
const zoom = result('fit-zoom');
const human = result('analysis-london-landmarks');
const timing = result('analysis-timing').medianMs;
const network = result('analysis-identity');
const head = JSON.parse(readFileSync(join(root, 'packages/models/data/likeness-head.json'), 'utf8'));

const sum = (key) => Object.values(photos.sets).reduce((total, set) => total + set[key], 0);
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;

/** [what, figure, target, command] */
const ROWS = [
  [
    'photographs with a face fitted / without one refused',
    `${sum('fitted')} of ${sum('fitted') + photos.faults.length} / ${sum('refused')} of 4`,
    'all',
    'product/all-photos',
  ],
  [
    'fitted model against detected landmarks, 85 neutral portraits, median, of the outer-eye distance',
    `${landmarks['london-neutral'].medianOfMedians.toFixed(2)} %`,
    '≤ 1.0 %',
    'fit/landmark-error',
  ],
  [
    'same person, neutral and smiling, matched at rank 1 among 85 people by shape (p_s) alone; nuisance modes learned on the other half of the people',
    percent(identity.rank1.crossValidated.cosine.mean),
    '≥ 40 %, later 75 %',
    'fit/identity',
  ],
  [
    'the same without anything learned from photographs of pairs',
    percent(identity.rank1.withoutNuisance.cosine.mean),
    '',
    'fit/identity',
  ],
  [
    'one person at about 15, 30, 45, 60 cm: fitted distance',
    `${zoom.shots.map(({ distanceCm }) => Math.round(distanceCm)).join(', ')} cm${zoom.risesInOrder ? '' : ' (wrong order)'}`,
    'rising',
    'fit/zoom',
  ],
  [
    'identity similarity of photo and render: median cosine of FaceRes, 85 neutral portraits (two photos of one person: ' +
      `${network.cosineSame.mean.toFixed(2)}, of two people: ${network.cosineDifferent.mean.toFixed(2)})`,
    photos.sets['london-neutral'].identitySimilarity.toFixed(2),
    '',
    'product/all-photos',
  ],
  [
    'detected landmarks against human annotation, 85 portraits, 11 points, median, of the outer-eye distance',
    `${human.london.overall.median.toFixed(2)} %`,
    '',
    'analysis/london-landmarks',
  ],
  [
    'draft fit of a 1350² photo, models loaded',
    seconds(draft.warmMedianMs.fit),
    '≤ 1.5 s',
    'product/draft-fit',
  ],
  [
    'of which analysis',
    `${Math.round(draft.warmMedianMs.analyse)} ms (alone: ${Math.round(timing.analysis)} ms)`,
    '≤ 150 ms',
    'product/draft-fit, analysis/timing',
  ],
  [
    'the command from a cold start',
    `${draft.coldCommandSeconds.median.toFixed(1)} s`,
    '≤ 5 s',
    'product/draft-fit',
  ],
  ['its peak memory', `${Math.round(draft.coldCommandPeakMiB)} MiB`, '≤ 1.5 GiB', 'product/draft-fit'],
  ['GLB', `${draft.warmMedianMs.glbMegabytes.toFixed(1)} MB`, '', 'product/draft-fit'],
  [
    `default head: ${head.figures.vertices.toLocaleString('en')} vertices, ${head.figures.identityModes} identity and ${head.figures.expressionModes} expression modes`,
    `${(head.bytes / 1e6).toFixed(1)} MB`,
    '≤ 12 MB',
    'train shape',
  ],
];

function table(rows) {
  const width = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => row[i].length)));
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(width[i])).join(' | ')} |`;
  return [
    line(rows[0]),
    `| ${width.map((w) => '-'.repeat(w)).join(' | ')} |`,
    ...rows.slice(1).map(line),
  ].join('\n');
}

const block = table([
  ['what', 'measured', 'target', '`benchmarks/`'],
  ...ROWS.map(([what, figure, target, command]) => [what, figure, target, command]),
]);

let stale = 0;
for (const file of ['README.md']) {
  const path = join(root, file);
  const text = readFileSync(path, 'utf8');
  const next = text.replace(
    /<!-- figures -->[\s\S]*?<!-- \/figures -->/,
    `<!-- figures -->\n\n${block}\n\n<!-- /figures -->`,
  );
  if (!text.includes('<!-- figures -->')) throw new Error(`${file} has no <!-- figures --> marker`);
  if (next === text) continue;
  stale++;
  if (!process.argv.includes('--check')) writeFileSync(path, next);
}
if (process.argv.includes('--check') && stale > 0) {
  console.error('README.md is not what benchmarks/results say: run `npm run figures`.');
  process.exit(1);
}
