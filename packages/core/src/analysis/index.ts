export { arcFaceNetwork, type ArcFaceNetwork } from './arcface-network.ts';
export { createAnalyser, type Analyser, type AnalyserOptions, type AnalysisTimings } from './analyser.ts';
export {
  BLAZEFACE_DEFAULTS,
  createBlazeFaceDetector,
  type BlazeFaceDetector,
  type BlazeFaceOptions,
} from './blazeface.ts';
export {
  createFaceMeshLandmarker,
  FACEMESH_DEFAULTS,
  type FaceMeshLandmarker,
  type FaceMeshOptions,
  type LocatedMesh,
} from './face-mesh.ts';
export {
  createFaceResIdentity,
  embeddingSimilarity,
  FACERES_DEFAULTS,
  type FaceResIdentity,
  type FaceResOptions,
} from './face-res.ts';
export { FACERES_ACTIVATIONS, faceResNetwork } from './face-res-network.ts';
export { ARCFACE_TEMPLATE, arcFaceTemplate, fivePoints, similarityOf } from './five-point-alignment.ts';
export { headPoseOf } from './head-pose.ts';
export { IBUG68_TO_MESH, ibug68FromMesh } from './ibug68.ts';
export {
  IDENTITY_NETWORK_FORMAT,
  IdentityNetworkError,
  readIdentityDescription,
  type FaceAlignment,
  type IdentityNetworkDescription,
} from './identity-description.ts';
export {
  cropMatrix,
  cropToPhoto,
  type DifferentiableIdentityNetwork,
  type IdentityFeatures,
} from './identity-network.ts';
export { createIrisRefiner, IRIS_DEFAULTS, type IrisOptions, type IrisRefiner } from './iris.ts';
export { cropPhoto, faceCrop } from './network-crop.ts';
export {
  compileIdentityNetwork,
  identityTargets,
  type CompiledIdentityNetwork,
  type IdentityTargets,
} from './network-identity.ts';
export { PLAUSIBILITY_DEFAULTS, type PlausibilityOptions } from './plausible-face.ts';
export type { AnalysisNetworks, NetworkFiles, ProgramOptions } from './program.ts';
export {
  SAME_PERSON_DEFAULTS,
  samePerson,
  type SamePersonOptions,
  type SamePersonResult,
} from './same-person.ts';
export { SEARCH_DEFAULTS, type SearchOptions } from './search-views.ts';
export type {
  FaceAnalysis,
  FaceDetection,
  FaceDetector,
  FaceLandmarker,
  FaceLandmarks,
  FaceSegmenter,
  HeadPose,
  IdentityNetwork,
} from './types.ts';
