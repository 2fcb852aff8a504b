/**
 * Results appear whole or not at all: files are written into a hidden folder and moved by rename.
 *
 * A new target is filled beside its place and is one rename of the whole folder. A target that exists is filled in a
 * hidden folder inside it (it may be a mount point, where a rename from beside fails); then only files that this
 * program wrote before are replaced and anything else stays. The moves are synchronous, so no signal handler runs
 * between them, and `fit.json` goes last: where it lies, the rest is complete.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';

/** The file that marks a finished folder; written last, removed first. */
export const MARKER = 'fit.json';

/** Every file name a fit may write, beside the overlays of several photos, which `fit.json` names. */
export const OWN_FILES: readonly string[] = [
  'head.glb',
  'head.obj',
  'head.mtl',
  'albedo.png',
  'overlay.png',
  'snapshots.png',
  'snapshots.gif',
  MARKER,
];

/** Staging folders of this process that are not committed yet, for the signal handlers. */
const open = new Set<string>();

/** Removes everything that is not committed; safe to call from a signal handler. */
export function discardStaging(): void {
  for (const folder of open) rmSync(folder, { recursive: true, force: true });
  open.clear();
}

/**
 * Checks, before any work is done, that a folder can be made or filled at `target`.
 * @throws UsageError with what to do otherwise.
 */
export function checkFolder(target: string): void {
  const path = resolve(target);
  let place = path;
  while (!existsSync(place)) place = dirname(place);
  if (!statSync(place).isDirectory())
    throw new UsageError(
      place === path
        ? `The output ${target} is a file: choose a folder with -o.`
        : `The output ${target} lies below a file (${place}): choose another folder with -o.`,
    );
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw notWritable(target, error);
  }
}

/**
 * Checks that results can be put at `target` without overwriting what is not ours.
 * @param names of files that will be written beside `OWN_FILES`
 * @throws UsageError with what to do otherwise.
 */
export function checkTarget(target: string, names: readonly string[] = []): void {
  checkFolder(target);
  const path = resolve(target);
  const earlier = reportAt(join(path, MARKER));
  const ours = earlier === undefined ? [] : [...OWN_FILES, ...namedFiles(earlier)];
  const inTheWay = [...OWN_FILES, ...names].find(
    (name) => !ours.includes(name) && existsSync(join(path, name)),
  );
  if (inTheWay !== undefined)
    throw new UsageError(
      `The output folder ${target} holds ${inTheWay} that likeness did not write: choose another folder with -o.`,
    );
}

/** The same for one JSON file that says who wrote it. */
export function checkFile(path: string): void {
  checkFolder(dirname(path));
  if (existsSync(path) && !isOurs(path))
    throw new UsageError(
      `The output folder ${dirname(path)} holds ${basename(path)} that likeness did not write: choose another folder with -o.`,
    );
}

/** A folder being filled. */
export interface Staging {
  write(name: string, data: Uint8Array | string): void;
  /** Moves the files into the target; the folder appears whole. */
  commit(): void;
  /** Removes what was written; nothing happens after commit. */
  discard(): void;
}

/**
 * Opens a staging folder beside `target`, whose parents are made as needed.
 * @throws UsageError when the place may not be written.
 */
export function stage(target: string): Staging {
  const path = resolve(target);
  const folder = atPlace(target, () => {
    if (existsSync(path)) return hiddenFolder(path, 'results');
    mkdirSync(dirname(path), { recursive: true });
    return hiddenFolder(dirname(path), basename(path));
  });
  const names: string[] = [];
  return {
    write(name, data) {
      atPlace(target, () => {
        writeFileSync(join(folder, name), data);
      });
      names.push(name);
    },
    commit() {
      atPlace(target, () => {
        moveInto(folder, path, names);
      });
      open.delete(folder);
    },
    discard() {
      if (open.delete(folder)) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Replaces one file whole. @throws UsageError when the place may not be written. */
export function writeWhole(path: string, data: string): void {
  atPlace(dirname(path), () => {
    mkdirSync(dirname(path), { recursive: true });
    const staging = hiddenFolder(dirname(path), basename(path));
    const file = join(staging, basename(path));
    writeFileSync(file, data);
    renameSync(file, path);
    rmSync(staging, { recursive: true, force: true });
    open.delete(staging);
  });
}

/** Makes a staging folder that no other run uses. Not mkdtemp: its folders are private to the user for ever. */
function hiddenFolder(parent: string, name: string): string {
  for (let n = 0; ; n++) {
    const folder = join(parent, `.${name}.likeness-${process.pid}-${n}`);
    if (existsSync(folder)) continue;
    mkdirSync(folder);
    open.add(folder);
    return folder;
  }
}

function moveInto(folder: string, path: string, names: readonly string[]): void {
  if (!existsSync(path)) {
    renameSync(folder, path);
    return;
  }
  const earlier = reportAt(join(path, MARKER));
  const old = earlier === undefined ? OWN_FILES : [...OWN_FILES, ...namedFiles(earlier)];
  rmSync(join(path, MARKER), { force: true });
  for (const name of old) if (!names.includes(name)) rmSync(join(path, name), { force: true });
  const markerLast = [...names].sort((a, b) => Number(a === MARKER) - Number(b === MARKER));
  for (const name of markerLast) renameSync(join(folder, name), join(path, name));
  rmSync(folder, { recursive: true, force: true });
}

/** Whether a JSON file names this program as its generator. */
function isOurs(path: string): boolean {
  return reportAt(path) !== undefined;
}

interface EarlierReport {
  readonly generator?: unknown;
  readonly photos?: unknown;
}

/** A JSON file that this program wrote; undefined where there is none. */
function reportAt(path: string): EarlierReport | undefined {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8')) as EarlierReport;
    return report.generator === 'likeness' ? report : undefined;
  } catch {
    return undefined;
  }
}

/** Overlays that a report of several photos names: plain file names only, whatever the file says. */
function namedFiles({ photos }: EarlierReport): string[] {
  if (!Array.isArray(photos)) return [];
  return photos.flatMap((photo: unknown) => {
    const overlay = (photo as { readonly overlay?: unknown } | null)?.overlay;
    return typeof overlay === 'string' && /^overlay-[^/\\]+\.png$/.test(overlay) ? [overlay] : [];
  });
}

function notWritable(target: string, cause: unknown): UsageError {
  return new UsageError(
    `The output folder ${target} may not be written: choose another folder with -o or change its permissions.`,
    { cause },
  );
}

/** Runs a file operation; a refusal of the file system becomes a sentence about the target. */
function atPlace<T>(target: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['EACCES', 'EPERM', 'EROFS'].includes(code)) throw notWritable(target, error);
    if (code === 'ENAMETOOLONG')
      throw new UsageError(`The output name ${target} is too long for this disk: choose another with -o.`, {
        cause: error,
      });
    throw error;
  }
}
