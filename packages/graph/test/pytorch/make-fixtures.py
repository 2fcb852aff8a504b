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


def save(name, tensors):
    """tensors: name -> torch tensor. Safetensors: length, JSON header, little-endian data."""
    header, blobs, offset = {}, [], 0
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


FIXTURES = {"optimisers": optimisers}

if __name__ == "__main__":
    for name in sys.argv[1:] or FIXTURES:
        FIXTURES[name]()
