"""Writes the fixtures that the tests of this folder compare with: values and gradients by PyTorch's autograd, in float64.

Run with a Python that has torch 1.13 (Debian: apt install python3-torch), from anywhere:

    python3 packages/graph/test/pytorch/make-fixtures.py [NAME ...]

Weights and inputs are not stored: both sides compute them by the formula of `numbers` (whole-number arithmetic, so equal to the last
bit). Each fixture is a safetensors file (float32): outputs and the gradients by every parameter and input.
"""

import json
import math
import os
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(2)
torch.manual_seed(0)
HERE = os.path.dirname(os.path.abspath(__file__))


def numbers(shape, seed, scale=1.0, offset=0.0):
    """offset + scale * ((i * 7919 + seed * 104729) mod 10007 scrambled once more) / 5003.5 - 1, i the row-major index."""
    count = int(np.prod(shape, dtype=np.int64))
    i = np.arange(count, dtype=np.int64)
    h = (i * 7919 + seed * 104729) % 10007
    h = (h * h + 31 * h + seed * 17) % 10007
    values = offset + scale * (h / 5003.0 - 1.0)
    # Rounded to float32, because that is what the other side feeds.
    return torch.tensor(values.astype(np.float32).astype(np.float64).reshape(shape))


def save(name, tensors, metadata=None):
    """tensors: name -> torch tensor. Safetensors: length, JSON header, little-endian data."""
    header, blobs, offset = ({"__metadata__": metadata} if metadata else {}), [], 0
    for key, tensor in tensors.items():
        data = tensor.detach().numpy().astype("<f4").tobytes()
        header[key] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(data)]}
        blobs.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(HERE, name + ".safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    print(name, 8 + len(text) + offset, "bytes")


# ---- optimisers: the parameters after each of 20 steps -------------------------------------------------------------


def optimisers():
    w, v, t, s = numbers([3, 5], 1), numbers([4, 5], 2), numbers([6], 3), numbers([6], 4, 1.0, 1.5)

    def loss_of(a, b):
        return (torch.tanh(a @ w) * v).sum() + 0.5 * (s * (b - t) ** 2).sum()

    def cosine(o):
        return torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=15, eta_min=0.001)

    def exponential(o):
        return torch.optim.lr_scheduler.ExponentialLR(o, gamma=0.9)

    def milestones(o):
        return torch.optim.lr_scheduler.MultiStepLR(o, milestones=[5, 12], gamma=0.1)

    def warm(o):
        return torch.optim.lr_scheduler.LambdaLR(o, lambda k: (k + 1) / 8 if k < 8 else 0.95 ** (k - 8))

    sgd, adam, adamw = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
    cases = {
        "sgd": (sgd, dict(lr=0.05), None, None),
        "sgd momentum": (sgd, dict(lr=0.05, momentum=0.9), None, None),
        "sgd nesterov decay": (sgd, dict(lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.1), None, None),
        "sgd clipped": (sgd, dict(lr=0.05, momentum=0.9), None, 0.7),
        "adam": (adam, dict(lr=0.05), None, None),
        "adam decay betas": (adam, dict(lr=0.02, betas=(0.5, 0.99), eps=1e-4, weight_decay=0.1), None, None),
        "adamw": (adamw, dict(lr=0.05), None, None),
        "adamw decay": (adamw, dict(lr=0.05, weight_decay=0.3, betas=(0.0, 0.99)), None, None),
        "adam cosine": (adam, dict(lr=0.05), cosine, None),
        "adam exponential": (adam, dict(lr=0.05), exponential, None),
        "sgd milestones": (sgd, dict(lr=0.05), milestones, None),
        "adamw warm-up": (adamw, dict(lr=0.05), warm, 1.0),
    }
    result = {}
    for name, (make, options, schedule, clip) in cases.items():
        a = numbers([4, 3], 5).requires_grad_()
        b = numbers([6], 6).requires_grad_()
        optimiser = make([a, b], **options)
        scheduler = schedule and schedule(optimiser)
        average = [a.detach().clone(), b.detach().clone()]
        steps = []
        for step in range(20):
            if scheduler and step >= 15 and schedule is cosine:
                # PyTorch's cosine would rise again after T_max; ours stays.
                for group in optimiser.param_groups:
                    group["lr"] = 0.001
            optimiser.zero_grad()
            loss = loss_of(a, b)
            loss.backward()
            if clip:
                torch.nn.utils.clip_grad_norm_([a, b], clip)
            optimiser.step()
            if scheduler:
                scheduler.step()
            average = [0.9 * m + 0.1 * p.detach() for m, p in zip(average, (a, b))]
            steps.append(torch.cat([loss.reshape(1), a.reshape(-1), b.reshape(-1)]).detach())
        result[name] = torch.stack(steps)
        result[name + " average"] = torch.cat([m.reshape(-1) for m in average])
    save("optimisers", result)


