import { WebIO } from '@gltf-transform/core';
import { validateBytes } from 'gltf-validator';
import { describe, expect, it } from 'vitest';
import { writeGlb } from '@likeness/core/export';
import { fixtureHead } from './head-fixture.ts';

interface ValidatorReport {
  readonly issues: {
    readonly numErrors: number;
    readonly numWarnings: number;
    readonly numInfos: number;
    readonly messages: readonly { readonly code: string; readonly pointer?: string }[];
  };
}

async function validate(bytes: Uint8Array): Promise<ValidatorReport['issues']> {
  return ((await validateBytes(bytes)) as ValidatorReport).issues;
}

describe('writeGlb', () => {
  it("passes Khronos's validator without errors, warnings or remarks", async () => {
    expect(await validate(await writeGlb(fixtureHead()))).toMatchObject({
      numErrors: 0,
      numWarnings: 0,
      numInfos: 0,
    });
    const bare = await writeGlb(fixtureHead(), { eyes: false, morphNormals: false, expression: false });
    expect(await validate(bare)).toMatchObject({ numErrors: 0, numWarnings: 0 });
  });

  it('finds a fault that is put in on purpose', async () => {
    const glb = await writeGlb(fixtureHead());
    const broken = Uint8Array.from(glb);
    const text = new TextDecoder('latin1').decode(broken);
    // A primitive of points drawn as a mode that does not exist.
    broken[text.indexOf('"componentType":5126') + '"componentType":51'.length] = 0x39;
    expect((await validate(broken)).numErrors).toBeGreaterThan(0);
  });

  it('holds a neutral base in metres with named, weighted morph targets', async () => {
    const head = fixtureHead();
    const document = await new WebIO().readBinary(await writeGlb(head));
    const root = document.getRoot();
    const mesh = root.listMeshes()[0];
    expect(mesh.getExtras()['targetNames']).toEqual(['jawOpen', 'mouthSmileLeft', 'still']);
    expect(mesh.getWeights()).toEqual([0.25, 0.5, 0]);
    const [skin, eye] = mesh.listPrimitives();
    const position = skin.getAttribute('POSITION')!;
    // Radius 100 mm times the scale factor 1.1.
    expect(Math.max(...position.getMax([]))).toBeCloseTo(0.11, 6);
    expect(position.getCount()).toBeGreaterThan(13 * 16);
    expect(eye.listTargets()).toHaveLength(3);
    const jaw = skin.listTargets()[0].getAttribute('POSITION')!;
    expect(jaw.getMin([])[1]).toBeCloseTo(-0.011, 6);
    expect(jaw.getSparse()).toBe(true);
    expect(skin.getMaterial()!.getBaseColorTexture()!.getImage()).toEqual(
      Uint8Array.from(head.albedo!.bytes),
    );
    expect(eye.getMaterial()!.getBaseColorTexture()).toBeNull();
    expect(eye.getMaterial()!.getRoughnessFactor()).toBeCloseTo(0.1);
  });

  it('keeps every triangle corner at its position and texture coordinate across seams', async () => {
    const head = fixtureHead();
    const document = await new WebIO().readBinary(await writeGlb(head));
    const primitive = document.getRoot().listMeshes()[0].listPrimitives()[0];
    const indices = primitive.getIndices()!.getArray()!;
    const positions = primitive.getAttribute('POSITION')!.getArray()!;
    const uvs = primitive.getAttribute('TEXCOORD_0')!.getArray()!;
    let corner = 0;
    for (let t = 0; t < head.parts[0].triangleCount; t++) {
      const vertices = head.mesh.triangles.subarray(3 * t, 3 * t + 3);
      if (new Set(vertices).size < 3) continue;
      for (let k = 0; k < 3; k++, corner++) {
        const uv = head.mesh.uvTriangles![3 * t + k];
        const at = indices[corner]!;
        expect(positions[3 * at]).toBeCloseTo(head.mesh.positions[3 * vertices[k]] * 1.1e-3, 6);
        expect(uvs[2 * at]).toBe(head.mesh.uvs![2 * uv]);
        expect(uvs[2 * at + 1]).toBe(head.mesh.uvs![2 * uv + 1]);
      }
    }
    expect(corner).toBe(indices.length);
  });

  it('writes the same bytes for the same head', async () => {
    expect(await writeGlb(fixtureHead())).toEqual(await writeGlb(fixtureHead()));
  });

  it('leaves eyeballs and the expression out on request', async () => {
    const document = await new WebIO().readBinary(
      await writeGlb(fixtureHead(), { eyes: false, expression: false }),
    );
    const mesh = document.getRoot().listMeshes()[0];
    expect(mesh.listPrimitives().map((p) => p.getName())).toHaveLength(1);
    expect(mesh.getWeights()).toEqual([0, 0, 0]);
  });

  it('names the numbers that do not fit one another', async () => {
    const head = fixtureHead();
    const short = { ...head, morphs: { ...head.morphs, deltas: head.morphs.deltas.subarray(3) } };
    await expect(writeGlb(short)).rejects.toThrow(/3 morph targets of \d+ vertices need \d+ numbers/);
    await expect(writeGlb({ ...head, scaleFactor: Number.NaN })).rejects.toThrow(/scale factor/);
    const { positions, triangles } = head.mesh;
    await expect(writeGlb({ ...head, mesh: { positions, triangles } })).rejects.toThrow(/needs uvs/);
  });
});
