/**
 * How far the random view of the joint fit's second identity term may go: the cosine of FaceRes between a head of the model
 * seen plainly (frontal, even light, neutral, from 1 m) and the same head under one random factor at a time, beside the
 * cosine between different heads seen plainly. A view in which a head is no more like itself than like another one teaches nothing.
 *
 *   npx tsx --conditions=source benchmarks/fit/random-view.ts [HEADS] [DRAWS]
 */
import {
  compileIdentityNetwork,
  embeddingSimilarity,
  faceCrop,
  faceResNetwork,
} from '@likeness/core/analysis';
import { axisAngleOf, multiply3, project, rotationMatrix, type PinholeCamera } from '@likeness/core/camera';
import { RANDOM_VIEW_DEFAULTS, randomView } from '@likeness/core/fitting/joint';
import type { Photo } from '@likeness/core/image';
import { ambientLight, directionalLight, type SphericalHarmonicsLight } from '@likeness/core/lighting';
import { evaluateModel, landmarkPositions } from '@likeness/core/model';
import { renderHead } from '@likeness/core/render';
import { evaluateLinearTexture } from '@likeness/core/texture';
import { random } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { loadHeadModel, loadLinearTexture, readAnalysisNetworks } from '@likeness/node';
import { mean, quantile, rounded, writeResult } from '../common.ts';

const HEADS = Number(process.argv[2] ?? 12);
const DRAWS = Number(process.argv[3] ?? 3);
const SIZE_PX = 448;

const model = await loadHeadModel('likeness-head');
const texture = await loadLinearTexture(model);
if (!texture) throw new Error('The linear texture model is not there.');
const network = await compileIdentityNetwork(faceResNetwork((await readAnalysisNetworks()).faceres), {
  runtime: nodeRuntime(),
  threads: 1,
});
const differentiable = faceResNetwork((await readAnalysisNetworks()).faceres);
const embedding = model.landmarks['mediapipe468'];
const neutral = new Float32Array(model.expression.count);
const seed = random.key(7);
const heads = Array.from({ length: HEADS }, (_, i) => {
  const [shape, skin] = random.split(random.foldIn(seed, i));
  return {
    identity: random.truncatedNormal(shape, [model.identity.count]),
    albedo: evaluateLinearTexture(texture, random.truncatedNormal(skin, [texture.modeCount])),
  };
});
const pivot = (() => {
  const points = landmarkPositions(model, embedding, model.mean);
  const middle = [0, 0, 0];
  for (let i = 0; i < points.length; i++) middle[i % 3] += (points[i] * 3) / points.length;
  return middle;
})();

interface View {
  readonly expression: Float32Array;
  readonly camera: PinholeCamera;
  readonly light: SphericalHarmonicsLight;
}

function camera(yaw: number, pitch: number, distanceMm: number): PinholeCamera {
  const turn = (degrees: number): number => (degrees * Math.PI) / 180;
  const r = multiply3(rotationMatrix([turn(pitch), 0, 0]), rotationMatrix([0, turn(yaw), 0]));
  const turned = [0, 3, 6].map((row) => r[row] * pivot[0] + r[row + 1] * pivot[1] + r[row + 2] * pivot[2]);
  return {
    widthPx: SIZE_PX,
    heightPx: SIZE_PX,
    focalPx: (SIZE_PX * distanceMm) / 320,
    principalPointPx: [SIZE_PX / 2, SIZE_PX / 2],
    rotation: axisAngleOf(r),
    translationMm: [-turned[0], -turned[1], -turned[2] - distanceMm],
  };
}

async function look(head: (typeof heads)[number], view: View): Promise<Float32Array> {
  const positions = evaluateModel(model, head.identity, view.expression);
  const points = project(view.camera, landmarkPositions(model, embedding, positions));
  const image = renderHead({
    model,
    positions,
    camera: view.camera,
    albedo: head.albedo,
    light: view.light,
    background: [128, 128, 128],
  }) as Photo;
  return network.embedCrop(faceCrop(differentiable, image, points).image);
}

const PLAIN: View = { expression: neutral, camera: camera(0, 0, 1000), light: ambientLight([0.9, 0.9, 0.9]) };
const plain: Float32Array[] = [];
for (const head of heads) plain.push(await look(head, PLAIN));
const different = plain.flatMap((a, i) => plain.slice(i + 1).map((b) => embeddingSimilarity(a, b)));

