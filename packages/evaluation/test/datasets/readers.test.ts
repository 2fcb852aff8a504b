import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeGlb } from '@likeness/core/export';
import { describe, expect, it } from 'vitest';
import {
  histogramCurve,
  histogramFigures,
  histogramOf,
  joinHistograms,
} from '../../src/datasets/histogram.ts';
import { readLjson, readNpy, readPickedPoints, readPointText } from '../../src/datasets/read-landmarks.ts';
import { readMesh } from '../../src/datasets/read-mesh.ts';
import { readObj, writeObjText } from '../../src/datasets/read-obj.ts';
import { readPly } from '../../src/datasets/read-ply.ts';
import { npy } from './miniature.ts';
import { temporaryFolder } from './temporary-folder.ts';

const DATA = join(import.meta.dirname, '../../../../../shared/data');
const SQUARE = [0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0];

describe('OBJ', () => {
  it('reads polygons, negative indices, colours and texture coordinates in the file order', () => {
    const mesh = readObj(
      '# x\nv 0 0 0 1 0 0\nv 1 0 0 0 1 0\nv 1 1 0 0 0 1\nv 0 1 0 1 1 1\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nf 1/1 2/2 3/3 4/4\n',
      'a.obj',
    );
    expect([...mesh.positions]).toEqual(SQUARE);
    expect([...mesh.triangles]).toEqual([0, 1, 2, 0, 2, 3]);
    expect([...(mesh.colours ?? [])].slice(0, 3)).toEqual([1, 0, 0]);
    expect([...(mesh.uvs ?? [])].slice(0, 2)).toEqual([0, 1]);
    expect([...readObj('v 0 0 0\nv 1 0 0\nv 0 1 0\nf -3 -2 -1', 'b.obj').triangles]).toEqual([0, 1, 2]);
  });

  it('writes what it reads', () => {
    const mesh = readObj(writeObjText(SQUARE, [0, 1, 2, 0, 2, 3]), 'c.obj');
    expect([...mesh.positions]).toEqual(SQUARE);
  });

  it.each([
    ['', /holds no vertices/],
    ['v 0 0 zero', /cannot be read at line 1/],
    ['v 0 0 0\nf 1 2 3', /face of vertex 2 but only 1/],
    ['v 0 0 0\nf 0 1 1', /cannot be read at line 2/],
  ])('refuses %j in one sentence', (text, message) => {
    expect(() => readObj(text, 'bad.obj')).toThrow(message);
  });
});

describe('PLY', () => {
  const header = (format: string): string =>
    `ply\nformat ${format} 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\nproperty uchar red\nproperty uchar green\nproperty uchar blue\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n`;

  it('reads ASCII and binary alike', () => {
    const ascii = readPly(
      Buffer.from(`${header('ascii')}0 0 0 255 0 0\n1 0 0 0 0 0\n1 1 0 0 0 0\n0 1 0 0 0 0\n4 0 1 2 3\n`),
      'a.ply',
    );
    const body = Buffer.alloc(4 * 15 + 1 + 16);
    for (let v = 0; v < 4; v++) {
      for (let c = 0; c < 3; c++) body.writeFloatLE(SQUARE[v * 3 + c], v * 15 + c * 4);
      body[v * 15 + 12] = v === 0 ? 255 : 0;
    }
    body[60] = 4;
    for (let k = 0; k < 4; k++) body.writeInt32LE(k, 61 + 4 * k);
    const binary = readPly(Buffer.concat([Buffer.from(header('binary_little_endian')), body]), 'b.ply');
    for (const mesh of [ascii, binary]) {
      expect([...mesh.positions]).toEqual(SQUARE);
      expect([...mesh.triangles]).toEqual([0, 1, 2, 0, 2, 3]);
      expect(mesh.colours?.[0]).toBe(255);
    }
  });

  it('refuses what is cut short or of another format', () => {
    expect(() => readPly(Buffer.from(`${header('ascii')}0 0 0`), 'a.ply')).toThrow(/cut short/);
    expect(() => readPly(Buffer.from(header('binary_big_endian')), 'a.ply')).toThrow(
      /binary_big_endian is not read/,
    );
    expect(() => readPly(Buffer.from('solid'), 'a.ply')).toThrow(/no PLY header/);
  });
});

