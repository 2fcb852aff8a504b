// Maps in another head's chart come over into ours: registration of a head whose correspondence is known, and what is refused.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateModel, type MorphableModel } from '@likeness/core/model';
import { rasterize } from '@likeness/core/render';
import { uvChart } from '@likeness/core/texture';
import { decodePhoto, encodePng, loadHeadModel, loadTemplateSkin } from '@likeness/node';
import { readDataset, resampleMap, resampleMaps, trainTexture } from '../../src/texture/index.ts';

const ICT = fileURLToPath(
  new URL('../../../../../shared/data/models/ict-facekit-head.json', import.meta.url),
);
const there = existsSync(ICT);
if (!there) console.warn(`SKIPPED: registration of the ICT head, because ${ICT} is absent.`);

let folder: string;
let model: MorphableModel;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'likeness-foreign-'));
  model = await loadHeadModel('likeness-head');
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Box that places are written as colours in, mm. */
const LOW = [-120, -200, -120];
const HIGH = [120, 200, 140];

/** A chart's texels, each with the place on the mean head that it shows. */
function placeMap(head: MorphableModel, size: number): Uint8Array {
  const corners = Float32Array.from({ length: (head.uvs.length / 2) * 3 }, (_, i) =>
    i % 3 === 2 ? 1 : head.uvs[Math.floor(i / 3) * 2 + (i % 3)] * size,
  );
  const { triangleIds, barycentrics } = rasterize(corners, head.uvTriangles, size, size);
  const data = new Uint8Array(size * size * 3).fill(128);
  for (let i = 0; i < size * size; i++)
    if (triangleIds[i] >= 0)
      for (let c = 0; c < 3; c++) {
        let place = 0;
        for (let k = 0; k < 3; k++)
          place += barycentrics[i * 3 + k] * head.mean[head.triangles[triangleIds[i] * 3 + k] * 3 + c];
        data[i * 3 + c] = Math.round((255 * (place - LOW[c])) / (HIGH[c] - LOW[c]));
      }
  return data;
}

function objText(positions: Float32Array, head: MorphableModel): string {
  const lines: string[] = [];
  for (let i = 0; i < positions.length; i += 3)
    lines.push(`v ${positions[i]} ${positions[i + 1]} ${positions[i + 2]}`);
  for (let i = 0; i < head.uvs.length; i += 2) lines.push(`vt ${head.uvs[i]} ${1 - head.uvs[i + 1]}`);
  for (let t = 0; t < head.triangles.length; t += 3)
    lines.push(
      `f ${[0, 1, 2].map((k) => `${head.triangles[t + k] + 1}/${head.uvTriangles[t + k] + 1}`).join(' ')}`,
    );
  return lines.join('\n');
}

