/**
 * Whether more photographs of a person give a head that is more like the person: `lisa`, `zoom` and the people of `data/photos` with several
 * photographs, joined one, two, .. photographs at a time (shared p_s and p_t), every cyclic choice of them.
 *
 * The head is drawn plainly (front, no expression, even light, the texture model's skin) and compared with the photographs that were
 * not fitted: what the head knows of the person beyond its own photographs. Beside it: the renders over the fitted photographs, and the
 * photographs among each other.
 *
 *   npx tsx --conditions=source benchmarks/fit/same-person.ts [--limit N] [--items lisa,zoom,obama,paul] [--sharing joint|average]
 *     [--most N] [--texture linear] [--preset standard] [--out DIR] [--shard I/N] [--threads N]
 *
 * `--most` bounds the photographs of one fit; `--limit` the people, `--shard` shares them out.
 */
import { basename } from 'node:path';
import { embeddingSimilarity } from '@likeness/core/analysis';
import type { Sharing } from '@likeness/core/fitting/joint';
import { packFloats, unpackFloats } from '../../packages/evaluation/src/faces/packed-floats.ts';
import { textTable } from '../../packages/evaluation/src/report/text-table.ts';
import { mean, photosIn, requireData, rounded } from '../common.ts';
import { chosen, openProof, readProofOptions } from './proof-run.ts';
import {
  distance,
  openProofWorld,
  parametersOf,
  renderOver,
  seenOver,
  seenPlain,
  type PreparedPhoto,
  type Seen,
} from './proof-world.ts';

interface PackedSeen {
  readonly faceRes: string;
  readonly dlib: string;
}

/** One head: of which photographs, and what both networks see in its renders. */
interface JoinedHead {
  readonly photos: readonly number[];
  readonly plain: PackedSeen;
  /** Over each of its photographs. */
  readonly views: readonly PackedSeen[];
}

const options = readProofOptions({ sharing: 'joint', most: '8' });
const sharing = options.own['sharing'] as Sharing;
if (sharing !== 'joint' && sharing !== 'average')
  throw new RangeError(`--sharing is joint or average, not ${String(sharing)}.`);
const photosFolder = await photosIn(requireData('photos'));
const named = (pattern: RegExp): string[] => photosFolder.filter((path) => pattern.test(basename(path)));
const PEOPLE: readonly { readonly name: string; readonly paths: readonly string[] }[] = [
  { name: 'lisa', paths: await photosIn(requireData('faces', 'lisa')) },
  { name: 'zoom', paths: await photosIn(requireData('faces', 'zoom')) },
  { name: 'obama', paths: named(/^obama/) },
  { name: 'paul', paths: named(/^max_paul/) },
];
const people = chosen(PEOPLE, options, ({ name }) => name);
const most = Number(options.own['most']);
const run = openProof('fit-same-person', options, { sharing });
const world = await openProofWorld(options.texture, options.threads);
const fitter = world.createFitter();
const summary: Record<string, unknown> = {};
for (const { name, paths } of people) summary[name] = await joinPerson(name, paths);
await fitter.dispose();
await world.dispose();
await run.finish({ sharing, people: summary }, people.length === PEOPLE.length && most >= 4);

async function joinPerson(name: string, paths: readonly string[]): Promise<object> {
  const prepared = new Map<number, PreparedPhoto>();
  const ready = async (index: number): Promise<PreparedPhoto> => {
    const one = prepared.get(index) ?? (await world.prepare(paths[index]));
    prepared.set(index, one);
    return one;
  };
  const seen: Seen[] = [];
  for (const index of paths.keys())
    seen.push(
      unpack(
        await run.item(`${name}-photo-${index}`, async () => pack(await world.seen(await ready(index)))),
      ),
    );
  const heads: JoinedHead[] = [];
  const count = paths.length;
  for (let k = 1; k <= Math.min(count, most); k++)
    // All photographs at once are one choice only.
    for (let first = 0; first < (k === count ? 1 : count); first++) {
      const indices = Array.from({ length: k }, (_, i) => (first + i) % count).toSorted((a, b) => a - b);
      heads.push(
        await run.item(`${name}-${indices.join('')}`, async () =>
          joinPhotos(indices, await Promise.all(indices.map(ready))),
        ),
      );
    }
  const pairs = seen.flatMap((a, i) => seen.slice(i + 1).map((b) => compare(a, b)));
  const rows = Array.from({ length: Math.min(count, most) }, (_, i) => {
    const own = heads.filter(({ photos }) => photos.length === i + 1);
    const unseen = own.flatMap(({ photos, plain }) =>
      seen.filter((_photo, j) => !photos.includes(j)).map((photo) => compare(photo, unpack(plain))),
    );
    const every = own.flatMap(({ plain }) => seen.map((photo) => compare(photo, unpack(plain))));
    const views = own.flatMap(({ photos, views: renders }) =>
      renders.map((render, at) => compare(seen[photos[at]], unpack(render))),
    );
    return {
      photos: i + 1,
      heads: own.length,
      unseenPhotos: unseen.length === 0 ? null : average(unseen),
      everyPhoto: average(every),
      fittedViews: average(views),
    };
  });
  console.log(
    textTable({
      caption: `${name}: FaceRes cosine / dlib distance; photographs among each other ${cell(average(pairs))}`,
      columns: ['photographs', 'heads', 'plain: unseen photos', 'plain: all photos', 'views: own photos'],
      rows: rows.map((row) => [
        String(row.photos),
        String(row.heads),
        row.unseenPhotos === null ? '' : cell(row.unseenPhotos),
        cell(row.everyPhoto),
        cell(row.fittedViews),
      ]),
    }),
  );
  return { files: paths.map((path) => basename(path)), photosAmongEachOther: average(pairs), rows };
}

async function joinPhotos(indices: readonly number[], photos: readonly PreparedPhoto[]): Promise<JoinedHead> {
  const fit = await fitter.fit({ photos: photos.map(({ joint }) => joint), stages: options.stages, sharing });
  const views: PackedSeen[] = [];
  let plain: PackedSeen | undefined;
  for (const [i, photo] of photos.entries()) {
    const { generated } = await world.albedos(photo, fit, i);
    plain ??= pack(await seenPlain(world, fit.identity, generated));
    const preview = renderOver(world, photo, parametersOf(fit, i), fit.photos[i].light, generated);
    views.push(pack(await seenOver(world, photo, preview)));
  }
  return { photos: indices, plain: plain as PackedSeen, views };
}

interface Likeness {
  readonly faceRes: number;
  readonly dlib: number;
}

function compare(a: Seen, b: Seen): Likeness {
  return { faceRes: embeddingSimilarity(a.faceRes, b.faceRes), dlib: distance(a.dlib, b.dlib) };
}

function average(values: readonly Likeness[]): Likeness {
  return {
    faceRes: rounded(mean(values.map(({ faceRes }) => faceRes))),
    dlib: rounded(mean(values.map(({ dlib }) => dlib))),
  };
}

function cell({ faceRes, dlib }: Likeness): string {
  return `${faceRes.toFixed(3)} / ${dlib.toFixed(3)}`;
}

function pack({ faceRes, dlib }: Seen): PackedSeen {
  return { faceRes: packFloats(faceRes), dlib: packFloats(dlib) };
}

function unpack({ faceRes, dlib }: PackedSeen): Seen {
  return { faceRes: unpackFloats(faceRes), dlib: unpackFloats(dlib) };
}