describe('readMesh', () => {
  const folder = temporaryFolder();

  it('reads the GLB that the product writes', async () => {
    const glb = await writeGlb({
      name: 'head',
      mesh: {
        positions: Float32Array.from(SQUARE, (x) => 1000 * x),
        triangles: Uint32Array.of(0, 1, 2, 0, 2, 3),
        uvs: Float32Array.of(0, 0, 1, 0, 1, 1, 0, 1),
        uvTriangles: Uint32Array.of(0, 1, 2, 0, 2, 3),
      },
      parts: [
        {
          name: 'skin',
          triangleStart: 0,
          triangleCount: 2,
          material: { name: 'skin', roughness: 0.6, textured: false, baseColor: [1, 1, 1] },
        },
      ],
      morphs: { names: [], deltas: new Float32Array(0), weights: new Float32Array(0) },
      scaleFactor: 1,
      provenance: {
        generator: 'test',
        modelName: 'toy',
        modelVersion: '1',
        licence: 'MIT',
        scaleBasis: 'model',
        scaleRelativeUncertainty: 0,
      },
    });
    const mesh = await readMesh(folder.write('head.glb', glb));
    expect(mesh.triangles.length).toBe(6);
    expect(Math.max(...mesh.positions)).toBeCloseTo(1, 5);
  });

  it('says what is wrong with a file', async () => {
    await expect(readMesh(join(folder.path, 'none.obj'))).rejects.toThrow(/cannot be opened/);
    await expect(readMesh(folder.write('head.stl', 'solid'))).rejects.toThrow(/give GLB, OBJ, PLY or VTK/);
    await expect(readMesh(folder.write('bad.glb', 'glTF'))).rejects.toThrow(/one binary glTF file/);
    await expect(
      readMesh(folder.write('bad.vtk', '# vtk DataFile Version 3.0\nx\nBINARY\n')),
    ).rejects.toThrow(/not in ASCII/);
  });

  it('reads a real scan in VTK with its texture', async () => {
    const file = join(DATA, 'scans/fran_cut/fran_cut.vtk');
    if (!existsSync(file)) {
      console.warn(`SKIPPED: the VTK scan needs ${file}.`);
      return;
    }
    const mesh = await readMesh(file);
    expect(mesh.positions.length).toBe(2205 * 3);
    expect(mesh.triangles.length).toBe(4224 * 3);
    expect(mesh.texture?.width).toBe(256);
  });
});

describe('landmark files', () => {
  const points = Float64Array.from({ length: 21 }, (_, i) => i / 7);

  it('reads NumPy arrays, picked points and text alike', () => {
    expect([...readNpy(npy(points), 'a.npy').data]).toEqual([...points]);
    expect(readNpy(npy(points), 'a.npy').shape).toEqual([7, 3]);
    const rows = Array.from({ length: 7 }, (_, i) => Array.from(points.subarray(3 * i, 3 * i + 3)));
    const tags = rows.map(([x, y, z], i) => `<point name="${i}" active="1" z="${z}" y="${y}" x="${x}"/>`);
    expect([...readPickedPoints(`<PickedPoints>${tags.join('\n')}</PickedPoints>`, 7, 'a.pp')]).toEqual([
      ...points,
    ]);
    expect([...readPointText(rows.map((row) => row.join(' ')).join('\n'), 7, 'a.txt')]).toEqual([...points]);
  });

  it('refuses other counts and other files', () => {
    expect(() => readPickedPoints('<PickedPoints/>', 7, 'a.pp')).toThrow(/a\.pp should hold 7 points/);
    expect(() => readNpy(Buffer.from('not numpy'), 'a.npy')).toThrow(/no NumPy file/);
    expect(() => readLjson('{}', 'a.ljson')).toThrow(/should hold 68 points/);
    expect(() => readLjson('{', 'a.ljson')).toThrow(/no JSON/);
  });

  it("reads GANFIT's own landmark files in their true layout", () => {
    const file = join(
      DATA,
      'benchmarks/micc/raw/MICC_landmarks/subject_01/Model/frontal1/obj/110920150452.ljson',
    );
    if (!existsSync(file)) {
      console.warn(`SKIPPED: the original landmark file needs ${file}.`);
      return;
    }
    const marks = readLjson(readFileSync(file, 'utf8'), file);
    // Millimetres: the outer eye corners (36, 45) are 8 to 11 cm apart.
    const eyes = Math.hypot(...[0, 1, 2].map((c) => marks[36 * 3 + c] - marks[45 * 3 + c]));
    expect(eyes).toBeGreaterThan(70);
    expect(eyes).toBeLessThan(120);
  });
});

describe('histograms of distances', () => {
  it('keep mean and deviation exactly and the median to half a bin', () => {
    const distances = Float64Array.from({ length: 2001 }, (_, i) => (i / 2000) ** 2 * 4);
    const [left, right] = [histogramOf(distances.subarray(0, 700)), histogramOf(distances.subarray(700))];
    const joined = joinHistograms([left, right]);
    const figures = histogramFigures(joined);
    const mean = distances.reduce((a, b) => a + b, 0) / distances.length;
    expect(figures.meanMm).toBeCloseTo(mean, 10);
    expect(figures.medianMm).toBeCloseTo(1, 2);
    const spread = distances.reduce((sum, x) => sum + (x - mean) ** 2, 0) / distances.length;
    expect(figures.stdMm).toBeCloseTo(Math.sqrt(spread), 10);
    const curve = histogramCurve(joined, 4, 5);
    expect([...curve.fraction].map((x) => Number(x.toFixed(2)))).toEqual([0, 0.5, 0.71, 0.87, 1]);
  });
});