describe('resampleMaps', () => {
  it.skipIf(!there)(
    'of another person, in centimetres and lying on the back, finds each texel to about a millimetre',
    async () => {
      const ict = await loadHeadModel(ICT);
      const person = evaluateModel(
        ict,
        Float32Array.from({ length: 20 }, (_, i) => 1.2 * Math.sin(3 * i + 1)),
        [],
      );
      const lying = person.map((_, i) => {
        const at = i - (i % 3);
        return [0.1 * person[at] + 3, -0.1 * person[at + 2] + 1, 0.1 * person[at + 1] + 150][i % 3];
      });
      const mesh = join(folder, 'ict.obj');
      writeFileSync(mesh, objText(lying, ict));
      const maps = join(folder, 'uv');
      mkdirSync(maps);
      const size = 512;
      const picture = { width: size, height: size, channels: 3 as const, data: placeMap(ict, size) };
      writeFileSync(join(maps, 'anna.png'), await encodePng(picture));
      const out = join(folder, 'maps');
      const options = {
        folder: maps,
        mesh,
        out,
        model,
        size: 256,
        splitOf: () => 'train' as const,
      };
      const { maps: made, chart } = await resampleMaps(options);
      expect(made).toHaveLength(1);
      expect(made[0]).toMatchObject({ id: 'uv-anna', person: 'uv-anna' });
      expect(made[0].faceSeen).toBeGreaterThan(0.95);
      expect(chart?.landmarkMm).toBeLessThan(3);
      expect(chart?.surfaceMm).toBeLessThan(0.5);
      // Both heads are one mean head: a texel of ours shows its own place.
      const found = await decodePhoto(join(out, made[0].albedo));
      const { triangleIds, barycentrics } = uvChart(model, 256);
      const errors: number[] = [];
      for (let i = 0; i < 256 * 256; i++) {
        const t = triangleIds[i];
        if ((chart?.confidence[i] ?? 0) < 0.5 || !(model.regions['face'][model.triangles[t * 3]] > 0.5))
          continue;
        const off = [0, 1, 2].map((c) => {
          let place = 0;
          for (let k = 0; k < 3; k++)
            place += barycentrics[i * 3 + k] * model.mean[model.triangles[t * 3 + k] * 3 + c];
          return LOW[c] + (found.data[i * 3 + c] / 255) * (HIGH[c] - LOW[c]) - place;
        });
        errors.push(Math.hypot(...off));
      }
      errors.sort((a, b) => a - b);
      expect(errors.length).toBeGreaterThan(15_000);
      expect(errors[errors.length >> 1]).toBeLessThan(1.6);
      expect(errors[Math.floor(0.95 * errors.length)]).toBeLessThan(4);
      // A second run registers nothing.
      const again = await resampleMaps(options);
      expect(again.chart).toBeUndefined();
      expect(again.maps).toEqual(made);
    },
    240_000,
  );

  it('says what is wrong with the mesh', async () => {
    const maps = join(folder, 'one');
    mkdirSync(maps, { recursive: true });
    const grey = { width: 8, height: 8, channels: 3 as const, data: new Uint8Array(192).fill(150) };
    writeFileSync(join(maps, 'a.png'), await encodePng(grey));
    const mesh = join(folder, 'square.obj');
    const run = (text: string): ReturnType<typeof resampleMaps> => {
      writeFileSync(mesh, text);
      return resampleMaps({
        folder: maps,
        mesh,
        out: join(folder, 'out'),
        model,
        size: 64,
        splitOf: () => 'train',
      });
    };
    const square = 'v 0 0 0\nv 1 0 0\nv 0 1 0\n';
    await expect(run(`${square}f 1 2 3`)).rejects.toThrow(/square\.obj has no texture coordinates/);
    await expect(run('v 0 0')).rejects.toThrow(/train texture: The mesh .* cannot be read at line 1/);
    await expect(run(`${square}vt 0 0\nvt 1 0\nvt 0 1\nf 1/1 2/2 3/3`)).rejects.toThrow(
      /no face is found on the mesh of the maps/,
    );
    const landmarks = join(folder, 'landmarks.json');
    writeFileSync(landmarks, '{"landmarks": [30, 8, 36], "vertices": [0, 1, 9]}');
    await expect(
      resampleMaps({
        folder: maps,
        mesh,
        landmarks,
        out: join(folder, 'out'),
        model,
        size: 64,
        splitOf: () => 'train',
      }),
    ).rejects.toThrow(/name landmarks or vertices that there are not/);
    await expect(trainTexture({ out: join(folder, 'none'), model })).rejects.toThrow(
      /neither photographs nor ready-made maps/,
    );
    await expect(readDataset(join(folder, 'none'))).rejects.toThrow(/holds no dataset/);
  });
});

describe('resampleMap', () => {
  it("takes what corresponds and completes the rest with the template in the map's tone", async () => {
    const size = 128;
    const plane = size * size;
    const template = await loadTemplateSkin(model);
    // The left half of our chart shows the other map upside down; nothing else corresponds.
    const uv = new Float32Array(plane * 2);
    const confidence = new Float32Array(plane);
    for (let i = 0; i < plane; i++) {
      const [x, y] = [(i % size) + 0.5, Math.floor(i / size) + 0.5];
      uv.set([x / size, 1 - y / size], i * 2);
      confidence[i] = x < size / 2 ? 1 : 0;
    }
    const picture = {
      width: size,
      height: size,
      channels: 3 as const,
      data: Uint8Array.from(
        { length: plane * 3 },
        (_, i) => [90, 60, 40][i % 3] + Math.floor(i / 3 / size) / 4,
      ),
    };
    const chart = { size, uv, confidence, landmarkMm: 0, surfaceMm: 0 };
    const { albedo, tone, seen } = resampleMap(model, chart, picture, template);
    const at = (x: number, y: number): number[] =>
      Array.from(albedo.data.subarray((y * size + x) * 3, (y * size + x) * 3 + 3));
    const row = 40;
    for (const x of [40, 50]) {
      const wanted = [90, 60, 40].map((value) => value + (size - 1 - row) / 4);
      at(x, row).forEach((value, c) => expect(Math.abs(value - wanted[c])).toBeLessThanOrEqual(1));
    }
    // As dark on the other side: the template there is twice as light.
    expect(at(90, row)[0]).toBeLessThan(150);
    expect(at(90, row)[0]).toBeGreaterThan(80);
    expect(tone[0]).toBeGreaterThan(tone[2]);
    expect(seen).toBeCloseTo(0.5, 1);
  });
});
