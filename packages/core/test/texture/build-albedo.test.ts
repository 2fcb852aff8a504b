import { beforeAll, describe, expect, it } from 'vitest';
import {
  ambientLight,
  directionalLight,
  shadeNormals,
  type SphericalHarmonicsLight,
} from '../../src/lighting/index.ts';
import { vertexNormals } from '../../src/geometry/index.ts';
import { linearToSrgb8, SRGB8_TO_LINEAR, type Image } from '../../src/image/index.ts';
import { renderHead } from '../../src/render/index.ts';
import { importIctFaceKit, landmarkPositions, type MorphableModel } from '../../src/model/index.ts';
import { buildAlbedo, type AlbedoResult } from '../../src/texture/build-albedo.ts';
import { paintLashLine } from '../../src/texture/lash-line.ts';
import { paintNostrils } from '../../src/texture/nostrils.ts';
import { uvChart, type UvChart } from '../../src/texture/uv-chart.ts';
import { HAS_ICT, readIct } from '../model/shared-data.ts';
import { knownTruth, logError, patternAlbedo, TONES, type KnownTruth } from './known-truth.ts';

const SIZE = 512;
const SOFT = directionalLight([-0.6, 0.5, 0.7], [0.9, 0.85, 0.8], [0.25, 0.27, 0.3]);
const HARD = directionalLight([0.9, 0.1, 0.3], [1.1, 1.05, 0.95], [0.22, 0.22, 0.25]);

/** Shading at the normals of the front of a head, for comparing lights by their shape. */
function frontShading(light: SphericalHarmonicsLight): Float32Array {
  const normals: number[] = [];
  for (let i = 0; i < 300; i++) {
    const z = 1 - (2 * i + 1) / 800;
    const angle = i * 2.399963;
    normals.push(Math.sqrt(1 - z * z) * Math.cos(angle), Math.sqrt(1 - z * z) * Math.sin(angle), z);
  }
  return shadeNormals(light, Float32Array.from(normals));
}

/** Sine of the angle between two lights' shadings: 0 when they differ by a factor only. */
function lightMismatch(a: SphericalHarmonicsLight, b: SphericalHarmonicsLight): number {
  const x = frontShading(a);
  const y = frontShading(b);
  const dot = (p: Float32Array, q: Float32Array): number => p.reduce((sum, v, i) => sum + v * q[i], 0);
  return Math.sqrt(Math.max(0, 1 - dot(x, y) ** 2 / (dot(x, x) * dot(y, y))));
}

/** Median |log(render / photo)| over the photo's masked pixels, gain and all. */
function reprojectionError(model: MorphableModel, truth: KnownTruth, result: AlbedoResult): number {
  const { camera, positions, photo } = truth;
  const again = renderHead({
    model,
    positions,
    camera,
    albedo: result.albedo,
    light: result.light,
    supersample: 2,
  });
  const { box, image } = result.mask;
  const errors: number[] = [];
  for (let y = 0; y < photo.height; y++) {
    for (let x = 0; x < photo.width; x++) {
      const column = Math.floor(((x + 0.5 - box.x) / box.width) * image.width);
      const row = Math.floor(((y + 0.5 - box.y) / box.height) * image.height);
      if (column < 0 || row < 0 || column >= image.width || row >= image.height) continue;
      if (image.data[row * image.width + column] < 0.95) continue;
      const i = (y * photo.width + x) * 3 + 1;
      errors.push(
        Math.abs(
          Math.log(SRGB8_TO_LINEAR[again.data[i]] + 0.003) - Math.log(SRGB8_TO_LINEAR[photo.data[i]] + 0.003),
        ),
      );
    }
  }
  return errors.toSorted((a, b) => a - b)[errors.length >> 1];
}

/** Mean over texels of log(a / b) in linear light. */
function meanLogRatio(a: Image, b: Image, channel: number, where: (i: number) => boolean): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < a.width * a.height; i++) {
    if (!where(i)) continue;
    const log = (image: Image): number => Math.log(SRGB8_TO_LINEAR[image.data[i * 3 + channel]] + 0.003);
    sum += log(a) - log(b);
    count++;
  }
  return sum / count;
}

