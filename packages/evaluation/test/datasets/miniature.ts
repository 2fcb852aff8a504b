/** The three data sets in their true layouts, made by code: two toy people each. */
import {
  KEYPOINT_IDS,
  LANDMARK_IDS,
  pointsAt,
  REGION_VERTICES,
  toyHead,
} from '../../../core/test/evaluation/toy-head.ts';
import { NOW_FROM_IBUG68, REALY_REGIONS, realyScanFromMesh } from '@likeness/core/evaluation';
import { writeObjText } from '../../src/datasets/read-obj.ts';
import type { TemporaryFolder } from './temporary-folder.ts';

/** Shapes of subjects 1 and 2. */
export const PEOPLE = [toyHead([1, 1.5, -1, 0.5]), toyHead([-1, 0.5, 1, 1])];
export const ANYBODY = toyHead();

const obj = (positions: ArrayLike<number>, triangles: ArrayLike<number>): string =>
  writeObjText(positions, triangles);
const rows = (points: ArrayLike<number>): number[][] =>
  Array.from({ length: points.length / 3 }, (_, i) => [points[i * 3], points[i * 3 + 1], points[i * 3 + 2]]);

/** MeshLab's picked points. */
export function pickedPoints(points: ArrayLike<number>): string {
  return `<!DOCTYPE PickedPoints>\n<PickedPoints>\n <DocumentData>\n  <DateTime time="10:00:00" date="2018-05-01"/>\n  <User name="x"/>\n </DocumentData>\n${rows(
    points,
  )
    .map(([x, y, z], k) => ` <point x="${x}" y="${y}" z="${z}" name="${k}" active="1"/>`)
    .join('\n')}\n</PickedPoints>\n`;
}

/** menpo's landmark files. */
export function ljson(points: ArrayLike<number>): string {
  return JSON.stringify({
    version: 3,
    groups: { LJSON: { labels: [], landmarks: { connectivity: [], points: rows(points) } } },
  });
}

/** An OBJ of points alone. */
export function vertexLines(points: ArrayLike<number>): string {
  return rows(points)
    .map((row) => `v ${row.join(' ')}`)
    .join('\n');
}

/** NumPy's format 1.0, float64, C order. */
export function npy(points: ArrayLike<number>): Uint8Array {
  const header =
    `{'descr': '<f8', 'fortran_order': False, 'shape': (${points.length / 3}, 3), }`.padEnd(117) + '\n';
  const bytes = Buffer.alloc(10 + header.length + points.length * 8);
  bytes.write('\u0093NUMPY\u0001\u0000', 'latin1');
  bytes.writeUInt16LE(header.length, 8);
  bytes.write(header, 10, 'latin1');
  for (let i = 0; i < points.length; i++) bytes.writeDoubleLE(points[i], 10 + header.length + 8 * i);
  return bytes;
}

export const CHALLENGES = ['multiview_neutral', 'selfie'];

/** @returns folder of the data set and of the predictions: subject 1 is predicted exactly (in metres), subject 2 by the mean */
export function makeNow(folder: TemporaryFolder): { data: string; predictions: string } {
  const images: string[] = [];
  for (const [i, { positions, triangles }] of PEOPLE.entries()) {
    const subject = `FaMoS_180424_0333${i}_TA`;
    folder.write(`now/scans/${subject}/natural_head_rotation.000001.obj`, obj(positions, triangles));
    const marks = pointsAt(
      positions,
      LANDMARK_IDS.filter((_, k) => NOW_FROM_IBUG68.includes(k)),
    );
    const ordered = pointsAt(
      positions,
      NOW_FROM_IBUG68.map((k) => LANDMARK_IDS[k]),
    );
    if (marks.length !== ordered.length) throw new Error('NoW has seven landmarks.');
    folder.write(
      `now/scans_lmks_onlypp/${subject}/natural_head_rotation.000001_picked_points.pp`,
      pickedPoints(ordered),
    );
    const predicted = i === 0 ? positions : ANYBODY.positions;
    for (const challenge of CHALLENGES) {
      images.push(`${subject}/${challenge}/IMG_0001.jpg`);
      const metres = predicted.map((x) => x / 1000);
      const points = pointsAt(
        metres,
        NOW_FROM_IBUG68.map((k) => LANDMARK_IDS[k]),
      );
      folder.write(`now-predictions/${subject}/${challenge}/IMG_0001.obj`, obj(metres, triangles));
      if (challenge === 'selfie')
        folder.write(
          `now-predictions/${subject}/${challenge}/IMG_0001.txt`,
          rows(points)
            .map((row) => row.join(' '))
            .join('\n'),
        );
      else folder.write(`now-predictions/${subject}/${challenge}/IMG_0001.npy`, npy(points));
    }
  }
  folder.write('now/imagepathsvalidation.txt', `${images.join('\n')}\n`);
  return { data: `${folder.path}/now`, predictions: `${folder.path}/now-predictions` };
}

