/**
 * The three data sets in their true layouts with photographs that show a face: one head of likeness-head's own prior, rendered.
 * Its scan is what the real sets give: the front of the face alone, in the scanner's frame, REALY's in REALY's unit.
 */
import { REALY_REGIONS, realyScanFromMesh } from '@likeness/core/evaluation';
import type { SurfaceMesh } from '@likeness/core/evaluation';
import { axisAngleOf } from '@likeness/core/camera';
import { cropSphere, transformPoints } from '@likeness/core/geometry';
import { evaluateModel } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';
import { headRotation } from '@likeness/training/landmarks';
import { writeObjText } from '../../src/datasets/read-obj.ts';
import { faceMetric } from '../../src/synthetic/face-metric.ts';
import { nowLandmarks, realyKeypoints, surfaceOfHead } from '../../src/synthetic/icp-errors.ts';
import { createSkinPainter } from '../../src/synthetic/paint-skin.ts';
import { photograph } from '../../src/synthetic/render-setup.ts';
import { headRandom, sampleSetup } from '../../src/synthetic/sample-setup.ts';
import { ljson, pickedPoints, vertexLines } from './miniature.ts';
import type { TemporaryFolder } from './temporary-folder.ts';

/** Farther from the nose's tip the scanner saw nothing. */
const SCAN_RADIUS_MM = 110;
const NOSE_TIP = 30;
const PHOTO_PX = 320;
const SUBJECT = 'FaMoS_180424_03330_TA';

export interface RenderedPerson {
  /** Of the face alone, mm, in the scanner's frame. */
  readonly scan: SurfaceMesh;
  /** [68, 3] in the scanner's frame. */
  readonly landmarks: Float32Array;
  /** Whole skin and what the regions need, in the scanner's frame. */
  readonly skin: ReturnType<typeof surfaceOfHead>;
  photo(yawDegrees: number): Promise<Uint8Array>;
}

/** [V, 3] one head of the model's prior, mm, in its frame. */
export function drawnShape(model: MorphableModel): Float32Array {
  const random = headRandom(11, 0);
  const shape = Float32Array.from({ length: model.identity.count }, () =>
    Math.max(-2, Math.min(2, random.normal())),
  );
  return evaluateModel(model, shape, []);
}

export function renderPerson(model: MorphableModel): RenderedPerson {
  const neutral = drawnShape(model);
  const own = surfaceOfHead(model, neutral, faceMetric(model));
  const toScanner = {
    scale: 1,
    rotation: Float64Array.from(headRotation(20, -15, 10)),
    translation: Float64Array.of(30, -1200, 410),
  };
  const moved = (points: ArrayLike<number>): Float32Array =>
    transformPoints(Float32Array.from(points), toScanner);
  const skin = {
    ...own,
    mesh: { positions: moved(own.mesh.positions), triangles: own.mesh.triangles },
    landmarks: moved(own.landmarks),
  };
  const nose = skin.landmarks.subarray(3 * NOSE_TIP, 3 * NOSE_TIP + 3);
  const { positions, triangles } = cropSphere(skin.mesh, nose, SCAN_RADIUS_MM);
  const photos = new Map<number, Uint8Array>();
  return {
    scan: { positions, triangles },
    landmarks: skin.landmarks,
    skin,
    async photo(yawDegrees) {
      const kept = photos.get(yawDegrees);
      if (kept !== undefined) return kept;
      const setup = sampleSetup(model, headRandom(11, 1), 1);
      const { jpeg } = await photograph(
        model,
        createSkinPainter(model, undefined),
        {
          ...setup,
          rotation: axisAngleOf(headRotation(yawDegrees, 0, 0)),
          noseDistanceMm: 900,
          widthPx: PHOTO_PX,
          heightPx: PHOTO_PX,
          faceShare: 0.45,
          offset: [0, 0],
          occluder: 'none',
          noise: 1,
          jpegQuality: 90,
        },
        neutral,
      );
      photos.set(yawDegrees, jpeg);
      return jpeg;
    },
  };
}

/** @returns the data set's folder */
export async function makeNowPhotos(folder: TemporaryFolder, person: RenderedPerson): Promise<string> {
  const { scan, landmarks } = person;
  folder.write(
    `now/scans/${SUBJECT}/natural_head_rotation.000001.obj`,
    writeObjText(scan.positions, scan.triangles),
  );
  folder.write(
    `now/scans_lmks_onlypp/${SUBJECT}/natural_head_rotation.000001_picked_points.pp`,
    pickedPoints(nowLandmarks(landmarks)),
  );
  const image = `${SUBJECT}/multiview_neutral/IMG_0001.jpg`;
  folder.write(`now/final_release_version/iphone_pictures/${image}`, await person.photo(0));
  folder.write('now/imagepathsvalidation.txt', `${image}\n`);
  return `${folder.path}/now`;
}

/** @param views file names without ending, and their yaw */
export async function makeRealyPhotos(
  folder: TemporaryFolder,
  person: RenderedPerson,
  views: Readonly<Record<string, number>>,
): Promise<string> {
  const { mesh, regions, landmarks } = person.skin;
  const { scan } = realyScanFromMesh(mesh, regions, realyKeypoints(landmarks));
  folder.write('realy/REALY_HIFI3D_keypoints/1.obj', vertexLines(scan.keypoints));
  for (const region of REALY_REGIONS) {
    const { positions, triangles } = scan.regions[region];
    folder.write(`realy/REALY_scan_region/1/${region}.obj`, writeObjText(positions, triangles));
  }
  folder.write('realy/metrical_scale.txt', '9.000000000000000000e+00\n');
  for (const [name, yawDegrees] of Object.entries(views))
    folder.write(`realy/REALY_image/${name}.jpg`, await person.photo(yawDegrees));
  return `${folder.path}/realy`;
}

export async function makeFlorencePhotos(folder: TemporaryFolder, person: RenderedPerson): Promise<string> {
  const { scan, landmarks } = person;
  folder.write(
    'florence/subject_01/Model/frontal1/obj/110920150452.obj',
    writeObjText(scan.positions, scan.triangles),
  );
  folder.write('florence/MICC_landmarks/subject_01/Model/frontal1/obj/110920150452.ljson', ljson(landmarks));
  folder.write('florence/subject_01/Videos/Indoor-Cooperative/frame_0001.jpg', await person.photo(0));
  return `${folder.path}/florence`;
}
