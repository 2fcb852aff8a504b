"""Opens a head.glb in Blender, says what arrived, and renders it: the artist's first minute, without the artist.

    blender -b --factory-startup -P benchmarks/product/open-in-blender.py -- out/head.glb render.png

Exits with 1 where the mesh, its shape keys or its texture did not arrive.
"""

import sys

import numpy

# Debian's Blender 3.4 importer still says `numpy.bool`, which its numpy no longer has.
numpy.bool = bool

import bpy
import mathutils

glb, picture = sys.argv[sys.argv.index("--") + 1 :]
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.import_scene.gltf(filepath=glb)

heads = [o for o in bpy.data.objects if o.type == "MESH" and o.data.shape_keys]
textured = [m.name for m in bpy.data.materials if any(n.type == "TEX_IMAGE" for n in m.node_tree.nodes)]
for head in heads:
    keys = head.data.shape_keys.key_blocks
    print(f"{head.name}: {len(head.data.vertices)} vertices, {len(keys) - 1} shape keys, size {head.dimensions[:]} m")
    print("set by the photo:", {k.name: round(k.value, 2) for k in keys if k.value > 0.1})
print("materials with a texture:", textured)
if not heads or "skin" not in textured:
    sys.exit(1)


def look_at_origin(thing, place):
    thing.location = place
    thing.rotation_euler = (-mathutils.Vector(place)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(thing)


camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
camera.data.lens = 85
look_at_origin(camera, (0.25, -0.85, 0.02))
light = bpy.data.objects.new("light", bpy.data.lights.new("light", "AREA"))
light.data.energy, light.data.size = 12, 0.5
look_at_origin(light, (-0.6, -0.8, 0.6))
scene = bpy.context.scene
scene.camera = camera
scene.world = bpy.data.worlds.new("world")
scene.world.use_nodes = True
scene.world.node_tree.nodes["Background"].inputs[0].default_value = (0.3, 0.32, 0.36, 1)
scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 24, False
scene.render.resolution_x, scene.render.resolution_y = 700, 800
scene.view_settings.view_transform = "Standard"
scene.render.filepath = picture
bpy.ops.render.render(write_still=True)
