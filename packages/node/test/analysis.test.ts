/** The analysis as a whole on Node: decoder, networks and runtime together. Core cannot test this, it holds no files. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAnalyser, embeddingSimilarity, type Analyser } from '@likeness/core/analysis';
import type { Photo } from '@likeness/core/image';
import { nodeRuntime } from '@likeness/graph/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePhoto, readAnalysisNetworks } from '../src/index.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const DATA = join(ROOT, '..', 'shared', 'data');
const hasData = existsSync(join(DATA, 'photos'));
if (!hasData)
  console.warn('SKIPPED: tests of the analysis on photographs need ../shared/data beside the repository.');

let analyser: Analyser;
let portrait: Photo;
beforeAll(async () => {
  analyser = await createAnalyser(await readAnalysisNetworks(), { runtime: nodeRuntime() });
  portrait = await decodePhoto(join(ROOT, 'examples', 'astronaut.jpg'));
});
afterAll(async () => {
  await analyser.dispose();
});

/** Turned by quarter turns clockwise. */
function turn(photo: Photo): Photo {
  const { width, height, data } = photo;
  const out = new Uint8Array(data.length);
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < height; x++) {
      const from = ((height - 1 - x) * width + y) * 3;
      out.set(data.subarray(from, from + 3), (y * height + x) * 3);
    }
  }
  return { width: height, height: width, channels: 3, data: out };
}

describe('the example portrait', () => {
  it('has one upright face with landmarks, pose and a unit-length embedding', async () => {
    const faces = await analyser.analyse(portrait);
    expect(faces).toHaveLength(1);
    const [{ landmarks, points68, pose, embedding, detection }] = faces;
    expect(landmarks.points).toHaveLength(478 * 3);
    expect(landmarks.confidence).toBeGreaterThan(0.99);
    expect(points68).toHaveLength(136);
    for (const angle of [pose.rollDegrees, pose.yawDegrees, pose.pitchDegrees])
      expect(Math.abs(angle)).toBeLessThan(12);
    expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
    const { box } = detection;
    expect(box.width).toBeGreaterThan(80);
    expect(box.width).toBeLessThan(130);
    // Irises lie within their lids, edges on the sides that their order promises.
    const at = (i: number): [number, number] => [landmarks.points[i * 3], landmarks.points[i * 3 + 1]];
    for (const [first, inner, outer] of [
      [468, 133, 33],
      [473, 362, 263],
    ]) {
      const [x, y] = at(first);
      expect(x).toBeGreaterThan(Math.min(at(inner)[0], at(outer)[0]));
      expect(x).toBeLessThan(Math.max(at(inner)[0], at(outer)[0]));
      expect(at(first + 1)[0]).toBeGreaterThan(x);
      expect(at(first + 2)[1]).toBeLessThan(y);
      expect(at(first + 3)[0]).toBeLessThan(x);
      expect(at(first + 4)[1]).toBeGreaterThan(y);
    }
  });

  it('is analysed to the same numbers every time', async () => {
    const [first] = await analyser.analyse(portrait);
    const [second] = await analyser.analyse({ ...portrait });
    expect(second.landmarks.points).toEqual(first.landmarks.points);
    expect(second.embedding).toEqual(first.embedding);
  });

  it('keeps landmarks and identity when the picture lies on its side or stands on its head', async () => {
    const [upright] = await analyser.analyse(portrait);
    const eyes = Math.hypot(
      upright.landmarks.points[33 * 3] - upright.landmarks.points[263 * 3],
      upright.landmarks.points[33 * 3 + 1] - upright.landmarks.points[263 * 3 + 1],
    );
    let photo = portrait;
    let expected = upright.landmarks.points.slice();
    for (const degrees of [90, 180, 270]) {
      const height = photo.height;
      expected = expected.map((value, i) =>
        i % 3 === 0 ? height - expected[i + 1] : i % 3 === 1 ? expected[i - 1] : value,
      );
      photo = turn(photo);
      const faces = await analyser.analyse(photo);
      expect(faces, `turned by ${degrees}`).toHaveLength(1);
      const { points } = faces[0].landmarks;
      let sum = 0;
      for (let i = 0; i < 468; i++) {
        sum += Math.hypot(points[i * 3] - expected[i * 3], points[i * 3 + 1] - expected[i * 3 + 1]);
      }
      expect(sum / 468 / eyes, `turned by ${degrees}`).toBeLessThan(0.02);
      expect(embeddingSimilarity(faces[0].embedding, upright.embedding)).toBeGreaterThan(0.95);
    }
  });
});

describe('pictures without a face', () => {
  it('yield none: flat grey, noise, a ramp, a single pixel', async () => {
    const make = (size: number, value: (i: number) => number): Photo => ({
      width: size,
      height: size,
      channels: 3,
      data: Uint8Array.from({ length: size * size * 3 }, (_, i) => value(i)),
    });
    for (const photo of [
      make(300, () => 128),
      make(300, (i) => (i * 7919) % 251),
      make(300, (i) => (i / 1200) & 255),
      make(1, () => 40),
    ]) {
      expect(await analyser.analyse(photo)).toEqual([]);
    }
  });
});

describe.skipIf(!hasData)('photographs of the shared data', () => {
  for (const [name, count] of [
    ['group_montage6.jpg', 6],
    ['two_people.jpg', 2],
    ['camera.png', 1],
    ['max_bryan.png', 1],
    ['noface_cat.png', 0],
    ['noface_fox.jpg', 0],
    ['noface_forest.jpg', 0],
    ['cartoon_face.png', 0],
  ] as const) {
    it(`${name}: ${count}`, async () => {
      const faces = await analyser.analyse(await decodePhoto(join(DATA, 'photos', name)));
      expect(faces).toHaveLength(count);
      const widths = faces.map((face) => face.detection.box.width * face.detection.box.height);
      expect(widths).toEqual(widths.toSorted((a, b) => b - a));
    });
  }

  it('landmarks agree with human annotation to 2.5% of the eye distance on average', async () => {
    const mapping = JSON.parse(await readFile(join(DATA, 'faces', 'tem_keypoints.json'), 'utf8')) as {
      ibug68ToTem189: Record<string, number>;
    };
    for (const id of ['001', '030', '066']) {
      const photoPath = join(DATA, 'faces', 'london-neutral', `${id}.jpg`);
      const lines = (await readFile(photoPath.replace('.jpg', '.tem'), 'utf8')).split('\n').slice(1, 190);
      const template = lines.map((line) => line.split('\t').map(Number));
      const [{ points68 }] = await analyser.analyse(await decodePhoto(photoPath));
      const eyes = Math.hypot(template[18][0] - template[27][0], template[18][1] - template[27][1]);
      let sum = 0;
      const entries = Object.entries(mapping.ibug68ToTem189);
      for (const [ibug, tem] of entries) {
        const i = Number(ibug) * 2;
        sum += Math.hypot(points68[i] - template[tem][0], points68[i + 1] - template[tem][1]) / eyes;
      }
      expect(sum / entries.length, `london ${id}`).toBeLessThan(0.025);
    }
  });
});