interface Row {
  readonly factor: string;
  /** Head under the factor against the same head seen plainly: mean and 5 % quantile. */
  readonly same: number;
  readonly low: number;
  /** Share of such views whose nearest plain head is the head itself. */
  readonly rank1: number;
  /** Against the other heads seen plainly. */
  readonly others: number;
}
const rows: Row[] = [];
async function measure(factor: string, draw: (key: random.RandomKey) => View, draws: number): Promise<void> {
  const same: number[] = [];
  const others: number[] = [];
  let first = 0;
  for (const [i, head] of heads.entries()) {
    for (let d = 0; d < draws; d++) {
      const seen = await look(head, draw(random.foldIn(random.foldIn(seed, 1000 + i), d)));
      const scores = plain.map((p) => embeddingSimilarity(p, seen));
      same.push(scores[i]);
      others.push(...scores.filter((_, j) => j !== i));
      if (scores.every((score, j) => j === i || score < scores[i])) first++;
    }
  }
  const row = {
    factor,
    same: rounded(mean(same)),
    low: rounded(quantile(same, 0.05)),
    rank1: rounded(first / same.length),
    others: rounded(mean(others)),
  };
  rows.push(row);
  console.log(
    `${factor.padEnd(34)} same ${row.same.toFixed(3)} (5%: ${row.low.toFixed(3)})  others ${row.others.toFixed(3)}  rank 1 ${(100 * row.rank1).toFixed(0)} %`,
  );
}

console.log(
  `different heads, plain: ${mean(different).toFixed(3)}, most ${Math.max(...different).toFixed(3)}`,
);
for (const yaw of [10, 20, 30, 45])
  await measure(`yaw ${yaw}°`, () => ({ ...PLAIN, camera: camera(yaw, 0, 1000) }), 1);
for (const pitch of [-15, 15])
  await measure(`pitch ${pitch}°`, () => ({ ...PLAIN, camera: camera(0, pitch, 1000) }), 1);
for (const distance of [250, 400, 2000])
  await measure(`distance ${distance} mm`, () => ({ ...PLAIN, camera: camera(0, 0, distance) }), 1);
const lit = (x: number, y: number, share: number): SphericalHarmonicsLight =>
  directionalLight(
    [x, y, 1],
    [0.9 * share, 0.9 * share, 0.9 * share],
    [0.9 * (1 - share), 0.9 * (1 - share), 0.9 * (1 - share)],
  );
await measure('light from above, half', () => ({ ...PLAIN, light: lit(0, 0.7, 0.5) }), 1);
await measure('light from the side, half', () => ({ ...PLAIN, light: lit(1, 0.3, 0.5) }), 1);
await measure('light from the side, 80 %', () => ({ ...PLAIN, light: lit(1, 0.3, 0.8) }), 1);
await measure('dimmer by half', () => ({ ...PLAIN, light: ambientLight([0.45, 0.45, 0.45]) }), 1);
await measure('warm', () => ({ ...PLAIN, light: ambientLight([1, 0.9, 0.8]) }), 1);
for (const [expressions, expressionStrength] of [
  [4, 0.4],
  [4, 0.8],
  [8, 0.8],
])
  await measure(
    `expression, up to ${expressions} at ${expressionStrength}`,
    (key) => ({
      ...PLAIN,
      expression: randomView(model, key, pivot, { expressions, expressionStrength }).expression,
    }),
    DRAWS,
  );
const drawn =
  (options: Parameters<typeof randomView>[3]) =>
  (key: random.RandomKey): View => {
    const view = randomView(model, key, pivot, options);
    return { expression: view.expression, camera: view.camera, light: { coefficients: view.light } };
  };
await measure('random view, defaults', drawn({}), DRAWS);
await measure(
  'random view, pose doubled',
  drawn({ yawDegrees: 24, pitchDegrees: 12, rollDegrees: 8 }),
  DRAWS,
);
await measure('random view, pose halved', drawn({ yawDegrees: 6, pitchDegrees: 3, rollDegrees: 2 }), DRAWS);
await network.dispose();
await writeResult('random-view', {
  heads: HEADS,
  draws: DRAWS,
  defaults: RANDOM_VIEW_DEFAULTS,
  different: { mean: rounded(mean(different)), most: rounded(Math.max(...different)) },
  rows,
});
