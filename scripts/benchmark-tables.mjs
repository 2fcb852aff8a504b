// The generated section of docs/results.md: what `likeness bench` measured, per preset, and what peers published. Figures of
// different protocols never share a table.

const PRESETS = ['draft', 'standard', 'high'];
const REGIONS = ['nose', 'mouth', 'forehead', 'cheek'];
const CONTENDERS = [
  ['ours', 'Likeness'],
  ['meanHead', 'mean head'],
  ['oracle', 'oracle (best in-model fit)'],
];

/** @returns Markdown; `result` reads benchmarks/results/NAME.json, `optional` gives undefined where it is not there */
export function benchmarkTables({ result, optional, table }) {
  const runs = (name) =>
    PRESETS.map((preset) => [preset, optional(`bench-${name}-${preset}`)]).filter(([, run]) => run);
  return [
    ...runs('synthetic').flatMap(([preset, run]) => synthetic(preset, run, table)),
    ...runs('faces').flatMap(([preset, run]) => faces(preset, run, table)),
    ...peers(result('peers'), table),
  ].join('\n\n');
}

const provenance = ({ version, date, commit }) =>
  `version ${version}, ${date}${commit === undefined ? '' : `, commit ${commit}`}`;
const mm = ({ mean }) => mean.toFixed(2);
const between = ({ mean, low, high }) => `${mean.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
const skillCell = ({ value, low, high }) => `${value.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;

function synthetic(preset, run, table) {
  const areas = ['face', ...REGIONS];
  const shape = (alignment) =>
    table([
      ['', 'whole face', ...REGIONS],
      ...CONTENDERS.map(([key, label]) => [
        label,
        ...areas.map((area) =>
          area === 'face'
            ? between(run.correspondenceMm[key][alignment].face)
            : mm(run.correspondenceMm[key][alignment][area]),
        ),
      ]),
      [
        'skill',
        ...['overall', ...REGIONS].map((area) =>
          area === 'overall'
            ? skillCell(run.skillBySize[alignment].overall)
            : run.skillBySize[alignment][area].value.toFixed(2),
        ),
      ],
    ]);
  const out = [
    `### Synthetic: held-out heads, preset \`${preset}\``,
    `${provenance(run)}; \`likeness bench synthetic --heads ${run.heads} --preset ${preset} --seed ${run.seed}\`: ${run.fitted} of ${run.heads} fitted, ${run.failures.noFace} without a face found, ${run.failures.wrongFace} mistaken. **Synthetic** wherever it is quoted. Vertex error in correspondence of the neutral face, mm, rigid, size counts:`,
    shape('rigid'),
    'The same after the best size:',
    shape('similarity'),
  ];
  if (run.realyStyleMm)
    out.push(
      `REALY-style, mm, mean ± standard deviation over ${run.realyStyleHeads} of the heads (secondary: ICP flatters; not comparable with the leaderboard, whose scans are real):`,
      table([
        ['', 'all', ...REGIONS],
        ...CONTENDERS.map(([key, label]) => [
          label,
          ...['all', ...REGIONS].map((area) => {
            const { mean, std } = run.realyStyleMm[key][area];
            return `${mean.toFixed(2)} ± ${std.toFixed(2)}`;
          }),
        ]),
      ]),
      'NoW-style, mm, means over the same heads (not comparable with the challenge):',
      table([
        ['', 'median', 'mean', 'std', 'metrical: median', 'mean', 'std'],
        ...CONTENDERS.map(([key, label]) =>
          [label].concat(
            ['nonMetrical', 'metrical'].flatMap((variant) =>
              ['median', 'mean', 'std'].map((figure) => mm(run.nowStyleMm[key][variant][figure])),
            ),
          ),
        ),
      ]),
    );
  out.push(
    table([
      ['what else', 'Likeness', 'baseline'],
      ['pose', `${between(run.poseDegrees)}°`, ''],
      ['distance from lens to head', `${between(run.distancePercent)} %`, ''],
      [
        'expression coefficients, mean absolute error (baseline: neutral)',
        run.expressionError.mean.toFixed(3),
        run.neutralExpressionError.mean.toFixed(3),
      ],
      [
        'displacement by the expression (baseline: neutral)',
        `${between(run.expressionMm)} mm`,
        `${mm(run.neutralExpressionMm)} mm`,
      ],
      [
        'albedo after the best scale, rms (baseline: template skin)',
        `${between(run.albedoPercent)} %`,
        `${mm(run.meanAlbedoPercent)} %`,
      ],
    ]),
  );
  return out;
}

function faces(preset, run, table) {
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const out = [
    `### Photographs without 3D truth, preset \`${preset}\``,
    `${provenance(run)}; \`likeness bench faces --data DIR --preset ${preset}\`: ${run.fitted} of ${run.photos} fitted. Percent of the outer-eye distance, medians:`,
    table([
      ['set', 'photos', 'fitted to detected', 'detected to human', 'fitted to human', 'FaceRes photo/render'],
      ...Object.entries(run.sets).map(([name, set]) => [
        name,
        String(set.photos),
        `${set.landmarkPercent.medianOfMedians.toFixed(2)} %`,
        set.detectedToHumanPercent === null ? '' : `${set.detectedToHumanPercent.median.toFixed(2)} %`,
        set.fittedToHumanPercent === null ? '' : `${set.fittedToHumanPercent.median.toFixed(2)} %`,
        set.identitySimilarity.toFixed(3),
      ]),
    ]),
  ];
  if (run.recognition !== null) {
    const labels = { inside: run.networks.inside, outside: `${run.networks.outside}, in no loss` };
    const rows = {
      photoToPhoto: 'neutral photo, smiling photo',
      renderToOwnPhoto: 'render, its own photo',
      renderToOtherPhoto: 'render, smiling photo',
    };
    out.push(
      `Identity among ${run.recognition.inside.photoToPhoto.people} people. A render carries its photo's texture, so the second rows flatter and the third do not:`,
      table([
        ['', 'rank-1', 'AUC', 'TAR at FAR 1 %'],
        ...Object.entries(run.recognition).flatMap(([key, figures]) =>
          Object.entries(rows).map(([row, label]) => [
            `${labels[key]}: ${label}`,
            percent(figures[row].rank1),
            figures[row].auc.toFixed(3),
            percent(figures[row].tarAtFar1e2),
          ]),
        ),
      ]),
    );
  }
  if (run.identityFromShape !== null) {
    const labels = {
      withoutNuisance: 'without nuisance modes',
      crossValidated: 'modes learned on the other half of the people',
      shippedModes: 'shipped modes: they saw these people, an upper bound',
    };
    out.push(
      'Identity from shape alone (p_s, neutral against smiling):',
      table([
        ['', 'rank-1, cosine', 'AUC', 'TAR at FAR 1 %'],
        ...Object.entries(labels).map(([key, label]) => {
          const { rank1, roc } = run.identityFromShape.variants[key];
          return [label, percent(rank1.cosine.mean), roc.auc.toFixed(3), percent(roc.tarAtFar1e2)];
        }),
      ]),
    );
  }
  return out;
}

function peers(published, table) {
  const DIGITS = { realyFrontal: 3 };
  const COLUMNS = {
    realyFrontal: ['', 'nose', 'mouth', 'forehead', 'cheek', 'all', 'side, all'],
    now: ['', 'median', 'mean', 'std'],
    florenceGanfit: ['', 'cooperative', 'indoor', 'outdoor'],
    florenceDeng: ['', 'RMSE'],
  };
  return [
    '### What peers published',
    'Not runs of ours: figures of others under their own protocols, one table a protocol. None of these data sets can be had here without a licence, so Likeness has no figure beside them yet; `likeness bench realy`, `now` and `florence` make them where the data is.',
    ...Object.entries(COLUMNS).flatMap(([key, columns]) => {
      const { protocol, source, rows } = published[key];
      const figure = (x) => (x === null ? '' : typeof x === 'number' ? x.toFixed(DIGITS[key] ?? 2) : x);
      return [
        `${protocol}. Source: ${source}.`,
        table([columns, ...rows.map(([name, ...figures]) => [name].concat(figures.map(figure)))]),
      ];
    }),
  ];
}
