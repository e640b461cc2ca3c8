#!/usr/bin/env python3
"""Writes the networks that are compared, as ONNX files with random weights.

    networks.py FOLDER [NAME ...]

Needs torch and torchvision. Weights don't change the time; they are scaled so that values stay in a sensible range, and
batch normalization has statistics that are not its initial ones, so that folding it changes something. The batch is
open (N), and so is the number of tokens of the BERT encoder (T). Files that are there already are left alone.
"""
import inspect
import math
import os
import sys

import torch
import torchvision
from torch import nn

OPSET = 14


class Normalization(torch.autograd.Function):
    """Local response normalization that becomes ONNX's LRN: PyTorch's own is written out as ten operators."""

    @staticmethod
    def forward(context, x):
        return nn.functional.local_response_norm(x, 5, alpha=1e-4, beta=0.75, k=1.0)

    @staticmethod
    def symbolic(graph, x):
        return graph.op("LRN", x, size_i=5, alpha_f=1e-4, beta_f=0.75, bias_f=1.0)


class LocalResponseNorm(nn.Module):
    def forward(self, x):
        return Normalization.apply(x)


class CaffeAlexNet(nn.Sequential):
    """The network of Krizhevsky, Sutskever and Hinton (2012) as Caffe's bvlc_alexnet has it: two groups in three of the
    convolutions, local response normalization, overlapping pooling."""

    def __init__(self):
        def pool():
            return nn.MaxPool2d(3, 2, ceil_mode=True)

        super().__init__(
            nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), LocalResponseNorm(), pool(),
            nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(), LocalResponseNorm(), pool(),
            nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
            nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(), pool(),
            nn.Flatten(),
            nn.Linear(256 * 6 * 6, 4096), nn.ReLU(), nn.Dropout(),
            nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(),
            nn.Linear(4096, 1000), nn.Softmax(1))


class Attention(nn.Module):
    """Multi-head self-attention (Vaswani et al. 2017), written out as most exported encoders have it."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.scale = heads, 1 / math.sqrt(width // heads)
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x):
        batch, tokens, width = x.shape

        def split(linear):
            return linear(x).reshape(batch, tokens, self.heads, width // self.heads).permute(0, 2, 1, 3)

        scores = split(self.query) @ split(self.key).permute(0, 1, 3, 2) * self.scale
        mixed = scores.softmax(-1) @ split(self.value)
        return self.output(mixed.permute(0, 2, 1, 3).reshape(batch, tokens, width))


class EncoderLayer(nn.Module):
    """Attention and two linear layers, each with a residual and a normalization behind it."""

    def __init__(self, width, heads, hidden):
        super().__init__()
        self.attention, self.attention_norm = Attention(width, heads), nn.LayerNorm(width, eps=1e-12)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.mlp_norm = nn.LayerNorm(width, eps=1e-12)

    def forward(self, x):
        x = self.attention_norm(x + self.attention(x))
        return self.mlp_norm(x + self.mlp(x))


def bert_encoder(layers=12, width=768):
    """BERT-base (Devlin et al. 2019) without its embeddings: from vectors of tokens to vectors of tokens."""
    return nn.Sequential(*(EncoderLayer(width, width // 64, 4 * width) for _ in range(layers)))


def image(side=224):
    return torch.randn(1, 3, side, side), {0: "N"}


def tokens(count=128, width=768):
    return torch.randn(1, count, width), {0: "N", 1: "T"}


def from_torchvision(name, side=224, **options):
    return lambda: (getattr(torchvision.models, name)(weights=None, **options), *image(side))


NETWORKS = {
    "resnet18": from_torchvision("resnet18"),
    "resnet34": from_torchvision("resnet34"),
    "resnet50": from_torchvision("resnet50"),
    "resnet152": from_torchvision("resnet152"),
    "alexnet": from_torchvision("alexnet"),
    "alexnet-caffe": lambda: (CaffeAlexNet(), *image(227)),
    "bert-base": lambda: (bert_encoder(), *tokens()),
    "vit-b-16": from_torchvision("vit_b_16"),
    "vgg16": from_torchvision("vgg16"),
    "mobilenet-v2": from_torchvision("mobilenet_v2"),
    "densenet121": from_torchvision("densenet121"),
    "squeezenet": from_torchvision("squeezenet1_1"),
    "googlenet": from_torchvision("googlenet", aux_logits=False, init_weights=False),
    "inception-v3": from_torchvision("inception_v3", 299, aux_logits=False, init_weights=False),
    "mobilenet-v3": from_torchvision("mobilenet_v3_large"),
    "shufflenet-v2": from_torchvision("shufflenet_v2_x1_0"),
    "efficientnet-b0": from_torchvision("efficientnet_b0"),
    "convnext-tiny": from_torchvision("convnext_tiny"),
    "swin-t": from_torchvision("swin_t"),
    "regnet-y-400mf": from_torchvision("regnet_y_400mf"),
    "mnasnet": from_torchvision("mnasnet1_0"),
    "resnext50": from_torchvision("resnext50_32x4d"),
}


def randomize(network):
    """Batch-normalization statistics and factors that keep the size of activations; no output layer of zeros."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.7, 1.4)
            nn.init.uniform_(module.weight, 0.4, 0.8)
            nn.init.normal_(module.bias, std=0.1)
        elif isinstance(module, nn.Linear) and not module.weight.any():
            nn.init.normal_(module.weight, std=0.02)  # ViT's head begins with zeros, which would hide all differences


def export(network, example, axes, path):
    """Writes `network` beside `path` and renames it."""
    randomize(network)
    network.eval()
    # What attention's fast path traces to has no ONNX form; torch 1.13 leaves it only where gradients are kept.
    if hasattr(torch.backends, "mha"):
        torch.backends.mha.set_fastpath_enabled(False)
    # Newer versions export in another way unless they are told.
    options = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    partial = path + ".partial"
    with torch.set_grad_enabled(not hasattr(torch.backends, "mha")):
        torch.onnx.export(
            network, (example,), partial, opset_version=OPSET, input_names=["input"], output_names=["output"],
            dynamic_axes={"input": axes, "output": axes}, **options)
    os.replace(partial, path)


def main():
    folder, names = sys.argv[1], sys.argv[2:] or list(NETWORKS)
    os.makedirs(folder, exist_ok=True)
    for name in names:
        if name not in NETWORKS:
            sys.exit(f"networks.py: no network {name}; there are {', '.join(NETWORKS)}")
        path = os.path.join(folder, name + ".onnx")
        if not os.path.exists(path):
            torch.manual_seed(1)
            export(*NETWORKS[name](), path)
            print(path, file=sys.stderr)


if __name__ == "__main__":
    main()
