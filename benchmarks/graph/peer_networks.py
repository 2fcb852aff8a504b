"""The networks of zoo.ts in PyTorch: same parameters by the same formula, in the same order.

`forward` runs without autograd, `gradient` computes 0.5 |y|^2 and its gradient by the input; weights are frozen,
except in `gradient of everything`.
"""
import math

import numpy as np
import torch
import torch.nn.functional as F


def hashed(size, seed):
    with np.errstate(over="ignore"):
        h = np.arange(size, dtype=np.uint32) + np.uint32((seed * 0x9E3779B1) & 0xFFFFFFFF)
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        h = h ^ (h >> np.uint32(16))
    return h / 2.0**31 - 1.0


class Parameters:
    def __init__(self):
        self.kept = {}
        self.buffers = set()
        self.seed = 0

    def buffer(self, shape, scale, offset=0.0):
        self.buffers.add(self.seed + 1)
        return self.next(shape, scale, offset)

    def next(self, shape, scale, offset=0.0):
        self.seed += 1
        if self.seed not in self.kept:
            values = offset + scale * hashed(int(np.prod(shape)), self.seed)
            self.kept[self.seed] = torch.from_numpy(values.astype(np.float32).reshape(shape))
        return self.kept[self.seed]

    def kernel(self, filters, per_group, size):
        return self.next((filters, per_group, size, size), math.sqrt(3 / (per_group * size * size)))


def batch_norm(p, x):
    c = x.shape[1]
    gamma, beta = p.next((c,), 0.3, 1.2), p.next((c,), 0.1)
    mean, variance = p.buffer((c,), 0.1), p.buffer((c,), 0.3, 1)
    return F.batch_norm(x, mean, variance, gamma, beta, training=False, eps=1e-5)


def conv_norm(p, x, filters, kernel, stride=1, groups=1):
    weights = p.kernel(filters, x.shape[1] // groups, kernel)
    return batch_norm(p, F.conv2d(x, weights, None, stride, (kernel - 1) // 2, 1, groups))


def classify(p, x):
    features = x.mean((2, 3))
    return features @ p.next((x.shape[1], 1000), math.sqrt(3 / x.shape[1])) + p.next((1000,), 0.1)


def resnet50(p, x):
    y = F.max_pool2d(F.relu(conv_norm(p, x, 64, 7, 2)), 3, 2, 1)
    for stage, blocks in enumerate([3, 4, 6, 3]):
        width = 64 << stage
        for i in range(blocks):
            stride = 2 if i == 0 and stage > 0 else 1
            inner = F.relu(conv_norm(p, y, width, 1))
            inner = F.relu(conv_norm(p, inner, width, 3, stride))
            inner = conv_norm(p, inner, 4 * width, 1)
            shortcut = conv_norm(p, y, 4 * width, 1, stride) if i == 0 else y
            y = F.relu(inner + shortcut)
    return classify(p, y)


def mobilenet_v1(p, x):
    y = F.relu6(conv_norm(p, x, 32, 3, 2))
    layers = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] + 5 * [(512, 1)] + [(1024, 2), (1024, 1)]
    for filters, stride in layers:
        y = F.relu6(conv_norm(p, y, y.shape[1], 3, stride, y.shape[1]))
        y = F.relu6(conv_norm(p, y, filters, 1))
    return classify(p, y)


def mobilenet_v2(p, x):
    y = F.relu6(conv_norm(p, x, 32, 3, 2))
    stages = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    for expansion, filters, blocks, first in stages:
        for i in range(blocks):
            stride = first if i == 0 else 1
            width = y.shape[1] * expansion
            inner = y
            if expansion > 1:
                inner = F.relu6(conv_norm(p, inner, width, 1))
            inner = F.relu6(conv_norm(p, inner, width, 3, stride, width))
            inner = conv_norm(p, inner, filters, 1)
            y = y + inner if stride == 1 and y.shape[1] == filters else inner
    return classify(p, F.relu6(conv_norm(p, y, 1280, 1)))


def unet(p, x):
    def twice(t, filters):
        return F.relu(conv_norm(p, F.relu(conv_norm(p, t, filters, 3)), filters, 3))

    skips = []
    y = x
    for filters in (32, 64, 128, 256):
        y = twice(y, filters)
        skips.append(y)
        y = F.max_pool2d(y, 2)
    y = twice(y, 512)
    for skip in reversed(skips):
        filters = skip.shape[1]
        weights = p.kernel(y.shape[1], filters, 2)
        up = F.conv_transpose2d(y, weights, p.next((filters,), 0.1), stride=2)
        y = twice(torch.cat([skip, up], 1), filters)
    return F.conv2d(y, p.kernel(3, 32, 1), p.next((3,), 0.1))


def progressive_generator(p, latent):
    def pixel_norm(t):
        return t / (t.square().mean(1, keepdim=True) + 1e-8).sqrt()

    def layer(t, filters):
        weights = p.kernel(filters, t.shape[1], 3)
        return pixel_norm(F.leaky_relu(F.conv2d(t, weights, p.next((filters,), 0.1), padding=1), 0.2))

    widths = [256, 256, 256, 256, 128, 64, 32, 16]
    dense = pixel_norm(latent) @ p.next((latent.shape[1], 16 * widths[0]), 0.1)
    y = pixel_norm(F.leaky_relu(dense.reshape(1, widths[0], 4, 4), 0.2))
    y = layer(y, widths[0])
    for width in widths[1:]:
        y = F.interpolate(y, scale_factor=2, mode="nearest")
        y = layer(layer(y, width), width)
    return F.conv2d(y, p.kernel(3, y.shape[1], 1), p.next((3,), 0.1))


NETWORKS = {
    "resnet50 112²": resnet50,
    "mobilenet v1 224²": mobilenet_v1,
    "mobilenet v2 224²": mobilenet_v2,
    "unet 256²": unet,
    "progressive generator 512²": progressive_generator,
}


def load(parameters, with_gradient, frozen=True):
    network, shape = NETWORKS[parameters["network"]], parameters["shape"]
    values = hashed(int(np.prod(shape)), 0).astype(np.float32).reshape(shape)
    x = torch.from_numpy(values)
    kept, buffers = {}, set()

    def run(x):
        p = Parameters()
        p.kept, p.buffers = kept, buffers
        return network(p, x)

    def forward():
        with torch.no_grad():
            y = run(x)
            return [y.square().mean()]

    def gradient():
        given = x.clone().requires_grad_(True)
        for seed, parameter in kept.items():
            parameter.requires_grad_(not frozen and seed not in buffers).grad = None
        loss = 0.5 * run(given).square().sum()
        loss.backward()
        return [loss.detach(), given.grad.norm()]

    return gradient if with_gradient else forward


TASKS = {
    "forward": lambda parameters: load(parameters, False),
    "gradient": lambda parameters: load(parameters, True),
    "gradient of everything": lambda parameters: load(parameters, True, frozen=False),
}