# ---- networks --------------------------------------------------------------------------------------------------------


class Recorder:
    """Makes inputs by the formula and writes down how, so that the other side makes the same ones."""

    def __init__(self):
        self.specs, self.tensors = [], {}

    def make(self, name, shape, scale=1.0, offset=0.0, frozen=False):
        seed = len(self.specs) + 1
        tensor = numbers(list(shape), seed, scale, offset)
        if not frozen:
            tensor.requires_grad_()
        self.specs.append([name, list(shape), seed, scale, offset])
        self.tensors[name] = tensor
        return tensor

    def conv(self, name, out, inputs, kernel, gain=6.0):
        return self.make(name, [out, inputs, kernel, kernel], math.sqrt(gain / (inputs * kernel * kernel)))

    def norm(self, name, channels):
        self.make(name + ".gamma", [channels], 0.3, 1.0)
        self.make(name + ".beta", [channels], 0.3)

    def gradients(self, loss, names=None):
        names = names or [name for name, tensor in self.tensors.items() if tensor.requires_grad]
        found = torch.autograd.grad(loss, [self.tensors[name] for name in names], retain_graph=True)
        return {"gradient:" + name: g for name, g in zip(names, found)}

    def save(self, fixture, values, gradients, extra=None):
        values = {"value:" + name: value for name, value in values.items()}
        save(fixture, {**values, **gradients, **(extra or {})}, {"inputs": json.dumps(self.specs)})


def residual(training):
    """ResNet with basic blocks; batch normalisation with the batch's statistics or with running ones."""
    r = Recorder()
    x = r.make("x", [3, 3, 24, 24])
    running = {}

    def bn(name, h):
        gamma, beta = r.tensors[name + ".gamma"], r.tensors[name + ".beta"]
        mean, variance = r.tensors[name + ".mean"].clone(), r.tensors[name + ".variance"].clone()
        y = F.batch_norm(h, mean, variance, gamma, beta, training, 0.1, 1e-5)
        running[name + ".mean"], running[name + ".variance"] = mean, variance
        return y

    def parameters(name, out, inputs, kernel):
        r.conv(name, out, inputs, kernel)
        r.norm(name, out)
        r.make(name + ".mean", [out], 0.2, 0.0, frozen=True)
        r.make(name + ".variance", [out], 0.4, 1.0, frozen=True)

    parameters("stem", 16, 3, 3)
    for name, out, inputs in (("a", 16, 16), ("b", 24, 16)):
        parameters(name + "1", out, inputs, 3)
        parameters(name + "2", out, out, 3)
    parameters("b0", 24, 16, 1)
    fc = r.make("fc", [24, 5], 0.5)
    bias = r.make("bias", [5], 0.5)

    def unit(name, h, stride, pad=1):
        return bn(name, F.conv2d(h, r.tensors[name], None, stride, pad))

    h = F.max_pool2d(F.relu(unit("stem", x, 1)), 3, 2, 1)
    h = F.relu(unit("a2", F.relu(unit("a1", h, 1)), 1) + h)
    h = F.relu(unit("b2", F.relu(unit("b1", h, 2)), 1) + unit("b0", h, 2, 0))
    logits = h.mean((2, 3)) @ fc + bias
    loss = F.cross_entropy(logits, torch.tensor([3, 0, 2]))
    values = {"loss": loss, "logits": logits}
    if training:
        values.update(running)
    r.save("residual-" + ("training" if training else "inference"), values, r.gradients(loss))


