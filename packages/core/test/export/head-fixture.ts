/** A head made in code: a sphere with a texture seam as skin, a small ball as eye, three morph targets. */
import { crc32, deflateSync } from 'node:zlib';
import type { ExportHead } from '@likeness/core/export';

const RINGS = 12;
const SEGMENTS = 16;

interface Ball {
  positions: number[];
  triangles: number[];
  uvs: number[];
  uvTriangles: number[];
}

/** A latitude-longitude sphere; surface vertices close around, texture vertices are split at the seam and the poles. */
function ball(radius: number, centre: readonly number[]): Ball {
  const positions: number[] = [];
  const uvs: number[] = [];
  const triangles: number[] = [];
  const uvTriangles: number[] = [];
  for (let r = 0; r <= RINGS; r++)
    for (let s = 0; s < SEGMENTS; s++) {
      const theta = (Math.PI * r) / RINGS;
      const phi = (2 * Math.PI * s) / SEGMENTS;
      positions.push(
        centre[0] + radius * Math.sin(theta) * Math.sin(phi),
        centre[1] + radius * Math.cos(theta),
        centre[2] + radius * Math.sin(theta) * Math.cos(phi),
      );
    }
  for (let r = 0; r <= RINGS; r++) for (let s = 0; s <= SEGMENTS; s++) uvs.push(s / SEGMENTS, r / RINGS);
  const vertex = (r: number, s: number): number => {
    if (r === 0) return 0;
    if (r === RINGS) return RINGS * SEGMENTS;
    return r * SEGMENTS + (s % SEGMENTS);
  };
  const uv = (r: number, s: number): number => r * (SEGMENTS + 1) + s;
  for (let r = 0; r < RINGS; r++)
    for (let s = 0; s < SEGMENTS; s++) {
      triangles.push(vertex(r, s), vertex(r + 1, s), vertex(r + 1, s + 1));
      uvTriangles.push(uv(r, s), uv(r + 1, s), uv(r + 1, s + 1));
      triangles.push(vertex(r, s), vertex(r + 1, s + 1), vertex(r, s + 1));
      uvTriangles.push(uv(r, s), uv(r + 1, s + 1), uv(r, s + 1));
    }
  return { positions, triangles, uvs, uvTriangles };
}

/** An opaque RGB PNG of one colour. */
export function tinyPng(width: number, height: number): Uint8Array {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'ascii'), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(checksum(body), body.length + 4);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + 3 * width), 150);
  for (let y = 0; y < height; y++) rows[y * (1 + 3 * width)] = 0;
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** CRC-32 of PNG; node:zlib has one from Node 20.15 on. */
function checksum(data: Buffer): number {
  if (typeof crc32 === 'function') return crc32(data);
  let crc = -1;
  for (const byte of data) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ -1) >>> 0;
}

export function fixtureHead(): ExportHead {
  const skin = ball(100, [0, 0, 0]);
  const eye = ball(12, [30, 30, 85]);
  const skinVertices = skin.positions.length / 3;
  const skinUvs = skin.uvs.length / 2;
  const positions = Float32Array.from([...skin.positions, ...eye.positions]);
  const vertices = positions.length / 3;
  const deltas = new Float32Array(3 * vertices * 3);
  // jawOpen: the lower half moves down; smile: one ring moves sideways; still: moves nothing.
  for (let v = 0; v < skinVertices; v++) {
    if (positions[3 * v + 1] < -20) deltas[3 * v + 1] = -10;
    if (Math.abs(positions[3 * v + 1] + 25.9) < 5) deltas[3 * (vertices + v)] = 4;
  }
  return {
    name: 'head',
    mesh: {
      positions,
      triangles: Uint32Array.from([...skin.triangles, ...eye.triangles.map((i) => i + skinVertices)]),
      uvs: Float32Array.from([...skin.uvs, ...eye.uvs]),
      uvTriangles: Uint32Array.from([...skin.uvTriangles, ...eye.uvTriangles.map((i) => i + skinUvs)]),
    },
    parts: [
      {
        name: 'skin',
        triangleStart: 0,
        triangleCount: skin.triangles.length / 3,
        material: { name: 'skin', roughness: 0.6, textured: true, baseColor: [1, 1, 1] },
      },
      {
        name: 'eyeball_left',
        triangleStart: skin.triangles.length / 3,
        triangleCount: eye.triangles.length / 3,
        material: { name: 'eye', roughness: 0.1, textured: false, baseColor: [0.9, 0.9, 0.9] },
      },
    ],
    morphs: {
      names: ['jawOpen', 'mouthSmileLeft', 'still'],
      deltas,
      weights: Float32Array.from([0.25, 0.5, 0]),
    },
    scaleFactor: 1.1,
    albedo: { bytes: tinyPng(8, 8), mimeType: 'image/png' },
    provenance: {
      generator: 'likeness 0.0.0-test',
      modelName: 'two balls',
      modelVersion: '1',
      licence: 'MIT',
      scaleBasis: 'iris',
      scaleRelativeUncertainty: 0.05,
    },
  };
}
