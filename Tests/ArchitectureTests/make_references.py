#!/usr/bin/env python3
"""Writes Fixtures/logits.txt: what PyTorch computes with weights and images that a formula gives.

    python3 make_references.py

Needs PyTorch and torchvision. `ReferenceTests.swift` has the same formula. A line: the network, then the logits of two images.
"""
import importlib.util
from pathlib import Path

import numpy as np
import torch
import torchvision

HERE = Path(__file__).resolve().parent


def recipe(architecture):
    """The training recipe of an architecture, as a module."""
    path = HERE.parents[1] / "Zoo" / architecture / "train.py"
    specification = importlib.util.spec_from_file_location(architecture, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def uniform(name, count):
    """Multiplicative hashing of the index, begun at a sum over the name: in [-0.5, 0.5)."""
    start = sum((place + 1) * byte for place, byte in enumerate(name.encode())) * 40503
    numbers = (np.arange(count, dtype=np.uint64) * 2654435761 + start) % 2**32 // 256
    return numbers.astype(np.float64) / 2**24 - 0.5


def fill(name, tensor):
    values = uniform(name, tensor.numel())
    if name.endswith("running_var"):
        values = 1 + values / 2
    elif tensor.dim() > 1:
        values = values * np.sqrt(24 / tensor[0].numel())
    elif name.endswith("weight"):
        # Small, so that values don't grow from block to block.
        values = 0.5 + values / 5
    else:
        values = values / 5
    tensor.copy_(torch.from_numpy(values.astype(np.float32)).reshape(tensor.shape))


def logits(network, side):
    for name, tensor in network.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            fill(name, tensor)
    images = torch.from_numpy(uniform("input", 6 * side * side).astype(np.float32) * 4).reshape(2, 3, side, side)
    with torch.no_grad():
        return network.eval().double()(images.double()).flatten().tolist()


def first_version(network):
    """torchvision's bottlenecks with the stride where the paper has it."""
    for module in network.modules():
        if isinstance(module, torchvision.models.resnet.Bottleneck):
            module.conv1.stride, module.conv2.stride = module.conv2.stride, module.conv1.stride
    return network


class OriginalAlexNet(torch.nn.Module):
    """The paper's network, from PyTorch's layers, with the names that torchvision gives its own."""

    def __init__(self, classes):
        super().__init__()
        nn = torch.nn
        self.features = nn.ModuleDict({
            "0": nn.Conv2d(3, 96, 11, 4), "3": nn.Conv2d(96, 256, 5, padding=2, groups=2),
            "6": nn.Conv2d(256, 384, 3, padding=1), "8": nn.Conv2d(384, 384, 3, padding=1, groups=2),
            "10": nn.Conv2d(384, 256, 3, padding=1, groups=2)})
        self.classifier = nn.ModuleDict({
            "1": nn.Linear(9216, 4096), "4": nn.Linear(4096, 4096), "6": nn.Linear(4096, classes)})
        self.norm, self.pool = nn.LocalResponseNorm(5, 5e-4, 0.75, 2), nn.MaxPool2d(3, 2)

    def forward(self, x):
        for name, convolution in self.features.items():
            x = convolution(x).relu()
            if name in "03":
                x = self.norm(x)
            if name in ("0", "3", "10"):
                x = self.pool(x)
        x = self.classifier["1"](x.flatten(1)).relu()
        return self.classifier["6"](self.classifier["4"](x).relu())


def main():
    CifarResNet, AlexNet = recipe("ResNet").CifarResNet, recipe("AlexNet").AlexNet
    models = torchvision.models
    networks = {
        "resnet20-a": (CifarResNet(20, 10, "A"), 32), "resnet20-b": (CifarResNet(20, 10, "B"), 32),
        "resnet56-a": (CifarResNet(56, 10, "A"), 32), "resnet18": (models.resnet18(num_classes=10), 224),
        "resnet50-v1.5": (models.resnet50(num_classes=10), 224),
        "alexnet-cifar": (AlexNet(10, [32, 64, 128, 128, 128], 512, 0), 32),
        "alexnet": (OriginalAlexNet(10), 227), "alexnet-torchvision": (models.alexnet(num_classes=10), 224),
        "resnet50-v1": (first_version(models.resnet50(num_classes=10)), 224),
    }
    lines = [f"{name} " + " ".join(f"{value:.9g}" for value in logits(*network)) for name, network in networks.items()]
    (HERE / "Fixtures/logits.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