def mobilenet():
    """Inverted residuals: depthwise convolutions, ReLU6, hard swish, squeeze and excitation."""
    r = Recorder()
    x = r.make("x", [2, 3, 32, 32])

    def unit(name, out, inputs, kernel):
        r.conv(name, out, inputs, kernel)
        r.norm(name, out)

    def affine(name, h):
        return h * r.tensors[name + ".gamma"].reshape(1, -1, 1, 1) + r.tensors[name + ".beta"].reshape(1, -1, 1, 1)

    unit("stem", 16, 3, 3)
    unit("a.expand", 48, 16, 1)
    unit("a.depth", 48, 1, 3)
    r.conv("a.squeeze", 12, 48, 1)
    r.conv("a.excite", 48, 12, 1)
    unit("a.project", 16, 48, 1)
    unit("b.expand", 48, 16, 1)
    unit("b.depth", 48, 1, 5)
    unit("b.project", 24, 48, 1)
    fc = r.make("fc", [24, 6], 0.5)
    w = r.make("probe", [2, 6], frozen=True)
    t = r.tensors

    h = F.hardswish(affine("stem", F.conv2d(x, t["stem"], None, 2, 1)))
    e = F.relu6(3 * affine("a.expand", F.conv2d(h, t["a.expand"])))
    e = F.relu6(affine("a.depth", F.conv2d(e, t["a.depth"], None, 1, 1, 1, 48)))
    gate = F.hardsigmoid(F.conv2d(F.relu(F.conv2d(e.mean((2, 3), keepdim=True), t["a.squeeze"])), t["a.excite"]))
    h = h + affine("a.project", F.conv2d(e * gate, t["a.project"]))
    e = F.hardswish(affine("b.expand", F.conv2d(h, t["b.expand"])))
    # TensorFlow's SAME for stride 2: one row and column more below and right.
    e = F.hardswish(affine("b.depth", F.conv2d(F.pad(e, (1, 2, 1, 2)), t["b.depth"], None, 2, 0, 1, 48)))
    h = affine("b.project", F.conv2d(e, t["b.project"]))
    scores = torch.softmax(F.hardswish(h.mean((2, 3))) @ fc, 1)
    loss = (scores * w).sum()
    r.save("mobilenet", {"loss": loss, "scores": scores}, r.gradients(loss))


