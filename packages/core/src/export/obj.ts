/**
 * The head as Wavefront OBJ with its material library: the format of tools that read nothing else. No morph targets
 * and no units exist in OBJ, so one expression is baked in and positions are metres, like the GLB's.
 */
import { vertexNormals } from '../geometry/index.ts';
import { exportedParts } from './glb.ts';
import { checkHead } from './types.ts';
import type { ExportHead } from './types.ts';

export interface ObjOptions {
  /** Bake the photo's expression; otherwise the neutral face. */
  readonly expression?: boolean;
  /** Export eyeballs (parts whose name starts with `eye`). */
  readonly eyes?: boolean;
  /** File name of the material library, as the OBJ names it. */
  readonly mtlFile?: string;
  /** File name of the albedo image, as the material library names it. */
  readonly albedoFile?: string;
}

export const OBJ_DEFAULTS: Required<ObjOptions> = {
  expression: true,
  eyes: true,
  mtlFile: 'head.mtl',
  albedoFile: 'albedo.png',
};

/** The two text files of an OBJ export. */
export interface ObjFiles {
  readonly obj: string;
  readonly mtl: string;
}

/**
 * Writes the head as OBJ and MTL text.
 * @throws RangeError when the head's arrays do not fit one another.
 */
export function writeObj(head: ExportHead, options: ObjOptions = {}): ObjFiles {
  checkHead(head);
  const expression = options.expression ?? OBJ_DEFAULTS.expression;
  const mtlFile = options.mtlFile ?? OBJ_DEFAULTS.mtlFile;
  const albedoFile = options.albedoFile ?? OBJ_DEFAULTS.albedoFile;
  const parts = exportedParts(head, options.eyes ?? OBJ_DEFAULTS.eyes);
  const { triangles, uvs, uvTriangles } = head.mesh;
  const positions = expression ? expressedPositions(head) : head.mesh.positions;
  const normals = vertexNormals(positions, triangles);
  const { provenance } = head;
  const lines = [
    `# ${oneLine(provenance.generator)}`,
    `# head model ${oneLine(provenance.modelName)} ${oneLine(provenance.modelVersion)}: ${oneLine(provenance.licence)}`,
    `# metres, +Y up; scale from ${oneLine(provenance.scaleBasis)}`,
    `mtllib ${mtlFile}`,
  ];
  const metres = head.scaleFactor / 1000;
  for (let i = 0; i < positions.length; i += 3)
    lines.push(
      `v ${number(positions[i] * metres)} ${number(positions[i + 1] * metres)} ${number(positions[i + 2] * metres)}`,
    );
  // OBJ counts v upwards from the bottom of the image.
  if (uvs !== undefined)
    for (let i = 0; i < uvs.length; i += 2) lines.push(`vt ${number(uvs[i])} ${number(1 - uvs[i + 1])}`);
  for (let i = 0; i < normals.length; i += 3)
    lines.push(`vn ${number(normals[i])} ${number(normals[i + 1])} ${number(normals[i + 2])}`);
  for (const part of parts) {
    lines.push(`g ${part.name}`, `usemtl ${part.material.name}`);
    for (let t = part.triangleStart; t < part.triangleStart + part.triangleCount; t++) {
      let line = 'f';
      for (let corner = 3 * t; corner < 3 * t + 3; corner++) {
        const vertex = triangles[corner] + 1;
        const uv = uvTriangles === undefined ? '' : `${uvTriangles[corner] + 1}`;
        line += ` ${vertex}/${uv}/${vertex}`;
      }
      lines.push(line);
    }
  }
  const mtl = [`# ${oneLine(provenance.generator)}`];
  for (const name of new Set(parts.map((part) => part.material.name))) {
    const { material } = parts.find((part) => part.material.name === name)!;
    mtl.push(
      '',
      `newmtl ${name}`,
      `Kd ${material.baseColor.map(number).join(' ')}`,
      'Ks 0.04 0.04 0.04',
      // Blinn-Phong exponent of a microfacet roughness: 2 / roughness^4 - 2 (Karis 2013).
      `Ns ${number(Math.min(1000, Math.max(1, 2 / material.roughness ** 4 - 2)))}`,
      ...(material.opacity === undefined ? [] : [`d ${number(material.opacity)}`]),
      'illum 2',
    );
    if (material.textured && head.albedo !== undefined) mtl.push(`map_Kd ${albedoFile}`);
  }
  return { obj: `${lines.join('\n')}\n`, mtl: `${mtl.join('\n')}\n` };
}

/** [V, 3] neutral plus weighted morph targets, in the units of the mesh. */
export function expressedPositions(head: ExportHead): Float32Array {
  const positions = Float32Array.from(head.mesh.positions);
  const { deltas, weights } = head.morphs;
  for (let k = 0; k < weights.length; k++) {
    const weight = weights[k];
    if (weight === 0) continue;
    const offset = k * positions.length;
    for (let i = 0; i < positions.length; i++) positions[i] += weight * deltas[offset + i];
  }
  return positions;
}

function number(value: number): string {
  return String(Number(value.toFixed(6)));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
