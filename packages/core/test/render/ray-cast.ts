/**
 * The slow plain reference of the differentiable renderer: every pixel's ray against every triangle in space (Möller and Trumbore
 * 1997), in doubles, one pixel after the other. It shares no formula with the renderer: no projection, no screen-space edge.
 */
import { rotationMatrix, type PinholeCamera } from '../../src/camera/index.ts';
import { linearToSrgb, srgbToLinear } from '../../src/image/index.ts';

type Vector = readonly [number, number, number];

const sub = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const unit = (a: Vector): Vector => {
  const length = Math.hypot(...a) || 1;
  return [a[0] / length, a[1] / length, a[2] / length];
};

/** What a ray meets. */
export interface Hit {
  readonly triangle: number;
  /** Weights of the triangle's corners at the point in space. */
  readonly barycentric: Vector;
  /** World. */
  readonly point: Vector;
  readonly normal: Vector;
  /** Seen from outside. */
  readonly outside: boolean;
}

/** The light at a point: what multiplies the albedo, and what is added. */
export type Shader = (hit: Hit, eye: Vector) => { readonly diffuse: Vector; readonly highlight: Vector };

export interface RayCastScene {
  readonly positions: Float32Array;
  readonly triangles: Uint32Array;
  readonly uvs: Float32Array;
  readonly uvTriangles: Uint32Array;
  /** [3, S, S] sRGB-encoded */
  readonly texture: ArrayLike<number>;
  readonly textureSize: number;
  readonly camera: PinholeCamera;
  /** [2, 3] */
  readonly crop: ArrayLike<number>;
  readonly size: { readonly width: number; readonly height: number };
  readonly shade: Shader;
  readonly inside: number;
}

/** @returns image [3, H, W], not clipped, 0 where nothing is; and the triangle of each pixel, -1 where none */
export function rayCast(scene: RayCastScene): { image: Float64Array; triangleIds: Int32Array } {
  const { positions, triangles, camera, crop, size } = scene;
  const pixels = size.width * size.height;
  const image = new Float64Array(3 * pixels);
  const triangleIds = new Int32Array(pixels).fill(-1);
  const r = rotationMatrix(camera.rotation);
  const back = ([x, y, z]: Vector): Vector => [
    r[0] * x + r[3] * y + r[6] * z,
    r[1] * x + r[4] * y + r[7] * z,
    r[2] * x + r[5] * y + r[8] * z,
  ];
  const [tx, ty, tz] = camera.translationMm;
  const eye = back([-tx, -ty, -tz]);
  const vertex = (k: number): Vector => [positions[k * 3], positions[k * 3 + 1], positions[k * 3 + 2]];
  const normals = new Float64Array(positions.length);
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [vertex(triangles[t]), vertex(triangles[t + 1]), vertex(triangles[t + 2])];
    const normal = cross(sub(b, a), sub(c, a));
    for (let k = 0; k < 3; k++) for (let i = 0; i < 3; i++) normals[triangles[t + k] * 3 + i] += normal[i];
  }
  const determinant = crop[0] * crop[4] - crop[1] * crop[3];
  for (let pixel = 0; pixel < pixels; pixel++) {
    // The crop backwards, then the ray through the photo's plane.
    const [x, y] = [(pixel % size.width) + 0.5 - crop[2], Math.floor(pixel / size.width) + 0.5 - crop[5]];
    const u = (crop[4] * x - crop[1] * y) / determinant;
    const v = (crop[0] * y - crop[3] * x) / determinant;
    const direction = back([
      (u - camera.principalPointPx[0]) / camera.focalPx,
      -(v - camera.principalPointPx[1]) / camera.focalPx,
      -1,
    ]);
    const hit = nearest(eye, direction);
    if (!hit) continue;
    triangleIds[pixel] = hit.triangle;
    const { diffuse, highlight } = scene.shade(hit, eye);
    for (let c = 0; c < 3; c++) {
      const linear = texel(hit, c) * diffuse[c] + highlight[c];
      image[c * pixels + pixel] = linearToSrgb(linear * (hit.outside ? 1 : scene.inside));
    }
  }
  return { image, triangleIds };

  function nearest(from: Vector, direction: Vector): Hit | undefined {
    let found: Hit | undefined;
    let distance = Infinity;
    for (let t = 0; t < triangles.length / 3; t++) {
      const ids = [0, 1, 2].map((k) => triangles[t * 3 + k]);
      const [a, b, c] = ids.map(vertex);
      const [e1, e2] = [sub(b, a), sub(c, a)];
      const p = cross(direction, e2);
      const area = dot(e1, p);
      if (area === 0) continue;
      const s = sub(from, a);
      const wb = dot(s, p) / area;
      const q = cross(s, e1);
      const wc = dot(direction, q) / area;
      const at = dot(e2, q) / area;
      if (wb < 0 || wc < 0 || wb + wc > 1 || at <= 0 || at >= distance) continue;
      distance = at;
      const weights: Vector = [1 - wb - wc, wb, wc];
      const mix = (of: (id: number, axis: number) => number): Vector =>
        [0, 1, 2].map((axis) =>
          ids.reduce((sum, id, k) => sum + weights[k] * of(id, axis), 0),
        ) as unknown as Vector;
      const normal = (id: number): Vector =>
        unit([normals[id * 3], normals[id * 3 + 1], normals[id * 3 + 2]]);
      found = {
        triangle: t,
        barycentric: weights,
        point: mix((id, axis) => positions[id * 3 + axis]),
        normal: unit(mix((id, axis) => normal(id)[axis])),
        outside: dot(cross(e1, e2), direction) < 0,
      };
    }
    return found;
  }

  function texel({ triangle, barycentric }: Hit, channel: number): number {
    const { uvs, uvTriangles, texture, textureSize: side } = scene;
    const place = [0, 1].map((axis) => {
      const at = [0, 1, 2].reduce(
        (sum, k) => sum + barycentric[k] * uvs[uvTriangles[triangle * 3 + k] * 2 + axis],
        0,
      );
      return Math.min(side - 1, Math.max(0, at * side - 0.5));
    });
    let sum = 0;
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++)
        sum +=
          Math.max(0, 1 - Math.abs(place[0] - column)) *
          Math.max(0, 1 - Math.abs(place[1] - row)) *
          texture[(channel * side + row) * side + column];
    return srgbToLinear(sum);
  }
}