def progressive():
    """A progressive GAN between two resolutions, and the WGAN-GP losses: the critic's is differentiated twice."""
    r = Recorder()
    z = r.make("z", [3, 24])
    real = r.make("real", [3, 3, 16, 16], frozen=True)
    mix = r.make("mix", [3, 1, 1, 1], 0.5, 0.5, frozen=True)
    alpha = 0.3

    def layer(name, out, inputs, kernel):
        # Equalised learning rate: the stored weights have variance 1 and are scaled where they are used.
        r.make(name, [out, inputs, kernel, kernel], math.sqrt(3.0))
        r.make(name + ".bias", [out], 0.2)

    layer("g.dense", 16, 24, 4)
    for name in ("g.first", "g.low", "g.low2", "g.high", "g.high2"):
        layer(name, 16, 16, 3)
    layer("g.rgb.low", 3, 16, 1)
    layer("g.rgb.high", 3, 16, 1)
    layer("d.rgb.high", 12, 3, 1)
    layer("d.rgb.low", 16, 3, 1)
    layer("d.high", 16, 12, 3)
    layer("d.low", 16, 16, 3)
    layer("d.last", 16, 17, 3)
    layer("d.dense", 16, 16, 4)
    layer("d.score", 1, 16, 1)
    t = r.tensors

    def conv(name, h, pad=None, gain=2.0):
        w = t[name]
        c = math.sqrt(gain / (w.shape[1] * w.shape[2] * w.shape[3]))
        return F.conv2d(h, w * c, t[name + ".bias"], 1, w.shape[2] // 2 if pad is None else pad)

    def act(h):
        return F.leaky_relu(h, 0.2)

    def pixel_norm(h):
        return h / torch.sqrt((h * h).mean(1, keepdim=True) + 1e-8)

    def up(h):
        return F.interpolate(h, scale_factor=2, mode="nearest")

    def generator():
        h = pixel_norm(z).reshape(3, 24, 1, 1)
        h = pixel_norm(act(conv("g.dense", h, 3)))
        h = pixel_norm(act(conv("g.first", h)))
        h = up(h)
        h = pixel_norm(act(conv("g.low2", pixel_norm(act(conv("g.low", h))))))
        low = conv("g.rgb.low", h, gain=1.0)
        h = up(h)
        h = pixel_norm(act(conv("g.high2", pixel_norm(act(conv("g.high", h))))))
        return (1 - alpha) * up(low) + alpha * conv("g.rgb.high", h, gain=1.0)

    def critic(image):
        h = F.avg_pool2d(act(conv("d.high", act(conv("d.rgb.high", image)))), 2)
        h = (1 - alpha) * act(conv("d.rgb.low", F.avg_pool2d(image, 2))) + alpha * h
        h = F.avg_pool2d(act(conv("d.low", h)), 2)
        deviation = torch.sqrt(((h - h.mean(0, keepdim=True)) ** 2).mean(0) + 1e-8).mean()
        h = torch.cat([h, deviation.expand(3, 1, 4, 4)], 1)
        h = act(conv("d.last", h))
        h = act(conv("d.dense", h, 0))
        return conv("d.score", h, gain=1.0).reshape(3)

    fake = generator()
    g_loss = -critic(fake).mean()
    fixed = fake.detach()
    between = (mix * real + (1 - mix) * fixed).requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    lengths = torch.sqrt((slope * slope).sum((1, 2, 3)))
    penalty = 10 * ((lengths - 1) ** 2).mean()
    scores = critic(real)
    d_loss = critic(fixed).mean() - scores.mean() + penalty + 0.001 * (scores * scores).mean()
    names = list(t)
    values = {"image": fake, "generatorLoss": g_loss, "criticLoss": d_loss, "penalty": penalty}
    gradients = {
        **r.gradients(g_loss, [n for n in names if n.startswith("g.") or n == "z"]),
        **r.gradients(d_loss, [n for n in names if n.startswith("d.")]),
    }
    r.save("progressive", values, gradients)


def unet():
    """U-Net: group normalisation, strided and transposed convolutions, skips, bilinear upsampling."""
    r = Recorder()
    x = r.make("x", [2, 3, 32, 32])
    target = r.make("target", [2, 2, 32, 32], 0.5, 0.5, frozen=True)

    def unit(name, out, inputs, kernel=3):
        r.conv(name, out, inputs, kernel)
        r.norm(name, out)

    unit("in", 8, 3)
    unit("down1", 16, 8, 4)
    unit("down2", 16, 16)
    unit("middle", 16, 16)
    r.conv("up1", 16, 16, 4)
    unit("join1", 8, 32)
    r.conv("up2", 8, 8, 2)
    r.make("up2.bias", [8], 0.3)
    unit("join2", 8, 16)
    r.conv("out", 2, 16, 1)
    t = r.tensors

    def norm(name, h):
        return F.silu(F.group_norm(h, 4, t[name + ".gamma"], t[name + ".beta"], 1e-5))

    a = norm("in", F.conv2d(x, t["in"], None, 1, 1))
    b = norm("down1", F.conv2d(a, t["down1"], None, 2, 1))
    c = norm("down2", F.conv2d(F.max_pool2d(b, 2), t["down2"], None, 1, 1))
    c = c + norm("middle", F.conv2d(c, t["middle"], None, 1, 2, 2))
    d = F.conv_transpose2d(c, t["up1"], None, 2, 1)
    d = norm("join1", F.conv2d(torch.cat([d, b], 1), t["join1"], None, 1, 1))
    e = F.conv_transpose2d(d, t["up2"], t["up2.bias"], 2)
    e = norm("join2", F.conv2d(torch.cat([e, a], 1), t["join2"], None, 1, 1))
    coarse = F.interpolate(d, size=(32, 32), mode="bilinear", align_corners=False)
    mask = torch.sigmoid(F.conv2d(torch.cat([e, coarse], 1), t["out"]))
    overlap = (mask * target).sum((2, 3))
    dice = 1 - ((2 * overlap + 1) / (mask.sum((2, 3)) + target.sum((2, 3)) + 1)).mean()
    loss = dice + F.mse_loss(mask, target)
    r.save("unet", {"loss": loss, "mask": mask}, r.gradients(loss))


def rendering():
    """Deferred shading: which triangle covers a pixel is given, everything after it is differentiated."""
    r = Recorder()
    side, size = 9, 40
    wave = r.make("relief", [side * side, 3], 0.06)
    rotation = r.make("rotation", [3], 0.35)
    # Off the optical axis: in the middle of the picture the derivative by the focal length cancels, and float32 (PyTorch's as well as
    # ours) is 2e-4 off.
    translation = r.make("translation", [3], 0.1, 0.3)
    log_focal = r.make("logFocal", [1], 0.1, 4.2)
    light = r.make("light", [9, 3], 0.25, 0.15)
    texture = r.make("texture", [1, 3, 24, 24], 0.4, 0.5)
    target = r.make("target", [size * size, 3], 0.5, 0.5, frozen=True)

    grid = torch.linspace(-1, 1, side, dtype=torch.float64)
    v, u = torch.meshgrid(grid, grid, indexing="ij")
    rest = torch.stack([u, -v, 0.5 - 0.5 * (u * u + v * v)], 2).reshape(-1, 3).float().double()
    uv = torch.stack([(u + 1) / 2, (v + 1) / 2], 2).reshape(-1, 2).float().double()
    cells = [(i * side + j) for i in range(side - 1) for j in range(side - 1)]
    triangles = torch.tensor(
        [t for c in cells for t in ([c, c + side, c + 1], [c + 1, c + side, c + side + 1])], dtype=torch.long
    )

    def rotate(w):
        angle = torch.sqrt((w * w).sum() + 1e-12)
        k = w / angle
        zero = torch.zeros((), dtype=torch.float64)
        cross = torch.stack(
            [zero, -k[2], k[1], k[2], zero, -k[0], -k[1], k[0], zero]
        ).reshape(3, 3)
        return torch.eye(3, dtype=torch.float64) + torch.sin(angle) * cross + (1 - torch.cos(angle)) * (cross @ cross)

    vertices = rest + wave
    seen = vertices @ rotate(rotation).T + translation + torch.tensor([0.0, 0.0, -4.0], dtype=torch.float64)
    depth = -seen[:, 2]
    focal = torch.exp(log_focal)
    screen = torch.stack(
        [size / 2 + focal * seen[:, 0] / depth, size / 2 - focal * seen[:, 1] / depth], 1
    )
    corners = vertices[triangles]
    face_normals = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = torch.zeros_like(vertices)
    for k in range(3):
        normals = normals.index_add(0, triangles[:, k], face_normals)
    normals = normals / torch.sqrt((normals * normals).sum(1, keepdim=True) + 1e-12)

    # Rasterisation, by hand: the nearest triangle whose projection covers the pixel's centre.
    centres = torch.stack(
        torch.meshgrid(torch.arange(size) + 0.5, torch.arange(size) + 0.5, indexing="xy"), 2
    ).reshape(-1, 2).double()

    def edge(a, b, p):
        return (b[..., 0] - a[..., 0]) * (p[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (p[..., 0] - a[..., 0])

    with torch.no_grad():
        s = screen[triangles]
        p = centres[:, None]
        w = torch.stack([edge(s[:, 1], s[:, 2], p), edge(s[:, 2], s[:, 0], p), edge(s[:, 0], s[:, 1], p)], 2)
        inside = ((w > 1e-6).all(2)) | ((w < -1e-6).all(2))
        bary = w / w.sum(2, keepdim=True)
        z = (bary * depth[triangles]).sum(2).masked_fill(~inside, math.inf)
        nearest, which = z.min(1)
        covered = torch.nonzero(torch.isfinite(nearest))[:, 0]
        face = triangles[which[covered]]

    p = centres[covered]
    a, b, c = (screen[face[:, k]] for k in range(3))
    flat = torch.stack([edge(b, c, p), edge(c, a, p), edge(a, b, p)], 1)
    weights = flat / depth[face]
    weights = weights / weights.sum(1, keepdim=True)

    def interpolate(attribute):
        return (attribute[face] * weights[:, :, None]).sum(1)

    at = interpolate(uv) * 2 - 1
    colour = F.grid_sample(texture, at[None, None], mode="bilinear", padding_mode="border", align_corners=False)
    colour = colour[0, :, 0].T
    n = interpolate(normals)
    n = n / torch.sqrt((n * n).sum(1, keepdim=True) + 1e-12)
    x, y, z = n[:, 0], n[:, 1], n[:, 2]
    basis = torch.stack(
        [torch.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y], 1
    )
    shaded = colour * (basis @ light + 0.6)
    loss = (shaded - target[covered]).abs().mean()
    extra = {
        "data:rest": rest,
        "data:uv": uv,
        "data:triangles": triangles.double(),
        "data:covered": covered.double(),
        "data:face": face.double(),
    }
    r.save("rendering", {"loss": loss, "shaded": shaded, "screen": screen}, r.gradients(loss), extra)


FIXTURES = {
    "optimisers": optimisers,
    "residual-training": lambda: residual(True),
    "residual-inference": lambda: residual(False),
    "mobilenet": mobilenet,
    "progressive": progressive,
    "unet": unet,
    "rendering": rendering,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or FIXTURES:
        FIXTURES[name]()
