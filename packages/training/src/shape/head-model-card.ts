/** The model card of likeness-head, written from the manifest so that its figures are those of the file. */
import type { ModelManifest } from '@likeness/models';
import type { PhotoRefinement } from './refine-head-landmarks.ts';

interface HeadFigures {
  readonly vertices: number;
  readonly skinVertices: number;
  readonly triangles: number;
  readonly identityModes: number;
  readonly antisymmetricModes: number;
  readonly expressionModes: number;
  readonly sampledHeads: number;
  readonly varianceKept: number;
  readonly heldOut: { readonly heads: number; readonly meanMm: number; readonly maxMm: number };
  readonly maxQuantisationErrorMm: { readonly identity: number; readonly expression: number };
  readonly expressionSymmetrisedMm: number;
  readonly landmarks: {
    readonly mediapipe468: {
      readonly scenes: number;
      readonly found: number;
      readonly medianDeviationMm: number;
      readonly p90DeviationMm: number;
      readonly maxDeviationMm: number;
      readonly leftRightMm: number;
      readonly photos?: PhotoRefinement['figures'];
    };
    readonly ibug68: { readonly jawToSourceMm: number; readonly othersToSourceMm: number };
  };
}

/** @returns Markdown, formatted as the project's formatter leaves it */
export function headModelCard(manifest: ModelManifest): string {
  const f = manifest.figures as unknown as HeadFigures;
  const dense = f.landmarks.mediapipe468;
  const rows: [string, string][] = [
    ['file', `\`${manifest.file}\`, ${(manifest.bytes / 1e6).toFixed(2)} MB`],
    ['sha256', `\`${manifest.sha256}\``],
    [
      'vertices, triangles',
      `${f.vertices} (${f.skinVertices} skin, the rest eyeballs and mouth), ${f.triangles}`,
    ],
    ['identity modes', `${f.identityModes} (${f.antisymmetricModes} of them antisymmetric), unit variance`],
    ['expression modes', `${f.expressionModes}, ARKit names`],
    ['variance kept by the identity modes', `${(100 * f.varianceKept).toFixed(3)}%`],
    [
      `${f.heldOut.heads} held-out heads against their projection`,
      `mean ${f.heldOut.meanMm.toFixed(3)} mm, largest ${f.heldOut.maxMm.toFixed(2)} mm`,
    ],
    [
      'largest quantisation error',
      `identity ${f.maxQuantisationErrorMm.identity.toFixed(5)} mm, expression ${f.maxQuantisationErrorMm.expression.toFixed(5)} mm`,
    ],
    ['largest change by making expressions symmetric', `${f.expressionSymmetrisedMm.toFixed(2)} mm`],
    [
      '468 landmarks, deviation over scenes',
      `median ${dense.medianDeviationMm.toFixed(2)} mm, 90% ${dense.p90DeviationMm.toFixed(2)} mm, largest ${dense.maxDeviationMm.toFixed(1)} mm`,
    ],
    ['faces found in the renders', `${dense.found} of ${dense.scenes}`],
    ['left against right before pooling', `mean ${dense.leftRightMm.toFixed(2)} mm`],
    [
      '68 points against the marks of the source',
      `jaw ${f.landmarks.ibug68.jawToSourceMm.toFixed(1)} mm, others ${f.landmarks.ibug68.othersToSourceMm.toFixed(1)} mm`,
    ],
  ];
  const { photos } = dense;
  if (photos)
    rows.push(
      [
        'correction by photographs of training people',
        `${photos.trainingPhotos} photos, mean ${photos.meanShiftMm.toFixed(2)} mm, largest ${photos.maxShiftMm.toFixed(1)} mm`,
      ],
      [
        'median landmark error of the fit on held-out people',
        `${photos.heldOutErrorBeforePercent.toFixed(2)}% of the outer-eye distance before, ${photos.heldOutErrorAfterPercent.toFixed(2)}% after (${photos.heldOutPhotos} photos)`,
      ],
    );
  const width = Math.max(...rows.map(([key]) => key.length));
  const valueWidth = Math.max(...rows.map(([, value]) => value.length));
  const line = (key: string, value: string): string =>
    `| ${key.padEnd(width)} | ${value.padEnd(valueWidth)} |`;
  const table = [
    line('', ''),
    `| ${'-'.repeat(width)} | ${'-'.repeat(valueWidth)} |`,
    ...rows.map(([k, v]) => line(k, v)),
  ];
  const sources = manifest.sources.map(
    ({ name, url, version, licence, copyright, citation, use }) =>
      `- [${name}](${url}), ${version}. ${copyright}. ${licence} licence.${citation === undefined ? '' : ` ${citation}.`}\n  Used: ${use}.`,
  );
  return `# Model card: ${manifest.name} ${manifest.version}

${manifest.description} Licence: ${manifest.licence}. Written by \`likeness train shape\` from the manifest beside the model
file; a test compares the two.

## What it is

V(p_s, p_e) = mean + sum p_s S + sum p_e E, in millimetres, +X the subject's left, +Y up, +Z out of the face, origin at the
head's centre. p_s is N(0, 1); p_e is 0..1. \`browInnerUp\` and \`cheekPuff\` are split into left and right halves, which ARKit
does not have; \`tongueOut\` is missing, for the head has no tongue. The eyeballs follow their sockets and turn with the
\`eyeLook\` modes; the inside of the mouth is a bag behind the lips that follows them and the jaw.

## Figures

${table.join('\n')}

## How it was made

\`${manifest.command}\`

${f.sampledHeads} heads are drawn from the source's prior and carried to the template; each counts with its mirror image. Rotation and
translation are removed, scale is kept. The metric of the PCA weighs by area, the face above the rest. Landmarks are found
by drawing the model, running the landmarker on the renders and looking up what lies under its points; then, where
photographs are given, each is moved by the median residual of fits to training people (contour points are not). The same
seed on the same machine gives the same bytes.

## Sources

${sources.join('\n')}

## Limits

- The heads behind it are those of ICT-FaceKit's scans: adults; its authors give no table of age, sex or origin. Children, faces
  after injury and rare anatomy lie outside.
- Its eyeballs are modelled large (radius 15 mm), because the lids of the source fit such balls.
- It has no tongue, lashes or hair, and its teeth are a surface to paint on. The full ICT-FaceKit head can be loaded instead.
- Jaw and forehead landmarks are those the landmarker draws on an outline; their deviation above says how firm they are.
`;
}
