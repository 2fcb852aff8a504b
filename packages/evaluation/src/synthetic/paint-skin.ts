/**
 * The albedo of a synthetic person in the model's chart: the painted face of the landmark training (lips, brows, lashes, eyes),
 * times the pattern of the template skin, times blotches, freckles, stubble and grain of its own.
 */
import { linearToSrgb8, SRGB8_TO_LINEAR } from '@likeness/core/image';
import type { Image } from '@likeness/core/image';
import { landmarkPositions } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';
import { NO_PART, uvChart } from '@likeness/core/texture';
import { createFacePaint } from '@likeness/training/landmarks';
import { createRandom } from '@likeness/training/shape';
import type { SkinSetup } from './sample-setup.ts';

/** Side of the albedo in texels. */
export const ALBEDO_PX = 768;

const LID_SHADE = 0.55;

export interface SkinPainter {
  /** sRGB8 [ALBEDO_PX, ALBEDO_PX, 3] */
  paint(skin: SkinSetup): Image;
}

interface Texels {
  /** [n] texel */
  readonly at: Uint32Array;
  /** [n] part */
  readonly part: Uint8Array;
  /** [n, 3] place on the mean head */
  readonly place: Float32Array;
  /** [n, 3] log pattern of the template skin, mean over the face 0; 0 off the skin */
  readonly pattern: Float32Array;
  /** [n] stubble 0..1 */
  readonly beard: Float32Array;
}

/** @param templateSkin sRGB8 in the model's chart; an even skin without it */
export function createSkinPainter(model: MorphableModel, templateSkin: Image | undefined): SkinPainter {
  const paint = createFacePaint(model);
  const chart = uvChart(model, ALBEDO_PX);
  const skinPart = model.parts.findIndex(({ name }) => name === 'skin');
  const eyes = model.parts.map(({ name }) => name.startsWith('eyeball'));
  const texels = gatherTexels(model, templateSkin, skinPart);
  return {
    paint(skin) {
      const random = createRandom(skin.seed);
      const bumps = Array.from({ length: 18 }, () => ({
        at: [random.between(-80, 80), random.between(-110, 90), random.between(20, 110)],
        radius: random.between(9, 32),
        log: [
          skin.blotches * random.normal(),
          1.4 * skin.blotches * random.normal(),
          1.4 * skin.blotches * random.normal(),
        ],
      }));
      const spots = Array.from({ length: Math.round(90 * skin.freckles) }, () => ({
        at: [random.between(-65, 65), random.between(-60, 60), 0],
        radius: random.between(0.5, 1.3),
        log: -random.between(0.15, 0.7),
      }));
      const colours = {
        skin: skin.skin,
        lips: skin.lips,
        brows: skin.hairColour,
        iris: skin.iris,
        hair: skin.hairColour,
      };
      const data = new Uint8Array(ALBEDO_PX * ALBEDO_PX * 3);
      const fallback = skin.skin.map(linearToSrgb8);
      for (let i = 0; i < data.length; i++) data[i] = fallback[i % 3];
      const rgb = new Float32Array(3);
      const { at, part, place, pattern, beard } = texels;
      for (let n = 0; n < at.length; n++) {
        const [x, y, z] = [place[n * 3], place[n * 3 + 1], place[n * 3 + 2]];
        paint.colourAt(part[n], x, y, z, colours, rgb);
        if (part[n] === skinPart) {
          const log = [0, 0, 0];
          for (const { at: b, radius, log: strength } of bumps) {
            const d = ((x - b[0]) ** 2 + (y - b[1]) ** 2 + (z - b[2]) ** 2) / radius ** 2;
            if (d > 6) continue;
            const w = Math.exp(-d);
            for (let c = 0; c < 3; c++) log[c] += w * strength[c];
          }
          if (z > 40)
            for (const { at: s, radius, log: strength } of spots) {
              const d = Math.hypot(x - s[0], y - s[1]);
              if (d < radius) for (let c = 0; c < 3; c++) log[c] += strength * (1 + 0.3 * c);
            }
          const grain = skin.grain * random.normal();
          const stubble = skin.beard * beard[n] * (0.75 + 0.25 * random.uniform());
          for (let c = 0; c < 3; c++) {
            rgb[c] *= Math.exp(skin.pattern * pattern[n * 3 + c] + log[c] + grain);
            rgb[c] += stubble * (skin.hairColour[c] - rgb[c]);
          }
        }
        // Lids and lashes shade the white of the eye; nothing here casts shadows.
        else if (eyes[part[n]]) for (let c = 0; c < 3; c++) rgb[c] *= LID_SHADE;
        for (let c = 0; c < 3; c++) data[at[n] * 3 + c] = linearToSrgb8(rgb[c]);
      }
      for (let i = 0; i < chart.padding.length; i++) {
        const from = chart.padding[i];
        if (from >= 0) for (let c = 0; c < 3; c++) data[i * 3 + c] = data[from * 3 + c];
      }
      return { width: ALBEDO_PX, height: ALBEDO_PX, channels: 3, data };
    },
  };
}

