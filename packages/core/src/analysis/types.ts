/**
 * What the analysis of a photo yields and which networks it asks: interfaces only, so that any detector,
 * landmarker or recogniser can stand in for the default ones.
 */
import type { Image, Photo } from '../image/index.ts';

/** A detected face in image pixels, origin top left. */
export interface FaceDetection {
  /** Axis-aligned box around the face. */
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** Detector confidence 0..1. */
  readonly score: number;
  /** In-plane rotation of the head in radians, positive clockwise in the image. */
  readonly rollRadians: number;
}

export interface FaceLandmarks {
  /** [478, 3] MediaPipe face-mesh order (468 mesh + 5 + 5 iris): x, y in image pixels; z relative depth in the same pixel scale, smaller is nearer. */
  readonly points: Float32Array;
  /** Network's confidence that this is a face, 0..1. */
  readonly confidence: number;
}

export interface HeadPose {
  /** Positive: clockwise in the image, so the head tilts towards its own left shoulder. */
  readonly rollDegrees: number;
  /** Positive: the subject turns to its own left (towards image right). */
  readonly yawDegrees: number;
  /** Positive: the subject looks up. */
  readonly pitchDegrees: number;
}

/** Everything the fit needs to know of one face in one photo. */
export interface FaceAnalysis {
  readonly detection: FaceDetection;
  readonly landmarks: FaceLandmarks;
  /** [68, 2] iBUG points in image pixels, derived from the 478. */
  readonly points68: Float32Array;
  readonly pose: HeadPose;
  /** Unit-length identity embedding. */
  readonly embedding: Float32Array;
}

export interface FaceDetector {
  detect(photo: Photo): Promise<FaceDetection[]>;
}

export interface FaceLandmarker {
  locate(photo: Photo, detection: FaceDetection): Promise<FaceLandmarks>;
}

export interface IdentityNetwork {
  readonly name: string;
  embed(photo: Photo, landmarks: FaceLandmarks): Promise<Float32Array>;
}

/** Per-pixel probability 0..1 (one channel, photo size or a stated crop) that the pixel shows bare facial skin. */
export interface FaceSegmenter {
  segment(photo: Photo, landmarks: FaceLandmarks): Promise<Image<Float32Array>>;
}
