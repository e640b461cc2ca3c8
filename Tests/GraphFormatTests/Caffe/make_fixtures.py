"""Writes Fixtures: small networks with random weights, and what OpenCV's dnn module (4.x, the last with a Caffe importer)
answers. Run it with opencv-python-headless<5, numpy and safetensors: python3 make_fixtures.py"""

import os

import cv2
import numpy as np
from safetensors.numpy import save_file

from caffe_files import Network

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "Fixtures")


def answer(network, shape, outputs, computed={}):
    """The input and the outputs in a file beside the network: OpenCV's, and what `computed` says of layers that
    OpenCV does not know."""
    stem = os.path.join(FOLDER, network)
    data = np.random.default_rng(7).standard_normal(shape).astype(np.float32)
    with open(stem + ".prototxt") as file:
        lines = [line for line in file if not any(f'top: "{name}"' in line for name in computed)]
    with open(stem + ".caffemodel", "rb") as file:
        weights = file.read()
    net = cv2.dnn.readNetFromCaffe(np.frombuffer("".join(lines).encode(), np.uint8), np.frombuffer(weights, np.uint8))
    net.setInput(data, "data")
    answers = dict(zip(outputs, net.forward(outputs)))
    answers |= {name: function(data).astype(np.float32) for name, function in computed.items()}
    answers["data"] = data
    save_file({name: np.ascontiguousarray(value) for name, value in answers.items()}, stem + ".safetensors")


def small_alexnet(name, older, inputs="dims"):
    """AlexNet's layers at a small size: grouped convolutions, LRN, overlapping pooling."""
    shape = [2, 3, 35, 35]
    n = Network(name, shape, 1, older=older, inputs=inputs)
    x = n.relu("relu1", n.conv("conv1", "data", 3, 8, 5, "stride: 2"))
    x = n.layer("LRN", "norm1", x, None, "lrn_param { local_size: 5 alpha: 0.5 beta: 0.75 }")
    x = n.pool("pool1", x, "pool: MAX kernel_size: 3 stride: 2")
    x = n.relu("relu2", n.conv("conv2", x, 8, 12, 3, "pad: 1", group=2))
    x = n.pool("pool2", x, "pool: MAX kernel_size: 3 stride: 2")
    x = n.relu("relu6", n.dense("fc6", x, 12 * 4 * 4, 16))
    x = n.layer("Dropout", "drop6", x, x, "dropout_param { dropout_ratio: 0.5 }")
    x = n.dense("fc7", x, 16, 10)
    n.layer("Softmax", "prob", x)
    n.write(os.path.join(FOLDER, name))
    answer(name, shape, ["prob"])


def small_resnet():
    shape = [1, 3, 20, 20]
    n = Network("small-resnet", shape, 2, inputs="shape")
    x = n.conv("conv1", "data", 3, 8, 7, "pad: 3 stride: 2")
    n.norm("bn_conv1", "scale_conv1", x, 8, factor=999.98)
    n.relu("conv1_relu", x)
    x = n.pool("pool1", x, "kernel_size: 3 stride: 2 pool: MAX")
    y = n.conv("res2a_branch2a", x, 8, 8, 3, "pad: 1", bias=False)
    n.norm("bn2a_branch2a", "scale2a_branch2a", y, 8)
    n.relu("res2a_branch2a_relu", y)
    short = n.conv("res2a_branch1", x, 8, 8, 1, bias=False)
    # A normalization that no Scale follows.
    n.layer("BatchNorm", "bn2a_branch1", short, short, "", [n.bias(8) * 3, n.random.uniform(1, 2, 8), [3.0]])
    x = n.layer("Eltwise", "res2a", [short, y])
    n.relu("res2a_relu", x)
    x = n.pool("pool5", x, "pool: AVE global_pooling: true")
    x = n.dense("fc", x, 8, 5)
    n.layer("Softmax", "prob", x)
    n.write(os.path.join(FOLDER, "small-resnet"))
    answer("small-resnet", shape, ["prob"])


