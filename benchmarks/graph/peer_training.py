"""The training steps of training.ts in PyTorch: same parameters, same batch, torch.optim.Adam."""
import numpy as np
import torch
import torch.nn.functional as F

from peer_networks import hashed


def values_of(formulas, seed):
    result = {}
    for index, (name, formula) in enumerate(formulas.items()):
        size = int(np.prod(formula["shape"]))
        if name == "targets":
            i = np.arange(size)
            data = (i % 10 == (3 * (i // 10)) % 10).astype(np.float32)
        else:
            data = formula.get("offset", 0) + formula["scale"] * hashed(size, seed + index)
        result[name] = torch.from_numpy(data.astype(np.float32).reshape(formula["shape"]))
    return result


def cnn(with_norm):
    running = [(torch.zeros(width), torch.ones(width)) for width in (32, 64, 128)]

    def loss(p, batch):
        y = batch["x"]
        for i in range(3):
            y = F.conv2d(y, p[f"kernel{i}"], None if with_norm else p[f"bias{i}"], padding=1)
            if with_norm:
                y = F.batch_norm(y, *running[i], p[f"scale{i}"], p[f"bias{i}"], training=True, momentum=0.1, eps=1e-5)
            y = F.max_pool2d(F.relu(y), 2)
        logits = y.flatten(1) @ p["linear"] + p["linearBias"]
        return F.cross_entropy(logits, batch["labels"])

    return loss


def gan(p, batch):
    real, z, share = batch["real"], batch["z"], batch["share"]
    levels = 5

    def pixel_norm(x):
        return x / torch.sqrt(x.square().mean(1, keepdim=True) + 1e-8)

    def convolve(p, name, x):
        return F.conv2d(x, p[f"{name}/w"], p[f"{name}/b"], padding=p[f"{name}/w"].shape[2] // 2)

    def generator(p):
        smooth = lambda x: pixel_norm(F.leaky_relu(x, 0.2))
        y = smooth((pixel_norm(z) @ p["g/dense"]).reshape(z.shape[0], -1, 4, 4))
        for i in range(levels):
            if i > 0:
                y = F.interpolate(y, scale_factor=2, mode="nearest")
            y = smooth(convolve(p, f"g/{i}b", smooth(convolve(p, f"g/{i}a", y))))
        return convolve(p, "g/rgb", y)

    def critic(p, x):
        y = F.leaky_relu(convolve(p, "d/rgb", x), 0.2)
        for i in range(levels):
            y = F.leaky_relu(convolve(p, f"d/{i}b", F.leaky_relu(convolve(p, f"d/{i}a", y), 0.2)), 0.2)
            if i < levels - 1:
                y = F.avg_pool2d(y, 2)
        return y.flatten(1) @ p["d/dense"]

    fake = generator(p)
    held = fake.detach()
    mixed = (held + share * (real - held)).requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(p, mixed).sum(), mixed, create_graph=True)
    penalty = (slope.square().sum((1, 2, 3)).sqrt() - 1).square().mean()
    of_real = critic(p, real)
    critic_loss = critic(p, held).mean() - of_real.mean() + 10 * penalty + 1e-3 * of_real.square().mean()
    frozen = {name: value.detach() for name, value in p.items()}
    return critic_loss - critic(frozen, fake).mean()


def training(parameters):
    def start():
        p = {name: value.requires_grad_(True) for name, value in values_of(parameters["parameters"], 100).items()}
        batch = values_of(parameters["batch"], 500)
        if "targets" in batch:
            batch["labels"] = batch["targets"].argmax(1)
        loss_of = gan if "GAN" in parameters["name"] else cnn("batch norm" in parameters["name"])
        optimiser = torch.optim.Adam(p.values(), lr=parameters["learningRate"], betas=parameters["betas"])

        def step():
            optimiser.zero_grad(set_to_none=True)
            loss = loss_of(p, batch)
            loss.backward()
            optimiser.step()
            return [loss.detach()]

        return step

    once = start()

    def values():
        fresh = start()
        return [fresh()[0] for _ in range(4)]

    once.values = values
    return once


TASKS = {"training": training}