export function makeRealy(folder: TemporaryFolder): { data: string; predictions: string; keypoints: string } {
  for (const [i, person] of PEOPLE.entries()) {
    const { scan } = realyScanFromMesh(person, REGION_VERTICES, pointsAt(person.positions, KEYPOINT_IDS));
    folder.write(`realy/REALY_HIFI3D_keypoints/${i + 1}.obj`, vertexLines(scan.keypoints));
    for (const region of REALY_REGIONS) {
      const { positions, triangles } = scan.regions[region];
      folder.write(`realy/REALY_scan_region/${i + 1}/${region}.obj`, obj(positions, triangles));
    }
    folder.write(
      `realy-predictions/${i + 1}.obj`,
      obj(i === 0 ? person.positions : ANYBODY.positions, person.triangles),
    );
  }
  folder.write('realy-predictions/2_side.obj', obj(ANYBODY.positions, ANYBODY.triangles));
  folder.write('realy/metrical_scale.txt', '9.0\n9.0\n');
  // Any triangle with the keypoint's vertex as a corner.
  const keypoints = KEYPOINT_IDS.map((vertex) => {
    const corner = ANYBODY.triangles.indexOf(vertex);
    return [Math.floor(corner / 3), corner % 3 === 0 ? 1 : 0, corner % 3 === 1 ? 1 : 0];
  });
  return {
    data: `${folder.path}/realy`,
    predictions: `${folder.path}/realy-predictions`,
    keypoints: folder.write('toy.txt', JSON.stringify(keypoints)),
  };
}

export function makeFlorence(folder: TemporaryFolder): {
  data: string;
  predictions: string;
  template: string;
  templateLandmarks: string;
} {
  for (const [i, { positions, triangles }] of PEOPLE.entries()) {
    const subject = `subject_0${i + 1}`;
    // The second person has one scan, as subject 30 of the real set.
    for (const scan of i === 0 ? ['frontal1', 'frontal2'] : ['frontal1']) {
      const place = `florence/${subject}/Model/${scan}/obj/110920150452.obj`;
      folder.write(place, obj(positions, triangles));
      folder.write(
        `florence/MICC_landmarks/${subject}/Model/${scan}/obj/110920150452.ljson`,
        ljson(pointsAt(positions, LANDMARK_IDS)),
      );
    }
    for (const setting of ['Indoor-Cooperative', 'PTZ-Indoor', 'PTZ-Outdoor'])
      if (i === 0 || setting !== 'PTZ-Outdoor')
        folder.write(
          `florence-predictions/${subject}/${setting}.obj`,
          obj(
            (setting === 'Indoor-Cooperative' ? positions : ANYBODY.positions).map((x) => x / 100),
            triangles,
          ),
        );
  }
  return {
    data: `${folder.path}/florence`,
    predictions: `${folder.path}/florence-predictions`,
    template: folder.write(
      'template.obj',
      obj(
        ANYBODY.positions.map((x) => x / 100),
        ANYBODY.triangles,
      ),
    ),
    templateLandmarks: folder.write('landmark-ids.json', JSON.stringify({ ids: LANDMARK_IDS })),
  };
}
