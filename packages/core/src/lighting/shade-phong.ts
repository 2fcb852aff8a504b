/**
 * Phong's reflection model with an ambient colour and one point light, the light of GANFIT (Gecer et al. 2019, section 3.3: after
 * Genova et al. 2018), inside a differentiable program:
 *
 *   I = albedo * (ambient + colour max(0, n.l)) + specular colour max(0, r.e)^shininess
 *
 * l points to the light, e to the eye, r is l mirrored in n. No fall-off with distance: strength and distance of a light cannot be told apart
 * on one head.
 */
import {
  add,
  exp,
  greater,
  log,
  maximum,
  mul,
  relu,
  reshape,
  rsqrt,
  ShapeError,
  sliceAxis,
  sub,
  transpose,
  unstack,
  where,
  type Tensor,
} from '@likeness/graph';

/** A point light over ambient light, linear RGB. */
export interface PhongLight {
  /** [3] ambient colour: shading where the point light does not reach. */
  readonly ambient: Tensor;
  /** [3] position of the light in world millimetres. */
  readonly position: Tensor;
  /** [3] colour: diffuse shading of a surface that faces the light. */
  readonly colour: Tensor;
  /** [] strength of the highlight, relative to the light's colour. */
  readonly specular: Tensor;
}

/** Options of `shadePhong`. */
export interface PhongOptions {
  /** Exponent of the highlight: larger is sharper. */
  readonly shininess?: number | undefined;
}

/** Skin's broad highlight. */
export const PHONG_DEFAULTS: { readonly shininess: number } = { shininess: 12 };

/** What a Phong light does to a surface. */
export interface PhongShading {
  /** [P, 3] linear RGB, to be multiplied with the albedo. */
  readonly diffuse: Tensor;
  /** [P, 3] linear RGB, to be added. */
  readonly highlight: Tensor;
}

/**
 * @param normals [P, 3] unit normals, world
 * @param points [P, 3] the surface, world millimetres
 * @param eye [3] the camera's centre, world millimetres
 */
export function shadePhong(
  normals: Tensor,
  points: Tensor,
  eye: Tensor,
  light: PhongLight,
  options: PhongOptions = {},
): PhongShading {
  if (normals.rank !== 2 || normals.shape[1] !== 3 || points.shape.join() !== normals.shape.join())
    throw new ShapeError(
      `shadePhong: expected normals and points [P,3], received [${normals.shape.join(',')}] and [${points.shape.join(',')}]`,
    );
  const planes = (x: Tensor): Tensor[] => unstack(transpose(x));
  const { diffuse, highlight } = shadePhongPlanes(planes(normals), planes(points), eye, light, options);
  return { diffuse: transpose(diffuse), highlight: transpose(highlight) };
}

/** The same with x, y, z of normals and points each [P], and [3, P] out: the form that runs fast. */
export function shadePhongPlanes(
  n: readonly Tensor[],
  points: readonly Tensor[],
  eye: Tensor,
  light: PhongLight,
  options: PhongOptions = {},
): PhongShading {
  const shininess = options.shininess ?? PHONG_DEFAULTS.shininess;
  const pixels = n[0].size;
  const towards = (target: Tensor): Tensor[] => {
    const way = points.map((plane, axis) => sub(sliceAxis(target, 0, axis, axis + 1), plane));
    const scale = rsqrt(maximum(dotPlanes(way, way), LEAST_SQUARED_MM));
    return way.map((plane) => mul(plane, scale));
  };
  const l = towards(reshape(light.position, [3]));
  const e = towards(reshape(eye, [3]));
  const facing = dotPlanes(n, l);
  const mirrored = n.map((plane, axis) => sub(mul(plane, mul(facing, 2)), l[axis]));
  // x^s as exp(s log x), 0 where the light or the eye is behind the surface.
  const seen = where(greater(facing, 0), dotPlanes(mirrored, e), 0);
  const lobe = where(greater(seen, LEAST_COSINE), exp(mul(log(maximum(seen, LEAST_COSINE)), shininess)), 0);
  const column = (x: Tensor): Tensor => reshape(x, [3, 1]);
  const row = (x: Tensor): Tensor => reshape(x, [1, pixels]);
  const colour = column(light.colour);
  return {
    diffuse: add(column(light.ambient), mul(colour, row(relu(facing)))),
    highlight: mul(mul(colour, reshape(light.specular, [1, 1])), row(lobe)),
  };
}

/** Cosines below this are no highlight: their power is nothing in float32. */
const LEAST_COSINE = 1e-3;

/** Nearer than a thousandth of a millimetre there is no direction. */
const LEAST_SQUARED_MM = 1e-6;

const dotPlanes = ([a, b, c]: readonly Tensor[], [p, q, r]: readonly Tensor[]): Tensor =>
  add(add(mul(a, p), mul(b, q)), mul(c, r));
