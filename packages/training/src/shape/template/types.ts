/**
 * The template of the default shape model `likeness-head`: what `buildTemplate` makes and what the trainer of the
 * model consumes. Everything is plain data, so that a template can be stored, compared and mirrored.
 */

/** The registered source head the template is made from: vertices, polygons and where its parts are. */
export interface TemplateSource {
  /** Vertices of the source model; deltas handed to `transferDeltas` have as many. */
  readonly vertexCount: number;
  /** [vertexCount, 3] mm, neutral mean; +X subject's left, +Y up, +Z out of the face. */
  readonly mean: Float32Array;
  /** [Q, 4] skin polygons (face, head, ears, neck), counter-clockwise from outside. */
  readonly skinQuads: Uint32Array;
  /** The first so many source vertices are the face: in front of the ears, from the hairline to under the chin. */
  readonly faceVertexCount: number;
  /** [68] source vertices of the iBUG landmarks. */
  readonly landmarks68: Uint32Array;
}

/** Where a template vertex lies on the source: one source triangle and barycentric coordinates in it. */
export interface SourceBinding {
  /** [S, 3] source vertices at the corners of the triangle. */
  readonly corners: Uint32Array;
  /** [S, 3] barycentric coordinates, each >= 0, sum 1. */
  readonly weights: Float32Array;
}

/** A generated eyeball: a sphere whose +Z pole is the centre of the iris. */
export interface Eyeball {
  /** [3] mm in template coordinates. */
  readonly centre: readonly [number, number, number];
  readonly radiusMm: number;
  /** Radius of the limbus (the iris' rim), which is a ring of vertices, in mm. */
  readonly irisRadiusMm: number;
  /** [n, 3] unit vectors; vertex = centre + radiusMm * direction. */
  readonly directions: Float32Array;
  /** First vertex in the template. */
  readonly vertexStart: number;
  /** The ball's disc in the UV chart: its centre is the iris' centre, its rim the back of the ball. */
  readonly uvCentre: readonly [number, number];
  readonly uvRadius: number;
  /** Radius of the limbus in that disc. */
  readonly uvIrisRadius: number;
}

/** The bag behind the lips: rings of as many vertices as the lips' inner edge has, ring by ring. */
export interface MouthInterior {
  /** First vertex in the template. */
  readonly vertexStart: number;
  /** [n] skin vertices of the lips' inner edge, whose places the first ring shares: from the upper lip's middle leftwards. */
  readonly loop: Uint32Array;
  readonly rings: number;
  /** [n * rings] share of the jaw's motion: 0 on the upper half, 1 on the lower. */
  readonly jawShare: Float32Array;
}

/** A run of vertices and triangles with a material of its own. */
export interface TemplatePart {
  readonly name: 'skin' | 'eyeball_left' | 'eyeball_right' | 'mouth_interior';
  readonly vertexStart: number;
  readonly vertexCount: number;
  readonly triangleStart: number;
  readonly triangleCount: number;
}

export interface HeadTemplate {
  /** Skin vertices first, then the left eyeball, the right one, and the mouth's interior. */
  readonly vertexCount: number;
  /** Number of skin vertices S. */
  readonly skinVertexCount: number;
  /** [V, 3] mm, mean shape; origin at the head's centre. */
  readonly positions: Float32Array;
  /** [3] mm: the template's origin in source coordinates (template = source - origin). */
  readonly originMm: readonly [number, number, number];
  /** Skin vertices on the source surface. */
  readonly binding: SourceBinding;
  /** [T, 3] counter-clockwise from outside; the mouth's interior, from inside the mouth. */
  readonly triangles: Uint32Array;
  /** [U, 2] in 0..1, origin top left, face upright. */
  readonly uvs: Float32Array;
  /** [T, 3] into `uvs`. */
  readonly uvTriangles: Uint32Array;
  /** [V] mirror image of each vertex under x -> -x; itself on the midline. */
  readonly mirror: Uint32Array;
  /** Closed vertex loops `eyelid_left`, `eyelid_right`, `lips_inner`, `neck`. */
  readonly loops: Readonly<Record<LoopName, Uint32Array>>;
  /** Per-vertex weights 0..1, each [V]; 0 off the skin. */
  readonly regions: Readonly<Record<RegionName, Float32Array>>;
  readonly parts: readonly TemplatePart[];
  readonly eyeballs: { readonly left: Eyeball; readonly right: Eyeball };
  readonly mouthInterior: MouthInterior;
}

export type LoopName = 'eyelid_left' | 'eyelid_right' | 'lips_inner' | 'neck';

export type RegionName =
  'face' | 'forehead' | 'nose' | 'mouth' | 'eyes' | 'cheeks' | 'ears' | 'scalp' | 'neck';
