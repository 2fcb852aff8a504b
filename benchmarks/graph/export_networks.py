"""Writes the benchmark's networks as ONNX files, as PyTorch exports them: python3 export_networks.py <folder>."""
import os
import sys
import warnings

import torch

from peer_networks import NETWORKS, Parameters

SHAPES = {
    "resnet50 112²": (1, 3, 112, 112),
    "mobilenet v1 224²": (1, 3, 224, 224),
    "mobilenet v2 224²": (1, 3, 224, 224),
    "unet 256²": (1, 3, 256, 256),
    "progressive generator 512²": (1, 512),
}


class Network(torch.nn.Module):
    """A network function with its parameters as buffers, so that the file has them as initializers."""

    def __init__(self, function, x):
        super().__init__()
        self.function = function
        p = Parameters()
        with torch.no_grad():
            function(p, x)
        for seed, value in p.kept.items():
            self.register_buffer(f"p{seed}", value)

    def forward(self, x):
        p = Parameters()
        p.kept = {int(name[1:]): value for name, value in self.named_buffers()}
        return self.function(p, x)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    folder = sys.argv[1]
    for name, function in NETWORKS.items():
        x = torch.rand(SHAPES[name]) - 0.5
        path = os.path.join(folder, name.replace("²", "").replace(" ", "-") + ".onnx")
        torch.onnx.export(Network(function, x).eval(), x, path, opset_version=13, input_names=["x"],
                          output_names=["y"], training=torch.onnx.TrainingMode.PRESERVE)
        print(path)
