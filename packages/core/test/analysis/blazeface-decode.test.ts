import { describe, expect, it } from 'vitest';
import { BLAZEFACE_ANCHORS, decodeBlazeFace } from '../../src/analysis/blazeface-decode.ts';

describe('decodeBlazeFace', () => {
  it('has 896 anchors', () => {
    expect(BLAZEFACE_ANCHORS).toEqual([512, 384]);
  });

  it('adds offsets to the cell centre, both anchors of a cell alike', () => {
    const logits = new Float32Array(512).fill(-9);
    const offsets = new Float32Array(512 * 16);
    // Cell column 3, row 2 of the 16 x 16 grid, its second anchor.
    const i = (2 * 16 + 3) * 2 + 1;
    logits[i] = 0;
    offsets.set([4, -6, 50, 60, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], i * 16);
    const [face, ...rest] = decodeBlazeFace(0, logits, offsets, 0.5);
    expect(rest).toHaveLength(0);
    expect([face.centreX, face.centreY, face.width, face.height]).toEqual([56 + 4, 40 - 6, 50, 60]);
    expect(face.score).toBeCloseTo(0.5, 6);
    expect([...face.keypoints]).toEqual([57, 42, 59, 44, 61, 46, 63, 48, 65, 50, 67, 52]);
  });

  it('puts the coarse grid at 32 px cells with six anchors', () => {
    const logits = new Float32Array(384).fill(-9);
    const offsets = new Float32Array(384 * 16);
    const i = (7 * 8 + 1) * 6 + 5;
    logits[i] = 3;
    offsets[i * 16 + 2] = offsets[i * 16 + 3] = 10;
    const [face] = decodeBlazeFace(1, logits, offsets, 0.5);
    expect([face.centreX, face.centreY]).toEqual([48, 240]);
  });

  it('drops what is below the score, has no size, or is not a number', () => {
    const logits = Float32Array.from({ length: 512 }, (_, i) => [-0.01, 2, Number.NaN][i] ?? -9);
    const offsets = new Float32Array(512 * 16);
    expect(decodeBlazeFace(0, logits, offsets, 0.5)).toEqual([]);
    offsets.fill(1);
    expect(decodeBlazeFace(0, logits, offsets, 0.5)).toHaveLength(1);
  });
});
