"""PyTorch's side of overhead.ts: a tiny operation, and the gradient of a chain of small layers."""
import torch


def add(parameters):
    x = torch.zeros(4)

    def once():
        return [x + 1]

    return once


def chain(parameters):
    width = parameters["width"]
    generator = torch.Generator().manual_seed(0)
    weights = [
        (0.6 * torch.rand(width, width, generator=generator) - 0.3) for _ in range(parameters["layers"])
    ]
    x = torch.full((4, width), 0.1, requires_grad=True)

    def once():
        y = x
        for w in weights:
            y = torch.tanh(y @ w + 0.01)
        return list(torch.autograd.grad(y.sum(), x))

    return once


TASKS = {"overhead-add": add, "overhead-chain": chain}
