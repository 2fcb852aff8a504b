// Which of the programs a run takes, and what it hands on.
import type { Program, ProgramInput } from '@likeness/graph';
import { expect, it } from 'vitest';
import { packedProgram, roomFor } from '../../../src/fitting/joint/packed-program.ts';

const SIDE = 8;
const PIXELS = SIDE * SIDE;
const surface = {
  triangles: Uint32Array.of(2, 3, 4),
  uvTriangles: new Uint32Array(3),
  uvs: Float32Array.of(0.25, 0.5),
};

const raster = (covered: number): Record<string, ProgramInput> => ({
  'raster.shown': Int32Array.from({ length: PIXELS }, (_, i) => (i < covered ? 1 : 0)),
});

it('takes the smallest program that has room, whatever ran before', async () => {
  const seen: [number, Record<string, ProgramInput>][] = [];
  const opened: number[] = [];
  const open = (room: number): Promise<Program> => {
    opened.push(room);
    return Promise.resolve({
      inputs: ['raster.corners', 'raster.values', 'weights'].map((name) => ({
        name,
        shape: [1],
        dtype: 'float32' as const,
      })),
      outputs: [{ name: 'loss', shape: [1], dtype: 'float32' }],
      runtime: 'none',
      run: (inputs: Record<string, ProgramInput>) => {
        seen.push([room, inputs]);
        return Promise.resolve({ loss: Float32Array.of(room) });
      },
      dispose: () => Promise.resolve(),
    } as Program);
  };
  const program = await packedProgram({ views: ['raster'], surface, sizePx: SIDE, open });
  expect([opened, program.inputs.map(({ name }) => name), program.outputs.length]).toEqual([
    [40],
    ['weights', 'raster.shown'],
    1,
  ]);
  for (const [covered, room] of [
    [3, 40],
    [64, 64],
    [40, 40],
    [41, 52],
    [0, 40],
  ]) {
    const { loss } = await program.run({ ...raster(covered), weights: Float32Array.of(1) });
    expect(loss[0]).toBe(room);
    const [took, given] = seen.at(-1) ?? [0, {}];
    expect(took).toBe(room);
    expect(Object.keys(given).toSorted()).toEqual([
      'raster.corners',
      'raster.entries',
      'raster.pixels',
      'raster.values',
      'weights',
    ]);
    expect((given['raster.pixels'] as Int32Array).length).toBe(room);
    const used = (given['raster.values'] as Float32Array).subarray(9 * room);
    expect(used.reduce((a, b) => a + b, 0)).toBe(covered);
  }
});

it('has room for every pixel at most', () => {
  expect([0, 31_360, 31_361, 40_768, 40_769, 50_176].map((covered) => roomFor(covered, 50_176))).toEqual([
    31_360, 31_360, 40_768, 40_768, 50_176, 50_176,
  ]);
});
