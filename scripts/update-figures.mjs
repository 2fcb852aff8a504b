// Writes the measured tables of README.md (between `<!-- figures -->` and `<!-- /figures -->`) and of docs/results.md (between
// `<!-- benchmarks -->` and `<!-- /benchmarks -->`) from benchmarks/results/*.json, so that no figure in them is older than the
// run that printed it. The result of `likeness bench NAME --out DIR` is DIR/result.json: copy it to
// benchmarks/results/bench-NAME-PRESET.json and run `npm run figures`.
// `--check` writes nothing and exits with 1 where a table is not current.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { benchmarkTables } from './benchmark-tables.mjs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const result = (name) => JSON.parse(readFileSync(join(root, 'benchmarks/results', `${name}.json`), 'utf8'));
const percent = (share) => `${(100 * share).toFixed(1)} %`;

const photos = result('product-all-photos');
const draft = result('product-draft-fit');
const faces = result('bench-faces-draft');
const london = faces.sets['london-neutral'];
const synthetic = result('bench-synthetic-draft');
const syntheticJoint = result('bench-synthetic-standard');
const iteration = result('fit-joint-iteration').rows.find(({ texture }) => texture === 'linear');
const texture = result('bench-texture');
const identity = result('fit-joint-identity');
const skin = identity.renders.generated.dlib;
const timing = result('analysis-timing').medianMs;
const network = faces.recognition.inside.photoToPhoto;
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
    `${london.landmarkPercent.medianOfMedians.toFixed(2)} %`,
    '≤ 1.0 %',
    'likeness bench faces',
  ],
  [
    'same person, neutral and smiling, matched at rank 1 among 85 people by shape (p_s) alone; nuisance modes learned on the other half of the people',
    percent(faces.identityFromShape.variants.crossValidated.rank1.cosine.mean),
    '≥ 40 %, later 75 %',
    'likeness bench faces',
  ],
  [
    'the same without anything learned from photographs of pairs',
    percent(faces.identityFromShape.variants.withoutNuisance.rank1.cosine.mean),
    '',
    'likeness bench faces',
  ],
  [
    'one person at about 15, 30, 45, 60 cm: fitted distance',
    `${faces.zoom.shots.map(({ distanceCm }) => Math.round(distanceCm)).join(', ')} cm${faces.zoom.risesInOrder ? '' : ' (wrong order)'}`,
    'rising',
    'likeness bench faces',
  ],
  [
    'identity similarity of photo and render: median cosine of FaceRes, 85 neutral portraits (two photos of one person: ' +
      `${network.meanSame.toFixed(2)}, of two people: ${network.meanDifferent.toFixed(2)})`,
    photos.sets['london-neutral'].identitySimilarity.toFixed(2),
    '',
    'product/all-photos',
  ],
  [
    'detected landmarks against human annotation, 85 portraits, 11 points, median, of the outer-eye distance',
    `${london.detectedToHumanPercent.median.toFixed(2)} %`,
    '',
    'likeness bench faces',
  ],
  [
    'render of the neutral photo finds the smiling photo of that person at rank 1 among 85, by a network that is in no loss (photo to photo: ' +
      `${percent(faces.recognition.outside.photoToPhoto.rank1)})`,
    percent(faces.recognition.outside.renderToOtherPhoto.rank1),
    '',
    'likeness bench faces',
  ],
  [
    `synthetic: ${synthetic.fitted} held-out heads in random scenes, draft: skill, (mean head - ours) / (mean head - best in-model fit)`,
    `${synthetic.skill.overall.toFixed(2)} (${synthetic.correspondenceMm.ours.rigid.face.mean.toFixed(2)} mm; mean head ${synthetic.correspondenceMm.meanHead.rigid.face.mean.toFixed(2)}, best ${synthetic.correspondenceMm.oracle.rigid.face.mean.toFixed(2)})`,
    '≥ 0.15',
    'likeness bench synthetic',
  ],
  [
    `the same, ${syntheticJoint.fitted} of them, standard`,
    `${syntheticJoint.skill.overall.toFixed(2)} (${syntheticJoint.correspondenceMm.ours.rigid.face.mean.toFixed(2)} mm; mean head ${syntheticJoint.correspondenceMm.meanHead.rigid.face.mean.toFixed(2)})`,
    '≥ 0.35',
    'likeness bench synthetic',
  ],
  [
    `joint fits of ${identity.people} people, neutral and smiling, texture model's skin: taken for the person by dlib / rank 1 among ${identity.people}, against that photo`,
    `${percent(skin.ownPhoto.accepted)} / ${percent(skin.rank1OwnPhoto)}`,
    '≥ 95 % / ≥ 95 %',
    'fit/joint-identity',
  ],
  [
    'the same: neutral and smiling photo matched at rank 1 by shape (p_s) alone',
    percent(identity.shape.joint.rank1.cosine.mean),
    '≥ 75 %',
    'fit/joint-identity',
  ],
  [
    'the same: difference of p_s between two photos of a person over that between two people',
    identity.shape.joint.expressionLeak.ratio.toFixed(3),
    '< 0.5',
    'fit/joint-identity',
  ],
  [
    `texture generator, albedo of ${texture.inversion.people} people held out: cosine of FaceRes, render to render (linear model: ${texture.inversion.linear.inside.toFixed(2)}); absolute difference (linear: ${texture.inversion.linear.l1.toFixed(4)})`,
    `${texture.inversion.generator.inside.toFixed(2)}; ${texture.inversion.generator.l1.toFixed(4)}`,
    'better; ≤ 1.1 times',
    'likeness bench texture',
  ],
  [
    `${texture.settings.samples.toLocaleString('en')} samples of it: sliced Wasserstein distance to real maps x 1,000, finest to coarsest octave (linear model: ${texture.slicedWassersteinTimes1000.linear.levels.map((v) => v.toFixed(0)).join(', ')})`,
    texture.slicedWassersteinTimes1000.generator.levels.map((v) => v.toFixed(0)).join(', '),
    'lower at each',
    'likeness bench texture',
  ],
  [
    'one joint iteration (224², FaceRes on two renders, all gradients) beside the same in PyTorch 1.13, 2 threads',
    `${Math.round(iteration.oursMs)} ms, ${iteration.ratio.toFixed(1)} times as fast`,
    '≥ 3 times',
    'fit/joint-iteration',
  ],
  [
    'draft fit of a 1350² photo, models loaded',
    seconds(draft.warmMedianMs.fit),
    '≤ 0.7 s',
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
  // Three dashes at least: the formatter makes no delimiter shorter.
  const width = rows[0].map((_, i) => Math.max(3, ...rows.map((row) => row[i].length)));
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(width[i])).join(' | ')} |`;
  return [
    line(rows[0]),
    `| ${width.map((w) => '-'.repeat(w)).join(' | ')} |`,
    ...rows.slice(1).map(line),
  ].join('\n');
}

const block = table([
  ['what', 'measured', 'target', '`benchmarks/` or command'],
  ...ROWS.map(([what, figure, target, command]) => [what, figure, target, command]),
]);

const optional = (name) =>
  existsSync(join(root, 'benchmarks/results', `${name}.json`)) ? result(name) : undefined;

/** [file, marker, content] */
const SECTIONS = [
  ['README.md', 'figures', block],
  ['docs/results.md', 'benchmarks', benchmarkTables({ result, optional, table })],
];

let stale = 0;
for (const [file, marker, content] of SECTIONS) {
  const path = join(root, file);
  const text = readFileSync(path, 'utf8');
  const section = new RegExp(`<!-- ${marker} -->[\\s\\S]*?<!-- /${marker} -->`);
  if (!section.test(text)) throw new Error(`${file} has no <!-- ${marker} --> marker`);
  const next = text.replace(section, () => `<!-- ${marker} -->\n\n${content}\n\n<!-- /${marker} -->`);
  if (next === text) continue;
  stale++;
  if (process.argv.includes('--check')) console.error(`${file} is not what benchmarks/results say.`);
  else writeFileSync(path, next);
}
if (process.argv.includes('--check') && stale > 0) {
  console.error('Run `npm run figures`.');
  process.exit(1);
}