def poolings():
    """Average pooling where windows reach behind the padding, with each way to write a window."""
    shape = [1, 4, 12, 9]
    n = Network("poolings", shape, 3, inputs="layer")
    texts = {
        "ave_plain": "pool: AVE kernel_size: 3 stride: 2",
        "ave_padded": "pool: AVE kernel_size: 3 stride: 2 pad: 1",
        "ave_sides": "pool: AVE kernel_h: 5 kernel_w: 4 stride_h: 3 stride_w: 4 pad_h: 2 pad_w: 1",
        "ave_wide": "pool: AVE kernel_size: 5 stride: 4 pad: 1",
        "max_padded": "pool: MAX kernel_size: 3 stride: 2 pad: 1",
        "max_wide": "pool: MAX kernel_size: 4 stride: 3 pad: 2",
        "max_default": "kernel_size: 2 stride: 2",
        "max_global": "pool: MAX global_pooling: true",
    }
    for name, text in texts.items():
        n.pool(name, "data", text)
    n.write(os.path.join(FOLDER, "poolings"))
    answer("poolings", shape, list(texts))


def elementwise():
    shape = [2, 6, 5, 4]
    n = Network("elementwise", shape, 4)
    names = []

    def add(kind, name, bottoms, parameter="", weights=()):
        names.append(name)
        return n.layer(kind, name, bottoms, None, parameter, weights)

    sigmoid = n.layer("Sigmoid", "positive", "data")
    add("ReLU", "leaky", "data", "relu_param { negative_slope: 0.1 }")
    add("PReLU", "prelu", "data", "", [n.bias(6)])
    add("PReLU", "prelu_shared", "data", "prelu_param { channel_shared: true }", [n.bias(1)])
    add("ELU", "elu", "data", "elu_param { alpha: 1 }")
    add("TanH", "tanh", "data")
    add("AbsVal", "abs", "data")
    add("BNLL", "bnll", "data")
    add("Power", "power", sigmoid, "power_param { power: 1.5 scale: 2 shift: 0.5 }")
    add("Power", "linear", "data", "power_param { scale: -2 shift: 0.5 }")
    add("Exp", "exp", "data", "exp_param { base: 2 scale: 0.5 shift: 1 }")
    n.layer("Log", "log", "data", None, "log_param { base: 10 scale: 0.1 shift: 1 }")
    add("Eltwise", "product", ["data", sigmoid, "data"], "eltwise_param { operation: PROD }")
    add("Eltwise", "difference", ["data", sigmoid], "eltwise_param { operation: SUM coeff: 1 coeff: -0.5 }")
    add("Eltwise", "greatest", ["data", sigmoid], "eltwise_param { operation: MAX }")
    add("Scale", "scaled", "data", "scale_param { bias_term: true }", [n.bias(6), n.bias(6)])
    biases = n.bias(6)
    n.layer("Bias", "biased", "data", None, "", [biases])
    add("LRN", "within", "data", "lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 alpha: 0.7 beta: 0.6 }")
    add("MVN", "mvn", "data")
    n.write(os.path.join(FOLDER, "elementwise"), packed=False)
    answer("elementwise", shape, names, {
        "biased": lambda x: x + biases.reshape(6, 1, 1),
        "log": lambda x: np.log10(1 + 0.1 * x),
    })


