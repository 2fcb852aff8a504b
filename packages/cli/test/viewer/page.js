/** Runs in the browser: loads a GLB with three.js, reports what the loader made of it, and draws it from some side. */
import * as THREE from 'three';
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';

const canvas = document.createElement('canvas');
document.body.append(canvas);
let renderer;
let head;

/** @param {string} base64 the GLB */
globalThis.loadHead = async (base64) => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const gltf = await new GLTFLoader().parseAsync(bytes.buffer, '');
  head = gltf.scene;
  const box = new THREE.Box3().setFromObject(head);
  const meshes = [];
  head.traverse((object) => {
    if (!object.isMesh) return;
    const map = object.material.map;
    meshes.push({
      name: object.name,
      material: object.material.name,
      roughness: object.material.roughness,
      targets: Object.keys(object.morphTargetDictionary ?? {}),
      weights: [...(object.morphTargetInfluences ?? [])],
      textureSize: map ? [map.image.width, map.image.height] : null,
      vertices: object.geometry.attributes.position.count,
    });
  });
  return { meshes, sizeMetres: box.getSize(new THREE.Vector3()).toArray() };
};

/**
 * Draws the loaded head.
 * @param {{ yawDegrees: number, size: number, weights?: Record<string, number>, clay?: boolean }} view
 */
globalThis.drawHead = ({ yawDegrees, size, weights, clay }) => {
  renderer ??= new THREE.WebGLRenderer({ canvas, antialias: true, preserveDrawingBuffer: true });
  renderer.setSize(size, size, false);
  const scene = new THREE.Scene();
  scene.background = new THREE.Color(0x30333a);
  scene.add(head, new THREE.HemisphereLight(0xffffff, 0x998877, 2.2));
  const key = new THREE.DirectionalLight(0xffffff, 1.6);
  key.position.set(-0.6, 0.7, 1);
  scene.add(key);
  head.traverse((object) => {
    if (!object.isMesh) return;
    object.userData.own ??= [object.material, [...(object.morphTargetInfluences ?? [])]];
    const [material, influences] = object.userData.own;
    object.material = clay
      ? new THREE.MeshStandardMaterial({ color: 0xb8b2a8, roughness: 0.7, side: 2 })
      : material;
    influences.forEach((value, i) => (object.morphTargetInfluences[i] = value));
    for (const [name, value] of Object.entries(weights ?? {}))
      if (name in object.morphTargetDictionary)
        object.morphTargetInfluences[object.morphTargetDictionary[name]] = value;
  });
  const box = new THREE.Box3().setFromObject(head);
  const centre = box.getCenter(new THREE.Vector3());
  const radius = box.getSize(new THREE.Vector3()).length() / 2;
  const camera = new THREE.PerspectiveCamera(30, 1, 0.01, 10);
  const yaw = (yawDegrees * Math.PI) / 180;
  const distance = (radius * 0.95) / Math.sin((15 * Math.PI) / 180);
  camera.position.set(Math.sin(yaw), 0, Math.cos(yaw)).multiplyScalar(distance).add(centre);
  camera.lookAt(centre);
  renderer.render(scene, camera);
  return canvas.toDataURL('image/png');
};
