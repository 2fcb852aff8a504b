import { describe, expect, it } from 'vitest';
import { vertexNormals } from '@likeness/core/geometry';
import {
  ARKIT_NAMES,
  evaluateModel,
  importIctFaceKit,
  landmarkPositions,
  ModelFileError,
} from '@likeness/core/model';
import { HAS_ICT, readIct } from './shared-data.ts';

describe.skipIf(!HAS_ICT)('importIctFaceKit', () => {
  const files = HAS_ICT
    ? (['ict-facekit', 'ict-facekit-head'] as const).map((name) => {
        const { json, bin } = readIct(name);
        return importIctFaceKit(json, bin);
      })
    : [];
  const [full, head] = files;

  it('is in millimetres with its origin at the head: width, height and eyes are those of the source', () => {
    for (const model of files) {
      const marks = landmarkPositions(model, model.landmarks['ibug68'], model.mean);
      const distance = (a: number, b: number): number =>
        Math.hypot(...[0, 1, 2].map((c) => marks[a * 3 + c] - marks[b * 3 + c]));
      expect(distance(36, 45)).toBeCloseTo(89.2, 0);
      expect(distance(39, 42)).toBeCloseTo(36.9, 0);
      expect(distance(27, 8)).toBeCloseTo(113.1, 0);
      // Chin and crown are equally far from the origin.
      let crown = 0;
      for (let i = 1; i < model.mean.length; i += 3) crown = Math.max(crown, model.mean[i]);
      expect(crown).toBeCloseTo(-marks[8 * 3 + 1], 3);
    }
  });

  it('has the same skin in both files', () => {
    expect([...head.mean]).toEqual([...full.mean.subarray(0, head.mean.length)]);
    expect([...head.triangles]).toEqual([...full.triangles.subarray(0, head.triangles.length)]);
  });

  it('divides all vertices and triangles into parts, left on +X', () => {
    expect(full.parts).toHaveLength(16);
    expect(head.parts.map(({ name }) => name)).toEqual(['skin']);
    for (const model of files) {
      let triangle = 0;
      let vertex = 0;
      for (const part of model.parts) {
        expect([part.triangleStart, part.vertexStart]).toEqual([triangle, vertex]);
        triangle += part.triangleCount;
        vertex += part.vertexCount;
      }
      expect([triangle, vertex]).toEqual([model.triangles.length / 3, model.vertexCount]);
    }
    const sided = full.parts.filter(({ name }) => /_(left|right)$/.test(name));
    expect(sided.map(({ vertexStart }) => (full.mean[vertexStart * 3] > 0 ? 'left' : 'right'))).toEqual(
      sided.map(({ name }) => name.split('_').at(-1)),
    );
  });

  it('gives every part atlas room of its own, in 0..1', () => {
    for (const model of files) {
      expect(model.uvs.every((x) => x >= 0 && x <= 1)).toBe(true);
      const owner = new Map<number, string>();
      const shared: string[] = [];
      for (const { name, triangleStart, triangleCount } of model.parts)
        for (let i = triangleStart * 3; i < (triangleStart + triangleCount) * 3; i++) {
          const uv = model.uvTriangles[i];
          // Squares of 1/50: finer than every cell of the atlas.
          const square = Math.floor(model.uvs[uv * 2] * 50) + 50 * Math.floor(model.uvs[uv * 2 + 1] * 50);
          const known = owner.get(square) ?? name;
          // ICT's sockets lie in gaps of the back of the head's texture.
          if (known !== name && !(/socket|skin/.test(name) && /socket|skin/.test(known)))
            shared.push(`${known}, ${name}`);
          owner.set(square, name);
        }
      expect(shared).toEqual([]);
    }
  });

  it('keeps the face upright in the atlas: the forehead above the chin', () => {
    const uvOf = (landmark: number): number => {
      const { triangle, barycentric } = head.landmarks['ibug68'];
      const corner = barycentric.subarray(landmark * 3, landmark * 3 + 3).indexOf(1);
      return head.uvs[head.uvTriangles[triangle[landmark] * 3 + corner] * 2 + 1];
    };
    expect(uvOf(27)).toBeLessThan(uvOf(8));
  });

  it('spells expressions as ARKit does, and moves the left eye with eyeBlinkLeft', () => {
    const { names } = head.expression;
    const own = names.filter((name) => !ARKIT_NAMES.includes(name));
    expect(own).toEqual(['browInnerUpLeft', 'browInnerUpRight', 'cheekPuffLeft', 'cheekPuffRight']);
    expect(ARKIT_NAMES.filter((name) => !names.includes(name))).toEqual([
      'browInnerUp',
      'cheekPuff',
      'tongueOut',
    ]);
    const coefficients = new Float32Array(head.expression.count);
    coefficients[names.indexOf('eyeBlinkLeft')] = 1;
    const blinked = landmarkPositions(head, head.landmarks['ibug68'], evaluateModel(head, [], coefficients));
    const neutral = landmarkPositions(head, head.landmarks['ibug68'], head.mean);
    const drop = (i: number): number => neutral[i * 3 + 1] - blinked[i * 3 + 1];
    expect(drop(43)).toBeGreaterThan(5); // subject's left upper lid
    expect(Math.abs(drop(37))).toBeLessThan(0.5);
  });

  it('finds the eyelids, the lips and the neck', () => {
    expect(Object.fromEntries(Object.entries(head.loops).map(([name, loop]) => [name, loop.length]))).toEqual(
      {
        neck: 54,
        lips_inner: 74,
        eyelid_left: 42,
        eyelid_right: 42,
      },
    );
    expect(head.mean[head.loops['eyelid_left'][0] * 3]).toBeGreaterThan(0);
  });

  it('mirrors every vertex to its image', () => {
    for (const { mean, mirror } of files) {
      expect(mirror).toBeDefined();
      let worst = 0;
      for (const [i, j] of mirror!.entries()) {
        if (mirror![j] !== i) worst = Infinity;
        worst = Math.max(worst, Math.abs(mean[i * 3] + mean[j * 3]));
      }
      expect(worst).toBeLessThan(0.5);
    }
  });

  it('has regions that add up to the whole skin', () => {
    const { face, ears, neck, scalp } = head.regions;
    for (let i = 0; i < head.vertexCount; i++)
      expect(face[i] + ears[i] + neck[i] + scalp[i]).toBeCloseTo(1, 5);
    const nose = head.triangles[head.landmarks['ibug68'].triangle[30] * 3];
    expect(face[nose]).toBeGreaterThan(0.99);
  });

  it("puts 468 points on the skin, each near its mirror partner's image", () => {
    for (const model of files) {
      const embedding = model.landmarks['mediapipe468'];
      expect(Math.max(...embedding.triangle)).toBeLessThan(model.parts[0].triangleCount);
      const marks = landmarkPositions(model, embedding, model.mean);
      const ibug = landmarkPositions(model, model.landmarks['ibug68'], model.mean);
      const gap = (a: number, b: number): number =>
        Math.hypot(...[0, 1, 2].map((c) => marks[a * 3 + c] - ibug[b * 3 + c]));
      // Points with one meaning in both conventions: eye corners, mouth corners, tip of the nose, lips.
      for (const [a, b] of [
        [33, 36],
        [133, 39],
        [362, 42],
        [263, 45],
        [61, 48],
        [291, 54],
        [4, 30],
        [0, 51],
        [17, 57],
      ])
        expect(gap(a, b), `mediapipe ${a}, ibug ${b}`).toBeLessThan(5);
    }
  });

  it('faces outwards', () => {
    const normals = vertexNormals(head.mean, head.triangles);
    const nose = head.triangles[head.landmarks['ibug68'].triangle[30] * 3];
    expect(normals[nose * 3 + 2]).toBeGreaterThan(0.5);
  });

  it('says what is wrong with a damaged file', () => {
    const { json, bin } = readIct('ict-facekit-head');
    expect(() => importIctFaceKit(json, bin.slice(0, 1000))).toThrow(/truncated or belongs to another JSON/);
    expect(() => importIctFaceKit({}, bin)).toThrow(ModelFileError);
    expect(() => importIctFaceKit(null, bin)).toThrow(ModelFileError);
    expect(() => importIctFaceKit({ ...(json as object), units: 'inch' }, bin)).toThrow(/units "cm"/);
    expect(() => importIctFaceKit({ ...(json as object), landmarks68: [1] }, bin)).toThrow(/68 landmarks68/);
    expect(() => importIctFaceKit({ ...(json as object), arrays: [] }, bin)).toThrow(/lists no array/);
  });
});
