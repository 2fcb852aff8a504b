/**
 * A program of the joint fit over the covered pixels alone. How many those are differs from run to run, and a program's arrays have a
 * fixed size: so there are up to three programs, and each run takes the smallest that has room. From outside it is one program with
 * the raster's own arrays as inputs.
 */
import type { PortInfo, Program, ProgramInput, RunOptions } from '@likeness/graph';
import { coveredPixels, packRaster, type PackedRaster, type PackedSurface } from '../../render/index.ts';

/** Room for covered pixels, of all. A head covers half of FaceRes' crop. */
const ROOMS: readonly number[] = [5 / 8, 13 / 16, 1];

/** The least room for so many pixels, a function of nothing else: results must not depend on what was fitted before. */
export function roomFor(covered: number, pixels: number): number {
  for (const share of ROOMS) if (covered <= Math.floor(share * pixels)) return Math.floor(share * pixels);
  return pixels;
}

export interface PackedProgramOptions {
  /** Prefixes of the rasters among the inputs. */
  readonly views: readonly string[];
  readonly surface: PackedSurface;
  readonly sizePx: number;
  /** The program with room for so many pixels. */
  readonly open: (room: number) => Promise<Program>;
}

/**
 * Opens the smallest of the programs, the others when they are needed.
 * Of each raster the program takes `VIEW.shown` [H*W] (`shownTriangles`), beside all that is no raster.
 */
export async function packedProgram(options: PackedProgramOptions): Promise<Program> {
  const { views, surface, sizePx, open } = options;
  const size = { width: sizePx, height: sizePx };
  const pixels = sizePx * sizePx;
  const buffers = new Map<string, PackedRaster>();
  const names = views.map((view) => `${view}.shown`);
  const { inputs, outputs, runtime } = await open(roomFor(0, pixels));
  const others = inputs.filter(({ name }) => !views.some((view) => isRaster(name, view)));
  return {
    inputs: [...others, ...names.map((name): PortInfo => ({ name, shape: [pixels], dtype: 'int32' }))],
    outputs,
    runtime,
    async run(given: Readonly<Record<string, ProgramInput>>, runOptions?: RunOptions) {
      const shown = names.map((name) => shownOf(given[name], name, pixels));
      const room = roomFor(Math.max(...shown.map(coveredPixels)), pixels);
      const program = await open(room);
      const all: Record<string, ProgramInput> = {};
      for (const [name, value] of Object.entries(given)) if (!names.includes(name)) all[name] = value;
      for (const [i, view] of views.entries()) {
        const key = `${view} ${room}`;
        const packed = packRaster(shown[i], surface, size, room, buffers.get(key));
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

function isRaster(name: string, view: string): boolean {
  return name.startsWith(`${view}.`) && !name.slice(view.length + 1).includes('.');
}

function shownOf(given: ProgramInput | undefined, name: string, pixels: number): Int32Array {
  if (given instanceof Int32Array && given.length === pixels) return given;
  throw new TypeError(`The joint fit's program needs "${name}": ${pixels} triangles as an Int32Array.`);
}