/** The albedo as a photograph shows it: pale gloss where it faces the camera, shade where it turns away. */
function shadedRim(model: MorphableModel, albedo: Image): Image {
  const { triangleIds } = uvChart(model, albedo.width);
  const normals = vertexNormals(model.mean, model.triangles);
  const data = albedo.data.slice();
  for (let i = 0; i < triangleIds.length; i++) {
    if (triangleIds[i] < 0) continue;
    const facing = Math.max(0, normals[model.triangles[triangleIds[i] * 3] * 3 + 2]);
    const shade = 0.6 + 0.4 * Math.min(1, Math.max(0, (facing - 0.3) / 0.4));
    for (let c = 0; c < 3; c++) {
      const matte = shade * SRGB8_TO_LINEAR[data[i * 3 + c]];
      data[i * 3 + c] = linearToSrgb8(matte + 0.05 * facing ** 12);
    }
  }
  return { ...albedo, data };
}

/** Median L*, a* and b* of the chosen texels. */
function medianLab(image: Image, choose: (texel: number) => boolean): number[] {
  const values: number[][] = [[], [], []];
  const f = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  for (let i = 0; i < image.width * image.height; i++) {
    if (!choose(i)) continue;
    const [r, g, b] = [0, 1, 2].map((c) => SRGB8_TO_LINEAR[image.data[i * 3 + c]]);
    const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
    const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
    const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
    for (const [k, value] of [116 * y - 16, 500 * (x - y), 200 * (y - z)].entries()) values[k].push(value);
  }
  return values.map((list) => list.toSorted((a, b) => a - b)[list.length >> 1]);
}

/** Median linear RGB of the chosen texels. */
function medianRgb(image: Image, choose: (texel: number) => boolean): number[] {
  return [0, 1, 2].map((c) => {
    const values: number[] = [];
    for (let i = 0; i < image.width * image.height; i++)
      if (choose(i)) values.push(SRGB8_TO_LINEAR[image.data[i * 3 + c]]);
    return values.toSorted((a, b) => a - b)[values.length >> 1];
  });
}

