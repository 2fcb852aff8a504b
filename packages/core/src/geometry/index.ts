export type { Mesh } from './mesh.ts';
export { vertexNormals } from './vertex-normals.ts';
export {
  ALIGN_POINTS_DEFAULTS,
  alignPoints,
  composeSimilarities,
  invertSimilarity,
  transformPoints,
} from './align-points.ts';
export type { AlignPointsOptions, Similarity } from './align-points.ts';
export {
  ALIGN_SURFACE_DEFAULTS,
  alignPointsToSurface,
  alignSurfaceToPoints,
  IDENTITY_SIMILARITY,
} from './align-surface.ts';
export type { AlignSurfaceOptions, AlignSurfaceResult } from './align-surface.ts';
export { solveDense } from './solve-dense.ts';
export { symmetricEigen } from './symmetric-eigen.ts';
export type { SymmetricEigen } from './symmetric-eigen.ts';
export { boundaryLoops } from './boundary-loops.ts';
export { borderTriangles, uniqueEdges } from './mesh-edges.ts';
export { MIRROR_MAP_DEFAULTS, mirrorMap } from './mirror-map.ts';
export type { MirrorMapOptions } from './mirror-map.ts';
export { smoothWeights } from './smooth-weights.ts';
export { createSurfaceTree } from './closest-point.ts';
export type { SurfaceHit, SurfaceHits, SurfaceTree } from './closest-point.ts';
export { createPointTree } from './point-tree.ts';
export { cropSphere, subMesh, weldVertices } from './sub-mesh.ts';
export type { SubMesh, WeldedMesh } from './sub-mesh.ts';
export { createDeformationSolver } from './deformation-solver.ts';
export type { DeformationSolveOptions, DeformationSolver, DeformationSystem } from './deformation-solver.ts';
export { applyTransforms, NON_RIGID_ICP_DEFAULTS, nonRigidIcp, setIdentity } from './non-rigid-icp.ts';
export type {
  NonRigidIcpOptions,
  NonRigidIcpResult,
  NonRigidIcpStage,
  RegistrationMesh,
} from './non-rigid-icp.ts';
export { ObjFormatError, parseObj } from './read-obj.ts';
export type { ObjMesh } from './read-obj.ts';
