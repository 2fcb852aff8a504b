"""A generator in PyTorch from the nodes that joint-iteration-problem.ts writes: one call of PyTorch for each, in the file's order.

So the peer runs the very network that the product ships, and autograd its gradient. Only what that network is made of is here; anything else
is refused.
"""
import torch
import torch.nn.functional as F


def ints(tensor):
    return [int(value) for value in tensor.reshape(-1)]


def conv(a, x, weights, bias=None):
    top, left, bottom, right = a["pads"]
    assert (top, left) == (bottom, right), "symmetric padding"
    return F.conv2d(x, weights, bias, a["strides"], (top, left), a["dilations"], a["group"])


def average_pool(a, x):
    top, left, bottom, right = a["pads"]
    assert (top, left) == (bottom, right), "symmetric padding"
    return F.avg_pool2d(x, a["kernel_shape"], a["strides"], (top, left), False, bool(a["count_include_pad"]))


def resize(a, x, sizes):
    size = ints(sizes)[2:]
    if a["mode"] == "nearest":
        assert a["coordinate_transformation_mode"] == "asymmetric" and a["nearest_mode"] == "floor"
        return F.interpolate(x, size, mode="nearest")
    assert a["coordinate_transformation_mode"] == "half_pixel"
    return F.interpolate(x, size, mode="bilinear", align_corners=False)


def cut(a, x, starts, ends, axes, steps):
    for start, end, axis, step in zip(ints(starts), ints(ends), ints(axes), ints(steps)):
        assert step > 0, "slices forwards"
        x = x[(slice(None),) * axis + (slice(start, min(end, x.shape[axis]), step),)]
    return x


def gather(a, x, at):
    axis = a["axis"]
    found = x.index_select(axis, at.reshape(-1))
    return found.reshape(x.shape[:axis] + at.shape + x.shape[axis + 1 :])


def pad(a, x, pads):
    counts, rank = ints(pads), x.dim()
    return F.pad(x, [n for axis in reversed(range(rank)) for n in (counts[axis], counts[axis + rank])])


def reduce(of):
    return lambda a, x, axes: of(x, ints(axes), keepdim=bool(a["keepdims"]))


OPERATIONS = {
    "Add": lambda a, x, y: x + y,
    "AveragePool": average_pool,
    "Concat": lambda a, *parts: torch.cat(parts, a["axis"]),
    "Conv": conv,
    "Div": lambda a, x, y: x / y,
    "Gather": gather,
    "GlobalAveragePool": lambda a, x: x.mean((2, 3), keepdim=True),
    "LeakyRelu": lambda a, x: F.leaky_relu(x, a["alpha"]),
    "MatMul": lambda a, x, y: x @ y,
    "Mul": lambda a, x, y: x * y,
    "Neg": lambda a, x: -x,
    "Pad": pad,
    "Pow": lambda a, x, y: x**y,
    "Reciprocal": lambda a, x: x.reciprocal(),
    "ReduceMean": reduce(torch.mean),
    "ReduceSum": reduce(torch.sum),
    "Reshape": lambda a, x, shape: x.reshape(ints(shape)),
    "Resize": resize,
    "Round": lambda a, x: x.round(),
    "Slice": cut,
    "Softmax": lambda a, x: x.softmax(a["axis"]),
    "Softplus": lambda a, x: F.softplus(x, threshold=80),
    "Sqrt": lambda a, x: x.sqrt(),
    "Sub": lambda a, x, y: x - y,
    "Transpose": lambda a, x: x.permute(a["perm"]),
}


class Nodes:
    """nodes: [{operation, inputs, outputs, attributes}], constants: tensors by name; the result is called output."""

    def __init__(self, nodes, constants):
        self.nodes, self.constants = nodes, constants
        unknown = {node["operation"] for node in nodes} - set(OPERATIONS)
        assert not unknown, f"not written here: {sorted(unknown)}"

    def __call__(self, **values):
        values.update(self.constants)
        for node in self.nodes:
            operands = [values[name] for name in node["inputs"] if name]
            values[node["outputs"][0]] = OPERATIONS[node["operation"]](node["attributes"], *operands)
        return values["output"]
