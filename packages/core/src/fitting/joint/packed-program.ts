/**
 * A program of the joint fit over the covered pixels alone. How many those are differs from run to run, and a program's arrays have a
 * fixed size: so there are up to three programs, and each run takes the smallest that has room. From outside it is one program with
 * the raster's own arrays as inputs.
 */
import type { PortInfo, Program, ProgramInput, RunOptions } from '@likeness/graph';
import { coveredPixels, packRaster, type PackedRaster, type RasterInput } from '../../render/index.ts';
import type { MorphableModel } from '../../model/index.ts';

/** Room for covered pixels, of all. A head covers half of FaceRes' crop. */
const ROOMS: readonly number[] = [5 / 8, 13 / 16, 1];

/** The least room for so many pixels, a function of nothing else: results must not depend on what was fitted before. */
export function roomFor(covered: number, pixels: number): number {
  for (const share of ROOMS) if (covered <= Math.floor(share * pixels)) return Math.floor(share * pixels);
  return pixels;
}

export interface PackedProgramOptions {
  /** Inputs as they are given, unpacked. */
  readonly inputs: readonly PortInfo[];
  /** Prefixes of the rasters among them. */
  readonly views: readonly string[];
  readonly model: Pick<MorphableModel, 'uvs'>;
  readonly sizePx: number;
  /** The program with room for so many pixels. */
  readonly open: (room: number) => Promise<Program>;
}

const ARRAYS = ['corners', 'uvCorners', 'coverage', 'facing'] as const;

/** Opens the smallest of the programs, the others when they are needed. */
export async function packedProgram(options: PackedProgramOptions): Promise<Program> {
  const { inputs, views, model, sizePx, open } = options;
  const size = { width: sizePx, height: sizePx };
  const pixels = sizePx * sizePx;
  const buffers = new Map<string, PackedRaster>();
  const raw = new Set(views.flatMap((view) => ARRAYS.map((name) => `${view}.${name}`)));
  const { outputs, runtime } = await open(roomFor(0, pixels));
  return {
    inputs,
    outputs,
    runtime,
    async run(given: Readonly<Record<string, ProgramInput>>, runOptions?: RunOptions) {
      const rasters = views.map((view) => rasterOf(given, view));
      const room = roomFor(Math.max(...rasters.map(coveredPixels)), pixels);
      const program = await open(room);
      const all: Record<string, ProgramInput> = {};
      for (const [name, value] of Object.entries(given)) if (!raw.has(name)) all[name] = value;
      for (const [i, view] of views.entries()) {
        const key = `${view} ${room}`;
        const packed = packRaster(rasters[i], model.uvs, size, room, buffers.get(key));
        buffers.set(key, packed);
        for (const [name, array] of Object.entries(packed) as [string, ProgramInput][])
          all[`${view}.${name}`] = array;
      }
      return program.run(all, runOptions);
    },
    // The programs belong to whoever opened them.
    dispose: () => Promise.resolve(),
  };
}

function rasterOf(given: Readonly<Record<string, ProgramInput>>, view: string): RasterInput {
  const [corners, uvCorners, coverage, facing] = ARRAYS.map((name) => given[`${view}.${name}`]);
  return { corners, uvCorners, coverage, facing } as RasterInput;
}
