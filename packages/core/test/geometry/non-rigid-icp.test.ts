import { describe, expect, it } from 'vitest';
import { createSurfaceTree, nonRigidIcp } from '@likeness/core/geometry';
import { toyFace } from './toy-face.ts';

const template = toyFace(24, 30);
const scan = toyFace(61, 73, [1.5, 1.5, -1.5, 1]);
const truth = toyFace(24, 30, [1.5, 1.5, -1.5, 1]);

function meanDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 3)
    sum += Math.hypot(a[i] - b[i], a[i + 1] - b[i + 1], a[i + 2] - b[i + 2]);
  return sum / (a.length / 3);
}

function surfaceDistance(points: Float64Array, mesh: typeof scan): number {
  const { distances } = createSurfaceTree(mesh.positions, mesh.triangles).closestPoints(points);
  return distances.reduce((a, b) => a + b) / distances.length;
}

describe('nonRigidIcp', () => {
  it('leaves a surface that is already on the target where it is', () => {
    const { positions } = nonRigidIcp(template, template);
    expect(meanDistance(positions, template.positions)).toBeLessThan(1e-4);
  });

  it.each(['current', 'source'] as const)('brings the template onto the scan (reference %s)', (reference) => {
    const before = surfaceDistance(template.positions, scan);
    const { positions, matched } = nonRigidIcp(template, scan, { reference });
    expect(before).toBeGreaterThan(0.8);
    expect(surfaceDistance(positions, scan)).toBeLessThan(0.12);
    expect(matched.reduce((a, b) => a + b, 0)).toBeGreaterThan(0.8 * matched.length);
  });

  it('comes nearer to the true correspondence than it was, and landmarks help', () => {
    const before = meanDistance(template.positions, truth.positions);
    const plain = nonRigidIcp(template, scan);
    const vertices = Array.from({ length: 40 }, (_, i) => (i * 19) % (template.positions.length / 3));
    const targets = vertices.flatMap((v) => Array.from(truth.positions.subarray(v * 3, v * 3 + 3)));
    const guided = nonRigidIcp(template, scan, { landmarks: { vertices, targets } });
    expect(meanDistance(plain.positions, truth.positions)).toBeLessThan(0.8 * before);
    expect(meanDistance(guided.positions, truth.positions)).toBeLessThan(
      0.9 * meanDistance(plain.positions, truth.positions),
    );
  });

  it('does not depend on the order of the triangles', () => {
    const shuffled = new Uint32Array(scan.triangles.length);
    const count = scan.triangles.length / 3;
    for (let t = 0; t < count; t++)
      shuffled.set(scan.triangles.subarray(t * 3, t * 3 + 3), ((t * 977) % count) * 3);
    const a = nonRigidIcp(template, scan).positions;
    const b = nonRigidIcp(template, { ...scan, triangles: shuffled }).positions;
    expect(meanDistance(a, b)).toBeLessThan(1e-3);
  });

  it('gives the same bytes twice', () => {
    expect(nonRigidIcp(template, scan).positions).toEqual(nonRigidIcp(template, scan).positions);
  });

  it('follows the scale of its input: a face in metres is bent the same way', () => {
    const metres = (mesh: typeof scan): typeof scan => ({
      ...mesh,
      positions: mesh.positions.map((x) => x / 1000),
    });
    const a = nonRigidIcp(template, scan).positions;
    const b = nonRigidIcp(metres(template), metres(scan)).positions;
    expect(
      meanDistance(
        a,
        b.map((x) => x * 1000),
      ),
    ).toBeLessThan(1e-3);
  });

  it('keeps loose pieces and lone vertices finite', () => {
    const count = template.positions.length / 3;
    const positions = Float64Array.from([...template.positions, 500, 0, 0, 0, 0, 600, 5, 0, 600, 0, 5, 600]);
    const triangles = Uint32Array.from([...template.triangles, count + 1, count + 2, count + 3]);
    const out = nonRigidIcp({ positions, triangles }, scan, { maxDistance: 30 }).positions;
    expect(out.every(Number.isFinite)).toBe(true);
    expect(Math.hypot(out[count * 3] - 500, out[count * 3 + 1], out[count * 3 + 2])).toBeLessThan(1e-6);
  });

  it('says when nothing can be matched', () => {
    const far = { ...scan, positions: scan.positions.map((x) => x + 5000) };
    expect(() => nonRigidIcp(template, far, { maxDistance: 10 })).toThrow(/no vertex has a target/);
    expect(() =>
      nonRigidIcp(template, scan, { landmarks: { vertices: [99999], targets: [0, 0, 0] } }),
    ).toThrow(/landmark 0 names vertex 99999/);
  });
});