function gatherTexels(model: MorphableModel, template: Image | undefined, skinPart: number): Texels {
  const chart = uvChart(model, ALBEDO_PX);
  const covered: number[] = [];
  for (let i = 0; i < chart.part.length; i++) if (chart.part[i] !== NO_PART) covered.push(i);
  const place = new Float32Array(covered.length * 3);
  const part = new Uint8Array(covered.length);
  const pattern = new Float32Array(covered.length * 3);
  const face = model.regions['face'];
  const sum = [0, 0, 0];
  let total = 0;
  for (const [n, i] of covered.entries()) {
    part[n] = chart.part[i];
    let onFace = 0;
    for (let k = 0; k < 3; k++) {
      const v = model.triangles[chart.triangleIds[i] * 3 + k];
      const w = chart.barycentrics[i * 3 + k];
      onFace += w * (face?.[v] ?? 0);
      for (let c = 0; c < 3; c++) place[n * 3 + c] += w * model.mean[v * 3 + c];
    }
    if (part[n] !== skinPart || template === undefined) continue;
    const texel =
      Math.floor((Math.floor(i / ALBEDO_PX) * template.height) / ALBEDO_PX) * template.width +
      Math.floor(((i % ALBEDO_PX) * template.width) / ALBEDO_PX);
    for (let c = 0; c < 3; c++) {
      pattern[n * 3 + c] = Math.log(SRGB8_TO_LINEAR[template.data[texel * template.channels + c]] + 1e-3);
      if (onFace > 0.5) sum[c] += pattern[n * 3 + c];
    }
    if (onFace > 0.5) total++;
  }
  for (let n = 0; n < covered.length; n++)
    for (let c = 0; c < 3; c++) if (total > 0 && part[n] === skinPart) pattern[n * 3 + c] -= sum[c] / total;
  return {
    at: Uint32Array.from(covered),
    part,
    place,
    pattern,
    beard: beardMask(model, place, part, skinPart),
  };
}

/** Below the nose and in front of the ears, not on the lips. */
function beardMask(
  model: MorphableModel,
  place: Float32Array,
  part: Uint8Array,
  skinPart: number,
): Float32Array {
  const marks = landmarkPositions(model, model.landmarks['ibug68'], model.mean);
  const mark = (i: number, c: number): number => marks[i * 3 + c];
  const [noseY, mouthY, chinY] = [mark(33, 1), mark(66, 1), mark(8, 1)];
  const half = mark(54, 0) - mark(48, 0);
  return Float32Array.from(part, (p, n) => {
    if (p !== skinPart) return 0;
    const [x, y, z] = [place[n * 3], place[n * 3 + 1], place[n * 3 + 2]];
    const reach = noseY - 2 + 0.5 * Math.max(0, Math.abs(x) - Math.abs(half) * 0.8);
    const below = smooth((reach - y) / 16);
    const above = smooth((y - (chinY - 25)) / 15);
    const inFront = smooth((z - 10) / 25);
    const lips = Math.hypot(x / (Math.abs(half) / 2 + 3), (y - mouthY) / 13);
    return below * above * inFront * smooth((lips - 0.85) / 0.25);
  });
}

function smooth(t: number): number {
  const x = Math.max(0, Math.min(1, t));
  return x * x * (3 - 2 * x);
}
