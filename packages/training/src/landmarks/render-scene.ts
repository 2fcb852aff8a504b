/**
 * Draws a sampled scene as a photograph and keeps what lies under each pixel, which is what turns a detected landmark
 * back into a place on the surface.
 */
import { project, rotationMatrix } from '@likeness/core/camera';
import { vertexNormals } from '@likeness/core/geometry';
import { linearToSrgb8 } from '@likeness/core/image';
import type { Photo } from '@likeness/core/image';
import { evaluateModel } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';
import { rasterize } from '@likeness/core/render';
import type { Rasterization } from '@likeness/core/render';
import type { FacePaint } from './face-paint.ts';
import type { Scene } from './sample-scene.ts';

export interface RenderedScene {
  readonly photo: Photo;
  readonly raster: Rasterization;
  /** [V, 3] mm, world frame. */
  readonly positions: Float32Array;
  /** [T] 1 where a triangle is seen from outside. */
  readonly frontFacing: Uint8Array;
  /** [V, 3] unit normals, world frame. */
  readonly normals: Float32Array;
  /** [V, 3] u, v, depth. */
  readonly projected: Float32Array;
}

/** Raster ids refer to `model.triangles`; parts that `paint` leaves out are not drawn. */
export function renderScene(model: MorphableModel, paint: FacePaint, scene: Scene): RenderedScene {
  const { camera } = scene;
  const positions = evaluateModel(model, scene.identity, scene.expression);
  const normals = vertexNormals(positions, model.triangles);
  const projected = project(camera, positions);
  const triangles = drawnTriangles(model, paint);
  const raster = rasterize(projected, triangles, camera.widthPx, camera.heightPx);
  const frontFacing = facingTriangles(projected, model.triangles);
  const partOf = trianglePart(model);
  const r = rotationMatrix(camera.rotation);
  const data = new Uint8Array(camera.widthPx * camera.heightPx * 3).fill(linearToSrgb8(scene.background));
  const albedo = new Float32Array(3);
  const place = [0, 0, 0];
  const normal = [0, 0, 0];
  for (let pixel = 0; pixel < raster.triangleIds.length; pixel++) {
    const id = raster.triangleIds[pixel];
    if (id < 0) continue;
    for (let c = 0; c < 3; c++) {
      place[c] = 0;
      normal[c] = 0;
      for (let k = 0; k < 3; k++) {
        const weight = raster.barycentrics[pixel * 3 + k];
        const v = model.triangles[id * 3 + k] * 3 + c;
        place[c] += weight * model.mean[v];
        normal[c] += weight * normals[v];
      }
    }
    if (frontFacing[id] === 0) albedo.set(INSIDE);
    else paint.colourAt(partOf[id], place[0], place[1], place[2], scene.colours, albedo);
    const length = Math.hypot(normal[0], normal[1], normal[2]) || 1;
    let shade = scene.ambient;
    for (const { direction, strength } of scene.lights) {
      // Lights stand with the camera, so the face turns in them.
      let cosine = 0;
      for (let c = 0; c < 3; c++)
        cosine +=
          (direction[c] * (r[c * 3] * normal[0] + r[c * 3 + 1] * normal[1] + r[c * 3 + 2] * normal[2])) /
          length;
      shade += strength * Math.max(0, cosine);
    }
    for (let c = 0; c < 3; c++) data[pixel * 3 + c] = linearToSrgb8(albedo[c] * shade);
  }
  return {
    photo: { width: camera.widthPx, height: camera.heightPx, channels: 3, data },
    raster,
    frontFacing,
    positions,
    normals,
    projected,
  };
}

/** Through an open mouth one looks at the back of the skin: a dark hole. */
const INSIDE = [0.03, 0.01, 0.01];

/** Counter-clockwise from outside has negative area on screen, where v points down. */
function facingTriangles(projected: Float32Array, triangles: Uint32Array): Uint8Array {
  return Uint8Array.from({ length: triangles.length / 3 }, (_, id) => {
    const [a, b, c] = [triangles[id * 3] * 3, triangles[id * 3 + 1] * 3, triangles[id * 3 + 2] * 3];
    const area =
      (projected[b] - projected[a]) * (projected[c + 1] - projected[a + 1]) -
      (projected[b + 1] - projected[a + 1]) * (projected[c] - projected[a]);
    return Number(area < 0);
  });
}

/** [T, 3] the model's triangles with those of hidden parts collapsed, so that indices stay the model's. */
function drawnTriangles(model: MorphableModel, paint: FacePaint): Uint32Array {
  const triangles = model.triangles.slice();
  for (const [index, { triangleStart, triangleCount }] of model.parts.entries())
    if (!paint.drawn[index]) triangles.fill(0, triangleStart * 3, (triangleStart + triangleCount) * 3);
  return triangles;
}

/** [T] part of each triangle. */
export function trianglePart(model: MorphableModel): Uint8Array {
  const parts = new Uint8Array(model.triangles.length / 3);
  for (const [index, { triangleStart, triangleCount }] of model.parts.entries())
    parts.fill(index, triangleStart, triangleStart + triangleCount);
  return parts;
}
