"""Writes .caffemodel files: protobuf's wire format by hand, since Caffe itself is hard to install."""

import struct

import numpy as np

# V1LayerParameter.LayerType (caffe.proto)
OLDER_TYPES = {
    "Concat": 3, "Convolution": 4, "Dropout": 6, "Flatten": 8, "InnerProduct": 14, "LRN": 15, "Pooling": 17,
    "ReLU": 18, "Sigmoid": 19, "Softmax": 20, "Split": 22, "TanH": 23, "Eltwise": 25, "Power": 26, "Slice": 33,
    "Deconvolution": 39,
}


def varint(number):
    result = b""
    while number >= 0x80:
        result += bytes([number & 0x7F | 0x80])
        number >>= 7
    return result + bytes([number])


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def integer(number, value):
    return varint(number << 3) + varint(value)


def blob(array, older=False, double=False, packed=True):
    """BlobProto: the shape as a message, or as the four extents of the older form."""
    if older:
        shape = [1] * (4 - array.ndim) + list(array.shape)
        head = b"".join(integer(i + 1, n) for i, n in enumerate(shape))
    else:
        head = field(7, field(1, b"".join(varint(n) for n in array.shape)))
    number, kind = (8, "<f8") if double else (5, "<f4")
    data = np.ascontiguousarray(array, kind).tobytes()
    if packed:
        return head + field(number, data)
    size, tag = (8, varint(8 << 3 | 1)) if double else (4, varint(5 << 3 | 5))
    return head + b"".join(tag + data[i:i + size] for i in range(0, len(data), size))


def caffemodel(name, layers, older=False, **options):
    """`layers` is a list of (name, type, arrays)."""
    result = field(1, name.encode())
    for layer, kind, arrays in layers:
        blobs = [blob(array, older, **options) for array in arrays]
        if older:
            message = field(4, layer.encode()) + integer(5, OLDER_TYPES[kind]) + b"".join(field(6, b) for b in blobs)
            result += field(2, message)
        else:
            message = field(1, layer.encode()) + field(2, kind.encode()) + b"".join(field(7, b) for b in blobs)
            result += field(100, message)
    return result


class Network:
    """A network as it is written down: prototxt lines and random weights of the right shapes."""

    def __init__(self, name, shape, seed=0, older=False, inputs="dims", scale=1.0):
        self.name, self.older, self.random = name, older, np.random.default_rng(seed)
        self.lines, self.layers, self.scale = [f'name: "{name}"'], [], scale
        if inputs == "dims":
            self.lines += ['input: "data"'] + [f"input_dim: {n}" for n in shape]
        elif inputs == "shape":
            self.lines += ['input: "data"', "input_shape { " + " ".join(f"dim: {n}" for n in shape) + " }"]
        elif inputs == "layer":
            dims = " ".join(f"dim: {n}" for n in shape)
            self.lines += [f'layer {{ name: "data" type: "Input" top: "data" input_param {{ shape: {{ {dims} }} }} }}']
        self.shape = shape

    def layer(self, kind, name, bottoms, tops=None, parameter="", weights=()):
        """Adds a layer; returns its first top."""
        bottoms = [bottoms] if isinstance(bottoms, str) else bottoms
        tops = [name] if tops is None else [tops] if isinstance(tops, str) else tops
        if self.older:
            names = {"ReLU": "RELU", "InnerProduct": "INNER_PRODUCT", "TanH": "TANH"}
            kind_text = f"type: {names.get(kind, kind.upper())}"
        else:
            kind_text = f'type: "{kind}"'
        parts = [f'name: "{name}"', kind_text] + [f'bottom: "{b}"' for b in bottoms] + [f'top: "{t}"' for t in tops]
        self.lines.append(f"{'layers' if self.older else 'layer'} {{ {' '.join(parts)} {parameter} }}")
        self.layers.append((name, kind, [np.asarray(w, np.float32) for w in weights]))
        return tops[0]

    def normal(self, *shape, fan=None):
        fan = fan or int(np.prod(shape[1:])) or 1
        return (self.random.standard_normal(shape, np.float32) * np.float32(self.scale * np.sqrt(2.0 / fan)))

    def bias(self, count):
        return self.random.standard_normal(count, np.float32) * np.float32(0.1)

    def conv(self, name, bottom, channels, outputs, kernel, parameter="", group=1, bias=True, top=None):
        kernels = (kernel, kernel) if isinstance(kernel, int) else kernel
        size = f"kernel_size: {kernel}" if isinstance(kernel, int) else f"kernel_h: {kernel[0]} kernel_w: {kernel[1]}"
        text = f"num_output: {outputs} {size} {parameter}"
        if group != 1:
            text += f" group: {group}"
        if not bias:
            text += " bias_term: false"
        weights = [self.normal(outputs, channels // group, *kernels)] + ([self.bias(outputs)] if bias else [])
        return self.layer("Convolution", name, bottom, top, f"convolution_param {{ {text} }}", weights)

    def relu(self, name, blob):
        return self.layer("ReLU", name, blob, blob)

    def pool(self, name, bottom, text, top=None):
        return self.layer("Pooling", name, bottom, top, f"pooling_param {{ {text} }}")

    def dense(self, name, bottom, depth, outputs, bias=True):
        weights = [self.normal(outputs, depth)] + ([self.bias(outputs)] if bias else [])
        text = f"num_output: {outputs}" + ("" if bias else " bias_term: false")
        return self.layer("InnerProduct", name, bottom, None, f"inner_product_param {{ {text} }}", weights)

    def norm(self, name, scale_name, blob, channels, factor=1.0):
        """BatchNorm and Scale in place, as in the residual networks."""
        mean = self.random.standard_normal(channels) * 0.1
        variance = self.random.uniform(0.5, 1.5, channels)
        self.layer("BatchNorm", name, blob, blob, "batch_norm_param { use_global_stats: true }",
                   [mean * factor, variance * factor, [factor]])
        return self.layer("Scale", scale_name, blob, blob, "scale_param { bias_term: true }",
                          [self.random.uniform(0.5, 1.0, channels), self.bias(channels)])

    def write(self, stem, **options):
        with open(stem + ".prototxt", "w") as file:
            file.write("\n".join(self.lines) + "\n")
        with open(stem + ".caffemodel", "wb") as file:
            file.write(caffemodel(self.name, self.layers, self.older, **options))
