"""One iteration of the joint fit in PyTorch: the same as joint-iteration-problem.ts describes, from the numbers that it writes.

Written as one writes it in PyTorch: index_select for attributes, grid_sample for the texture, index_add for normals,
autograd for the gradient. The network is rebuilt from the same weight file, batch norm folded into its convolutions. Triangles
come rasterised.
"""
import base64
import json
import math
import os

import numpy as np
import torch
import torch.nn.functional as F

from onnx_nodes import Nodes

BAND0 = math.pi / math.sqrt(4 * math.pi)
BAND1 = 2 * math.pi / math.sqrt(3) * math.sqrt(3) / math.sqrt(4 * math.pi)
BAND2 = 2 * math.pi / math.sqrt(8) * 3 * math.sqrt(5) / math.sqrt(12 * math.pi)


class Problem:
    """Settings of problem.json as attributes, arrays by name."""

    def __init__(self, folder):
        with open(os.path.join(folder, "problem.json")) as file:
            self.__dict__.update(json.load(file))
        data = np.fromfile(os.path.join(folder, "arrays.bin"), dtype=np.uint8)
        self.values = {}
        for name, entry in self.arrays.items():
            end = entry["offset"] + 4 * entry["length"]
            values = data[entry["offset"] : end].view(entry["dtype"])
            if entry["dtype"] == "int32":
                values = values.astype(np.int64)
            self.values[name] = torch.from_numpy(values.copy())

    def __call__(self, name, *shape):
        values = self.values[name]
        return values.reshape(shape) if shape else values


def read_weights(folder):
    with open(os.path.join(folder, "faceres.json")) as file:
        model = json.load(file)
    weights = {}
    for group in model["weightsManifest"]:
        data = b"".join(open(os.path.join(folder, path), "rb").read() for path in group["paths"])
        at = 0
        for entry in group["weights"]:
            count = int(np.prod(entry["shape"]))
            stored = {"float16": np.float16}.get(entry.get("quantization", {}).get("dtype"), entry["dtype"])
            size = np.dtype(stored).itemsize
            values = np.frombuffer(data, dtype=stored, count=count, offset=at)
            weights[entry["name"]] = torch.from_numpy(values.astype(np.float32).reshape(entry["shape"]))
            at += count * size
    strides = {}
    for node in model["modelTopology"]["node"]:
        if node["op"] in ("Conv2D", "DepthwiseConv2dNative"):
            strides[node["name"]] = int(node["attr"]["strides"]["list"]["i"][1])
            assert base64.b64decode(node["attr"]["padding"]["s"]) == b"SAME"
    return weights, strides


class FaceRes:
    """MobileNet v1 with 14 activations that the content loss compares."""

    def __init__(self, folder):
        weights, strides = read_weights(folder)
        self.layers = []
        self.add(weights["conv1/convolution/merged_input"], weights["conv1_bn/batchnorm_1/sub"], strides["conv1_bn/batchnorm_1/mul_1"])
        for i in range(1, 14):
            gain = weights[f"conv_dw_{i}_bn/batchnorm_1/mul"].reshape(-1)
            kernel = weights[f"conv_dw_{i}/depthwise_kernel"].permute(0, 1, 3, 2) * gain
            self.add(kernel, weights[f"conv_dw_{i}_bn/batchnorm_1/sub"], strides[f"conv_dw_{i}/depthwise"], gain.numel())
            name = f"conv_pw_{i}"
            self.add(weights[f"{name}/convolution/merged_input"], weights[f"{name}_bn/batchnorm_1/sub"], 1)

    def add(self, kernel, bias, stride, groups=1):
        kernel = kernel.permute(3, 2, 0, 1).contiguous()
        self.layers.append((kernel, bias.reshape(-1).contiguous(), stride, groups))

    def __call__(self, image):
        x = image * 255
        activations = []
        for i, (kernel, bias, stride, groups) in enumerate(self.layers):
            border = (kernel.shape[2] - 1) // 2
            if stride == 2:  # SAME of an even size: what is missing is added after
                x, border = F.pad(x, (0, 1, 0, 1)), 0
            x = F.relu6(F.conv2d(x, kernel, bias, stride, border, 1, groups))
            if i % 2 == 0:
                activations.append(x)
        return F.normalize(x.mean((2, 3)), dim=1), activations


def rotation_matrix(w):
    angle = w.square().sum().sqrt()
    x, y, z = w / angle
    zero = torch.zeros_like(x)
    k = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero]).reshape(3, 3)
    return torch.eye(3) + torch.sin(angle) * k + (1 - torch.cos(angle)) * (k @ k)