def shapes():
    shape = [2, 6, 4, 4]
    n = Network("shapes", shape, 5, inputs="shape")
    names = []

    def add(kind, name, bottoms, parameter="", weights=(), tops=None):
        names.extend([name] if tops is None else tops)
        return n.layer(kind, name, bottoms, tops, parameter, weights)

    n.layer("Split", "copies", "data", ["copy_a", "copy_b"])
    add("Concat", "joined", ["copy_a", "copy_b"], "concat_param { axis: 2 }")
    n.layer("Slice", "parts", "data", ["part_a", "part_b", "part_c"],
            "slice_param { axis: 1 slice_point: 1 slice_point: 4 }")
    n.layer("Slice", "halves", "data", ["half_a", "half_b"])
    add("Flatten", "flat", "data")
    add("Flatten", "partly_flat", "data", "flatten_param { axis: 2 }")
    add("Reshape", "reshaped", "data", "reshape_param { shape { dim: 0 dim: 3 dim: -1 dim: 4 } }")
    add("Permute", "permuted", "data", "permute_param { order: 0 order: 2 order: 3 order: 1 }")
    add("Softmax", "softmax", "data", "softmax_param { axis: 1 }")
    cropped = n.conv("cropped_to", "data", 6, 2, 3)
    add("Crop", "cropped", ["data", cropped], "crop_param { axis: 2 offset: 1 }")
    dilated = "convolution_param { num_output: 3 kernel_size: 3 pad: 2 dilation: 2 }"
    add("Convolution", "dilated", "data", dilated, [n.normal(3, 6, 3, 3), n.bias(3)])
    add("InnerProduct", "rows", "data", "inner_product_param { num_output: 3 axis: 3 }", [n.normal(3, 4), n.bias(3)])
    matrix = n.normal(96, 3)
    n.layer("InnerProduct", "flipped", "data", None,
            "inner_product_param { num_output: 3 transpose: true bias_term: false }", [matrix])
    n.layer("ArgMax", "best", "data", None, "argmax_param { axis: 1 }")
    n.layer("ArgMax", "best_of_all", "data", None, "argmax_param { top_k: 2 out_max_val: true }")
    n.layer("Reduction", "squares", "data", None, "reduction_param { operation: SUMSQ axis: 1 coeff: 0.5 }")
    n.layer("Reduction", "mean", "data", None, "reduction_param { operation: MEAN axis: 2 }")
    n.layer("Tile", "tiled", "data", None, "tile_param { axis: 1 tiles: 2 }")
    n.layer("Threshold", "above", "data", None, "threshold_param { threshold: 0.5 }")
    n.write(os.path.join(FOLDER, "shapes"))

    def best_of_all(x):
        order = np.argsort(-x.reshape(2, -1), axis=1)[:, :2]
        return np.stack([order, np.take_along_axis(x.reshape(2, -1), order, 1)], 1)

    answer("shapes", shape, names, {
        "flipped": lambda x: x.reshape(2, 96) @ matrix,
        "part_a": lambda x: x[:, :1],
        "part_b": lambda x: x[:, 1:4],
        "part_c": lambda x: x[:, 4:],
        "half_a": lambda x: x[:, :3],
        "half_b": lambda x: x[:, 3:],
        "best": lambda x: x.argmax(1)[:, None],
        "best_of_all": best_of_all,
        "squares": lambda x: 0.5 * (x * x).sum((1, 2, 3)),
        "mean": lambda x: x.mean((2, 3)),
        "tiled": lambda x: np.tile(x, (1, 2, 1, 1)),
        "above": lambda x: x > 0.5,
    })
    # OpenCV reads float32 alone.
    n.write(os.path.join(FOLDER, "shapes"), double=True)


def deconvolution():
    shape = [2, 6, 4, 4]
    n = Network("deconvolution", shape, 6, inputs="shape")
    n.layer("Deconvolution", "deconvolved", "data", None,
            "convolution_param { num_output: 4 kernel_size: 4 stride: 2 pad: 1 group: 2 }",
            [n.normal(6, 2, 4, 4), n.bias(4)])
    n.write(os.path.join(FOLDER, "deconvolution"))
    answer("deconvolution", shape, ["deconvolved"])


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    small_alexnet("alexnet", False)
    small_alexnet("alexnet-v1", True)
    small_resnet()
    poolings()
    elementwise()
    shapes()
    deconvolution()