describe.runIf(HAS_ICT)('buildAlbedo on photographs of known truth', () => {
  let model: MorphableModel;
  let chart: UvChart;
  beforeAll(() => {
    const { json, bin } = readIct('ict-facekit-head');
    model = importIctFaceKit(json, bin);
    chart = uvChart(model, SIZE);
  });
  const covered = (i: number): boolean => chart.triangleIds[i] >= 0;
  const run = (
    tone: keyof typeof TONES,
    light: SphericalHarmonicsLight,
    yaw: number,
  ): [KnownTruth, AlbedoResult] => {
    const truth = knownTruth(model, patternAlbedo(model, TONES[tone], SIZE, 0.12), light, yaw);
    return [truth, buildAlbedo({ ...truth, model, size: SIZE })];
  };

  it.each([
    ['light', 'soft', 0],
    ['dark', 'soft', 0],
    ['light', 'hard', 0],
    ['dark', 'hard', 40],
  ] as const)(
    'recovers %s skin under %s light at %i degrees within 5 per cent where it is seen',
    (tone, name, yaw) => {
      const light = name === 'soft' ? SOFT : HARD;
      const [truth, result] = run(tone, light, yaw);
      const error = logError(result.albedo, truth.albedo, (i) => covered(i) && result.seen.data[i] > 0.9);
      expect(error.count).toBeGreaterThan(20000);
      expect(error.rms).toBeLessThan(0.05);
      expect(lightMismatch(result.light, light)).toBeLessThan(0.15);
      // What the tone takes, the light must give: rendered together they are the photo again.
      expect(reprojectionError(model, truth, result)).toBeLessThan(0.05);
    },
  );

  it('completes the unseen side from the mirrored one within 6%', () => {
    const [truth, result] = run('light', SOFT, 40);
    const mirror = chart.mirror as Int32Array;
    const unseen = (i: number): boolean =>
      covered(i) && result.seen.data[i] < 0.05 && mirror[i] >= 0 && result.seen.data[mirror[i]] > 0.95;
    const error = logError(result.albedo, truth.albedo, unseen);
    expect(error.count).toBeGreaterThan(5000);
    expect(error.rms).toBeLessThan(0.06);
  });

  it('takes strength and colour of a light that is known: no tone is left to guess, and lobes the face cannot tell do no harm', () => {
    const truth = knownTruth(model, patternAlbedo(model, TONES.dark, SIZE, 0.12), SOFT, 0);
    // Beside the true light, green from below and behind: where the face is lit well it is the same.
    const coefficients = SOFT.coefficients.slice();
    for (const [i, value] of directionalLight([0, -1, -0.6], [0, 0.5, 0]).coefficients.entries())
      coefficients[i] += value;
    const input = { ...truth, model, size: SIZE };
    const [exact, tinted] = [SOFT, { coefficients }].map((light) => buildAlbedo({ ...input, light }));
    const seen = (i: number): boolean => covered(i) && exact.seen.data[i] > 0.9;
    const bias = (result: AlbedoResult): number =>
      Math.max(...[0, 1, 2].map((c) => Math.abs(meanLogRatio(result.albedo, truth.albedo, c, seen))));
    // Dark skin is where the guess of the split errs most.
    expect(bias(exact)).toBeLessThan(0.02);
    expect(bias(exact)).toBeLessThan(bias(buildAlbedo(input)) + 0.01);
    expect(bias(tinted)).toBeLessThan(0.05);
  });

  it('gives the same skin under two lights, though the photographs differ', () => {
    const [softTruth, soft] = run('light', ambientLight([0.8, 0.78, 0.75]), 0);
    const [hardTruth, hard] = run('light', HARD, 0);
    const both = (i: number): boolean => covered(i) && soft.seen.data[i] > 0.9 && hard.seen.data[i] > 0.9;
    expect(logError(soft.albedo, hard.albedo, both).rms).toBeLessThan(0.05);
    // The photographs' own difference over the face, for scale.
    const face = (i: number): boolean => {
      const x = (i % 720) / 720 - 0.5;
      const y = Math.floor(i / 720) / 720 - 0.55;
      return Math.hypot(x / 0.13, y / 0.17) < 1;
    };
    expect(logError(softTruth.photo, hardTruth.photo, face).rms).toBeGreaterThan(0.2);
  });

  it('leaves no seam where photo and completion meet, and no background on the skin', () => {
    const [, result] = run('light', SOFT, 0);
    const { data } = result.albedo;
    const step = (i: number): number =>
      Math.max(...[0, 1, 2].map((c) => Math.abs(data[i * 3 + c] - data[(i + 1) * 3 + c])));
    // The lashes' line is painted as a line, the nostrils as holes; everything else must be smooth.
    const lashes = new Uint8Array(SIZE * SIZE * 3).fill(255);
    paintLashLine(chart, model, new Float32Array(9).fill(2), [0.1, 0.1, 0.1], lashes);
    paintNostrils(chart, model, [0.1, 0.1, 0.1], lashes);
    const seam: number[] = [];
    const inside: number[] = [];
    for (let i = 0; i + 1 < SIZE * SIZE; i++) {
      if (!covered(i) || !covered(i + 1) || (i + 1) % SIZE === 0) continue;
      if (lashes[i * 3] < 255 || lashes[i * 3 + 3] < 255) continue;
      const seen = result.seen.data[i];
      if (seen > 0.1 && seen < 0.9) seam.push(step(i));
      else if (seen >= 0.99) inside.push(step(i));
    }
    const mean = (x: number[]): number => x.reduce((a, b) => a + b, 0) / x.length;
    expect(seam.length).toBeGreaterThan(1000);
    expect(mean(seam)).toBeLessThan(1.2 * mean(inside));
    expect(Math.max(...seam)).toBeLessThan(24);
    // The background is bluer than any skin: red must lead everywhere.
    let blue = 0;
    for (let i = 0; i < SIZE * SIZE; i++) if (covered(i) && data[i * 3] <= data[i * 3 + 2]) blue++;
    expect(blue).toBe(0);
  });

  it('continues the skin that is seen over scalp, ears and neck, though gloss pales the face and its rim is in shade', () => {
    const even = patternAlbedo(model, TONES.light, SIZE, 0.05);
    const truth = knownTruth(model, shadedRim(model, even), SOFT, 0);
    const result = buildAlbedo({ ...truth, model, size: SIZE });
    const middle = (from: number, to: number): number[] =>
      medianLab(result.albedo, (i) => covered(i) && result.seen.data[i] >= from && result.seen.data[i] <= to);
    const [seen, rest] = [middle(0.95, 1), middle(0, 0.01)];

    // 0.02 and 0.24; with the template's own difference between face and scalp, and the rim left as it is, 1.8 and 0.6.
    expect(Math.abs(rest[0] - seen[0])).toBeLessThan(0.8);
    expect(Math.hypot(rest[1] - seen[1], rest[2] - seen[2])).toBeLessThan(0.4);
  });

  it('takes yellow that skin reflects onto itself for light, and leaves brown brows brown', () => {
    const albedo = patternAlbedo(model, TONES.light, SIZE, 0.05);
    const points = landmarkPositions(model, model.landmarks['mediapipe468'], model.mean);
    // The lids under the brows are yellower only, the brows brown.
    const spots = [
      { landmarks: [222, 442], gain: [1, 0.95, 0.65] },
      { landmarks: [52, 282], gain: [0.3, 0.25, 0.16] },
    ];
    const within = (i: number, landmarks: readonly number[], mm: number): boolean => {
      if (!covered(i)) return false;
      const p = [0, 1, 2].map((c) => {
        let at = 0;
        for (let k = 0; k < 3; k++)
          at +=
            chart.barycentrics[i * 3 + k] * model.mean[model.triangles[chart.triangleIds[i] * 3 + k] * 3 + c];
        return at;
      });
      return landmarks.some((n) => Math.hypot(...p.map((x, c) => x - points[n * 3 + c])) < mm);
    };
    for (const { landmarks, gain } of spots)
      for (let i = 0; i < SIZE * SIZE; i++)
        if (within(i, landmarks, 4.5))
          for (let c = 0; c < 3; c++)
            albedo.data[i * 3 + c] = linearToSrgb8(SRGB8_TO_LINEAR[albedo.data[i * 3 + c]] * gain[c]);
    const result = buildAlbedo({ ...knownTruth(model, albedo, SOFT, 0), model, size: SIZE });
    /** log(B/G) of the spots' middles over that of all skin. */
    const [lid, brow] = spots.map(({ landmarks }) => {
      const [spot, skin] = [
        (i: number): boolean => within(i, landmarks, 3),
        (i: number): boolean => covered(i) && result.seen.data[i] > 0.9,
      ].map((choose) => medianRgb(result.albedo, choose));
      return Math.log(spot[2] / spot[1]) - Math.log(skin[2] / skin[1]);
    });
    // -0.07 and -0.41; unheld the lids were at -0.30.
    expect(lid).toBeGreaterThan(-0.12);
    expect(brow).toBeLessThan(-0.2);
  });

  it('is deterministic and says when much of the face is hidden', () => {
    const [truth, first] = run('light', SOFT, 0);
    const second = buildAlbedo({ ...truth, model, size: SIZE });
    expect(Buffer.compare(Buffer.from(first.albedo.data), Buffer.from(second.albedo.data))).toBe(0);
    const [, profile] = run('light', SOFT, 90);
    expect(profile.faceSeen).toBeLessThan(first.faceSeen);
    expect(profile.warnings.some((text) => text.includes('completed'))).toBe(true);
  });

  it('rejects what does not fit together in one sentence', () => {
    const truth = knownTruth(model, patternAlbedo(model, TONES.light, 64, 0), SOFT);
    expect(() => buildAlbedo({ ...truth, model, size: 100.5 })).toThrow(/multiple of 4/);
    expect(() => buildAlbedo({ ...truth, model, landmarks: truth.landmarks.subarray(0, 68 * 3) })).toThrow(
      /\[478, 3\]/,
    );
    expect(() => buildAlbedo({ ...truth, model, positions: truth.positions.subarray(3) })).toThrow(
      /vertices/,
    );
    const away = { ...truth.camera, translationMm: [5000, 0, -850] as const };
    expect(() => buildAlbedo({ ...truth, model, camera: away })).toThrow(/outside of the photo/);
  });
});