def decode_srgb(x):
    curve = ((x.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4
    return torch.where(x > 0.04045, curve, x / 12.92)


def encode_srgb(x):
    curve = 1.055 * x.clamp_min(0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(x > 0.0031308, curve, 12.92 * x)


def project(positions, camera, crop):
    rotation, translation, log_focal, centre = camera
    seen = positions @ rotation_matrix(rotation).T + translation
    depth = -seen[:, 2:]
    scale = log_focal.exp() / depth.clamp_min(1e-3)
    flip = torch.tensor([1.0, -1.0])
    photo = seen[:, :2] * scale * flip + centre
    return torch.cat([photo @ crop[:, :2].T + crop[:, 2], depth], 1)


def vertex_normals(positions, triangles):
    a, b, c = (positions.index_select(0, triangles[:, k]) for k in range(3))
    faces = torch.cross(b - a, c - a, dim=1)
    total = torch.zeros_like(positions)
    for k in range(3):
        total = total.index_add(0, triangles[:, k], faces)
    return unit(total)


def unit(x):
    return x * x.square().sum(1, keepdim=True).clamp_min(1e-16).rsqrt()


def shade(normals, light):
    x, y, z = normals.unbind(1)
    basis = torch.stack(
        [
            torch.full_like(x, BAND0),
            -BAND1 * y,
            BAND1 * z,
            -BAND1 * x,
            BAND2 * x * y,
            -BAND2 * y * z,
            BAND2 / (2 * math.sqrt(3)) * (3 * z * z - 1),
            -BAND2 * x * z,
            BAND2 / 2 * (x * x - y * y),
        ]
    )
    return (light @ basis).clamp_min(0)


class Iteration:
    def __init__(self, folder):
        p = self.p = Problem(folder)
        self.network = FaceRes(p.networks)
        self.triangles = p("model.triangles", -1, 3)
        self.units = [p(f"unit.{group}").clone().requires_grad_(True) for group in p.groups]
        rows, columns = torch.meshgrid(torch.arange(p.size) + 0.5, torch.arange(p.size) + 0.5, indexing="ij")
        self.columns, self.rows = columns.reshape(-1, 1), rows.reshape(-1, 1)
        self.generator = p.texture == "progressive" and self.nodes()

    def nodes(self):
        g = self.p.generator
        constants = {name: self.p(f"texture.{name}", *shape).reshape(shape) for name, shape in g["shapes"].items()}
        for name, entry in g["integers"].items():
            constants[name] = torch.tensor(entry["values"], dtype=torch.int64).reshape(entry["shape"])
        return Nodes(g["nodes"], constants)

    def texture(self, latent):
        p = self.p
        if self.generator:
            return self.generator(latent=latent)
        size, (x, y, width, height) = p.textureSize, p.box
        count = latent.shape[1]
        coarse = (latent @ p("texture.coarse", count, -1)).reshape(1, 3, p.coarseSize, p.coarseSize)
        coarse = F.interpolate(coarse, size=(size, size), mode="bilinear", align_corners=False)
        detail = (latent @ p("texture.detail", count, -1)).reshape(1, 3, height, width)
        detail = F.pad(detail, (x, size - x - width, y, size - y - height))
        return coarse + detail + p("texture.mean", 1, 3, size, size)

    def render(self, positions, camera, crop, light, texture, view, background=0.0):
        p = self.p
        projected = project(positions, camera, crop)
        inverse = 1 / projected[:, 2:]
        attributes = torch.cat([projected[:, :2], inverse, vertex_normals(positions, self.triangles)], 1)
        corners = p(f"{view}.corners")
        at = attributes.index_select(0, corners).reshape(-1, 3, 6)
        x, y = at[:, :, 0] - self.columns, at[:, :, 1] - self.rows
        after, before = [1, 2, 0], [2, 0, 1]
        area = (x[:, after] * y[:, before] - x[:, before] * y[:, after]) * at[:, :, 2]
        total = area.sum(1, keepdim=True)
        bary = (area / torch.where(total == 0, torch.ones_like(total), total)).clamp(0, 1).unsqueeze(2)
        normals = unit((at[:, :, 3:] * bary).sum(1))
        chart = p("model.uvs", -1, 2).index_select(0, p(f"{view}.uvCorners")).reshape(-1, 3, 2)
        uv = (chart * bary).sum(1)
        grid = (2 * uv - 1).reshape(1, p.size, p.size, 2)
        sampled = F.grid_sample(texture, grid, mode="bilinear", padding_mode="border", align_corners=False)
        lit = decode_srgb(sampled.reshape(3, -1)) * shade(normals, light)
        lit = lit * (0.12 + 0.88 * p(f"{view}.facing"))
        coverage = p(f"{view}.coverage")
        image = encode_srgb(lit) * coverage + (1 - coverage) * background
        return image.reshape(1, 3, p.size, p.size), coverage.reshape(1, 1, p.size, p.size), projected

    def camera(self, units):
        p, scale = self.p, self.p.units
        rotation = p("start.rotation") + scale["rotation"] * units["rotation"]
        moved = units["translation"] * torch.tensor(scale["translation"])
        phi = scale["focal"] * units["focal"]
        s = moved[2:]
        pivot = p("start.pivot")
        xy = (pivot[:2] + moved[:2]) * torch.exp(-s)
        place = torch.cat([xy, pivot[2:] * torch.exp(phi - s)])
        translation = place - rotation_matrix(rotation) @ p("pivot")
        return rotation, translation, p("start.logFocal") + phi, p("start.centre")

    def terms(self):
        p = self.p
        units = dict(zip(p.groups, self.units))
        identity = p("start.identity", 1, -1) + p.units["identity"] * units["identity"]
        expression = (p("start.expression", 1, -1) + p.units["expression"] * units["expression"]).clamp(0, 1)
        latent = p("start.texture", 1, -1) + p.units["texture"] * units["texture"]
        ambient, linear, quadratic = p.units["light"]
        bands = torch.tensor([ambient] + 3 * [linear] + 5 * [quadratic])
        light = p("start.light", 3, 9) + units["light"].reshape(3, 9) * bands * p("start.strength")
        camera = self.camera(units)

        neutral = p("model.mean", 1, -1) + identity @ p("model.identity", identity.shape[1], -1)
        expressions = torch.cat([expression, p("random.expression", 1, -1)])
        heads = neutral + expressions @ p("model.expression", expression.shape[1], -1)
        own_head, random_head = heads.reshape(2, -1, 3)
        texture = self.texture(latent)
        image, coverage, projected = self.render(own_head, camera, p("crop", 2, 3), light, texture, "raster")
        view = tuple(p(f"random.{name}") for name in ("rotation", "translation", "logFocal", "centre"))
        other, _, _ = self.render(random_head, view, p("random.crop", 2, 3), p("random.light", 3, 9), texture, "random.raster", 0.5)

        photo, shown = p("photo", 1, 3, p.size, p.size), p("mask", 1, 1, p.size, p.size) * coverage
        embedding, activations = self.network(torch.cat([photo + shown * (image - photo), other]))
        target = F.normalize(p("target.embedding", 1, -1), dim=1)
        cosine = (embedding * target).sum(1)
        content = 0
        for name, value in zip(p.layers, activations):
            squared = (value[:1] - p(f"target.{name}", *value[:1].shape)).square().sum()
            content = content + squared.clamp_min(1e-12).sqrt() / (math.sqrt(value[0].numel()) * len(p.layers))
        difference = (image - photo).abs()
        pixel = (difference / (1 + difference / 0.3) * shown).sum() / (3 * shown.sum())
        corners = projected[:, :2].index_select(0, p("landmark.vertices")).reshape(-1, 3, 2)
        points = (corners * p("landmark.barycentric", -1, 3, 1)).sum(1)
        off = ((points - p("landmarks", -1, 2)) / p("eyeDistance")).square().sum(1).clamp_min(1e-12).sqrt()
        weights = p("landmarkWeights")
        grey = light.mean(0, keepdim=True)
        found = {
            "identity": 1 - cosine[0],
            "identityRandom": 1 - cosine[1],
            "content": content,
            "pixel": pixel,
            "landmark": (off * weights).sum() / weights.sum(),
            "identityPrior": identity.square().mean(),
            "expressionPrior": expression.square().mean(),
            "latent": latent.square().mean(),
            "latentBound": (latent.abs() - 2).clamp_min(0).square().mean(),
            "lightPrior": (light - grey).square().sum() / 3,
            "identityStart": units["identity"].square().mean(),
            "expressionStart": units["expression"].square().mean(),
            "textureStart": units["texture"].square().mean(),
            "cameraStart": torch.cat([units["rotation"], units["translation"], units["focal"]]).square().mean(),
            "lightStart": units["light"].square().mean(),
        }
        return torch.stack([found[name].reshape(()) for name in p.losses])

    def __call__(self):
        terms = self.terms()
        loss = (terms * self.p("weights")).sum()
        return terms.detach(), torch.autograd.grad(loss, self.units)

    def values(self):
        terms, gradients = self()
        return torch.cat([terms] + [gradient.reshape(-1) for gradient in gradients]).tolist()


TASKS = {"joint iteration": lambda parameters: Iteration(parameters["folder"])}
