import { describe, expect, it } from 'vitest';
import { eyeballMesh } from '../../../src/shape/template/eyeball-mesh.ts';
import { eyeballDeltas, fitEyeball } from '../../../src/shape/template/eyeballs.ts';
import type { Eyeball } from '../../../src/shape/template/types.ts';
import { boundaryLoops, crossesItself, loopArea } from './planar-loops.ts';

describe('eyeballMesh', () => {
  const mesh = eyeballMesh(0.4);

  it('is a closed sphere with a ring on the limbus, finer at the iris', () => {
    expect(boundaryLoops(mesh.triangles)).toEqual([]);
    const count = mesh.directions.length / 3;
    expect(count).toBeGreaterThanOrEqual(500);
    expect(count).toBeLessThanOrEqual(700);
    const angles = Array.from({ length: count }, (_, i) => Math.acos(mesh.directions[3 * i + 2]));
    expect(angles.filter((angle) => Math.abs(angle - 0.4) < 1e-5)).toHaveLength(32);
    expect(angles.filter((angle) => angle < 0.5).length / count).toBeGreaterThan(0.3);
  });

  it('charts onto the unit disc without flips, the iris in the middle', () => {
    const place = (i: number): readonly [number, number] => [mesh.discUvs[2 * i], mesh.discUvs[2 * i + 1]];
    for (let t = 0; t < mesh.uvTriangles.length; t += 3) {
      expect(loopArea([0, 1, 2].map((k) => place(mesh.uvTriangles[t + k])))).toBeGreaterThan(0);
    }
    const [outline] = boundaryLoops(mesh.uvTriangles);
    expect(crossesItself(outline.map(place))).toBe(false);
    for (const i of outline) expect(Math.hypot(...place(i))).toBeLessThanOrEqual(1 + 1e-6);
  });
});

/** A lid's opening on a sphere about `centre`. */
function lidOn(centre: readonly number[], radius: number): [number, number, number][] {
  return Array.from({ length: 40 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 40;
    const [x, y] = [11 * Math.cos(angle), 5 * Math.sin(angle)];
    return [centre[0] + x, centre[1] + y, centre[2] + Math.sqrt(radius * radius - x * x - y * y)];
  });
}

describe('fitEyeball', () => {
  it('recovers the sphere the lids lie on, and overlaps it by half a millimetre', () => {
    const { centre, radiusMm } = fitEyeball(lidOn([31, 2, 70], 13));
    [31, 2, 70].forEach((value, d) => expect(centre[d]).toBeCloseTo(value, 4));
    expect(radiusMm).toBeCloseTo(13.5, 4);
  });
});

describe('eyeballDeltas', () => {
  const lid = [...lidOn([31, 0, 70], 13), ...lidOn([-31, 0, 70], 13)];
  const positions = Float32Array.from(lid.flat());
  const { directions } = eyeballMesh(0.4);
  const ball = (x: number): Eyeball => ({
    centre: [x, 0, 70],
    radiusMm: 13,
    irisRadiusMm: 5.85,
    directions,
    vertexStart: 0,
    uvCentre: [0.85, 0.85],
    uvRadius: 0.14,
    uvIrisRadius: 0.03,
  });
  const template = {
    positions,
    loops: {
      eyelid_left: Uint32Array.from({ length: 40 }, (_, i) => i),
      eyelid_right: Uint32Array.from({ length: 40 }, (_, i) => 40 + i),
      lips_inner: new Uint32Array(),
      neck: new Uint32Array(),
    },
    eyeballs: { left: ball(31), right: ball(-31) },
  };

  it('follows a translation of the socket exactly and is linear', () => {
    const move = Float32Array.from(lid.flatMap(() => [1.5, -0.5, 2]));
    const { left } = eyeballDeltas(template, move, 'follow-sockets');
    for (let i = 0; i < left.length; i += 3) {
      [1.5, -0.5, 2].forEach((value, d) => expect(left[i + d]).toBeCloseTo(value, 4));
    }
    const other = Float32Array.from(
      lid.flatMap((_, i) => [Math.sin(i), Math.cos(2 * i), 0.3 * Math.sin(3 * i)]),
    );
    const sum = move.map((value, i) => 2 * value - 3 * other[i]);
    const direct = eyeballDeltas(template, sum, 'follow-sockets').left;
    const second = eyeballDeltas(template, other, 'follow-sockets').left;
    direct.forEach((value, i) => expect(value).toBeCloseTo(2 * left[i] - 3 * second[i], 3));
  });

  it('knows the ARKit spelling of the gaze shapes too', () => {
    const still = new Float32Array(positions.length);
    const a = eyeballDeltas(template, still, { expression: 'eyeLookOut_R' });
    const b = eyeballDeltas(template, still, { expression: 'eyeLookOutRight' });
    expect(b.right).toEqual(a.right);
    expect(Math.max(...a.left.map(Math.abs))).toBe(0);
    expect(a.right[0]).toBeLessThan(-6);
  });
});
