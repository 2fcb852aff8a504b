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
  div,
  dot,
  exp,
  log,
  maximum,
  mul,
  relu,
  reshape,
  sub,
  transpose,
  where,
  greater,
  ShapeError,
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
  const shininess = options.shininess ?? PHONG_DEFAULTS.shininess;
  const n = transpose(normals);
  const at = transpose(points);
  const column = (x: Tensor): Tensor => reshape(x, [3, 1]);
  const towards = (target: Tensor): Tensor => {
    const way = sub(column(target), at);
    return div(way, maximumLength(way));
  };
  const l = towards(light.position);
  const e = towards(eye);
  const facing = dot(n, l, { axis: 0, keepDims: true });
  const mirrored = sub(mul(n, mul(facing, 2)), l);
  const aligned = dot(mirrored, e, { axis: 0, keepDims: true });
  // x^s as exp(s log x), 0 where the light or the eye is behind the surface.
  const seen = where(greater(facing, 0), aligned, 0);
  const lobe = where(greater(seen, LEAST), exp(mul(log(maximum(seen, LEAST)), shininess)), 0);
  const colour = column(light.colour);
  return {
    diffuse: transpose(add(column(light.ambient), mul(colour, relu(facing)))),
    highlight: transpose(mul(mul(colour, reshape(light.specular, [1, 1])), lobe)),
  };
}

/** Cosines below this are no highlight: their power is nothing in float32. */
const LEAST = 1e-3;

/** Lengths of the columns of x [3, P], [1, P], at least a thousandth of a millimetre. */
function maximumLength(x: Tensor): Tensor {
  const squared = dot(x, x, { axis: 0, keepDims: true });
  return exp(mul(log(maximum(squared, 1e-6)), 0.5));
}
