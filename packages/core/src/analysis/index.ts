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
