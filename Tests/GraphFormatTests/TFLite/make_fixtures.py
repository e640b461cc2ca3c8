"""Writes Fixtures: small TensorFlow Lite models, and what TensorFlow Lite's interpreter answers with its built-in kernels
(no XNNPACK). Run it with tensorflow (2.21) and safetensors: python3 make_fixtures.py"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "Fixtures")
LITE = tf.lite.OpsSet


def write(name, model):
    """The model, and its inputs and outputs by their tensors' names."""
    with open(f"{FOLDER}/{name}.tflite", "wb") as file:
        file.write(model)
    interpreter = tf.lite.Interpreter(
        model_content=model,
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    interpreter.allocate_tensors()
    random = np.random.default_rng(7)
    tensors = {}
    for detail in interpreter.get_input_details():
        shape, kind = detail["shape"], detail["dtype"]
        data = random.uniform(-1, 1, shape) if kind == np.float32 else random.integers(0, 256, shape)
        data = data.astype(np.uint8).view(kind) if kind in (np.int8, np.uint8) else data.astype(kind)
        interpreter.set_tensor(detail["index"], data)
        tensors[detail["name"]] = data
    interpreter.invoke()
    for detail in interpreter.get_output_details():
        tensors[detail["name"]] = np.ascontiguousarray(interpreter.get_tensor(detail["index"]))
    save_file(tensors, f"{FOLDER}/{name}.safetensors")
    print(name, len(model), {k: v.shape for k, v in tensors.items()})


def classifier():
    """A small network of the kind of MobileNet's, in each way to store weights and to compute."""
    tf.keras.utils.set_random_seed(1)
    layers = tf.keras.layers
    image = tf.keras.Input((13, 12, 3), batch_size=None)
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(image)
    x = layers.BatchNormalization(beta_initializer="random_normal", gamma_initializer="random_normal")(x)
    x = layers.ReLU(6.0)(x)
    y = layers.DepthwiseConv2D(3, padding="same", bias_initializer="random_normal")(x)
    y = layers.Conv2D(8, 1, activation="relu", bias_initializer="random_normal")(y)
    x = layers.Add()([x, y])
    x = layers.ZeroPadding2D(((0, 1), (1, 0)))(x)
    x = layers.Conv2D(12, 3, dilation_rate=2, padding="same", groups=1, bias_initializer="random_normal")(x)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(12, 1, activation="sigmoid")(gate)
    x = layers.Multiply()([x, gate])
    a, b = layers.MaxPooling2D(2, padding="same")(x), layers.AveragePooling2D(2, padding="same")(x)
    x = layers.Concatenate()([a, b])
    x = layers.Flatten()(x)
    x = layers.Dense(10, bias_initializer="random_normal")(x)
    model = tf.keras.Model(image, layers.Softmax()(x * 4))

    def samples():
        for seed in range(20):
            yield [np.random.default_rng(seed).uniform(-1, 1, (1, 13, 12, 3)).astype(np.float32)]

    for kind in ["float", "fp16", "dynamic", "int8", "int8-float-ends", "int16"]:
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        if kind != "float":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if kind == "fp16":
            converter.target_spec.supported_types = [tf.float16]
        if kind.startswith("int"):
            converter.representative_dataset = samples
            converter.target_spec.supported_ops = [
                LITE.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
                if kind == "int16" else LITE.TFLITE_BUILTINS_INT8]
        if kind == "int8":
            converter.inference_input_type = converter.inference_output_type = tf.uint8
        write(f"classifier-{kind}", converter.convert())


def functions(name, function, *shapes, optimizations=()):
    """A model of a function's results."""
    specs = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
    concrete = tf.function(function).get_concrete_function(*specs)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    converter.optimizations = list(optimizations)
    write(name, converter.convert())


def elementwise(x, y):
    conv = tf.nn.conv2d(x, tf.constant(np.random.default_rng(1).normal(size=(2, 2, 4, 4)), tf.float32), 1, "SAME")
    positive = tf.abs(conv) + 0.5
    row = tf.constant([0.5, -1.0, 2.0, 1.5])
    plane = tf.constant(np.random.default_rng(2).uniform(0.5, 1, (5, 1, 4)), tf.float32)
    return [
        tf.nn.relu(conv), tf.nn.leaky_relu(conv, 0.1), tf.nn.elu(conv), tf.nn.gelu(conv, True),
        tf.tanh(conv), tf.sigmoid(conv), tf.exp(conv), tf.math.log(positive), tf.sqrt(positive), tf.math.rsqrt(positive),
        tf.square(conv), tf.floor(conv), tf.math.ceil(conv), tf.round(conv), tf.sin(conv), tf.cos(conv), -conv,
        conv * tf.nn.relu6(conv + 3.0) / 6.0, conv + row, conv * plane, conv / positive, conv - x, tf.maximum(conv, y),
        tf.minimum(conv, 0.25), tf.pow(positive, 1.5), tf.math.squared_difference(conv, x),
        tf.math.floordiv(conv, 0.3), tf.math.floormod(conv, 0.3), tf.where(conv > x, conv, x * 2.0),
        tf.cast(tf.logical_and(conv > 0.0, tf.logical_not(x <= 0.1)), tf.float32), tf.nn.softmax(conv),
        tf.nn.log_softmax(conv), tf.math.l2_normalize(conv, 3, epsilon=1e-12), tf.clip_by_value(conv, -1.0, 1.0),
        tf.nn.local_response_normalization(conv, 2, 1.0, 0.5, 0.75), tf.add_n([conv, x, x]),
    ]


def shapes(x, y):
    conv = tf.nn.conv2d(x, tf.constant(np.random.default_rng(1).normal(size=(2, 2, 4, 4)), tf.float32), 1, "SAME")
    a, b = tf.split(conv, 2, 3)
    c, d, e = tf.split(conv, [2, 1, 3], 2)
    first, second = tf.unstack(y, 2, 1)[:2]
    values, places = tf.math.top_k(conv, 2)
    return [
        a, b, c, d, e, first, second, values, tf.cast(places, tf.float32), tf.reshape(conv, [2, -1, 8]),
        tf.transpose(conv, [0, 2, 1, 3]), tf.squeeze(y[:, :1], 1), tf.expand_dims(y, 2), tf.concat([conv, x], 1),
        tf.concat([conv, x], 3), tf.pad(conv, [[0, 0], [1, 2], [0, 1], [1, 0]]),
        tf.pad(conv, [[0, 0], [1, 2], [0, 1], [1, 0]], constant_values=2.5),
        tf.pad(conv, [[0, 0], [2, 1], [1, 1], [0, 0]], "REFLECT"), tf.reduce_mean(conv, [1, 2]),
        tf.reduce_mean(conv, [1, 2], keepdims=True), tf.reduce_sum(conv, 3), tf.reduce_max(conv, [2]),
        tf.reduce_min(conv, [0, 3]), tf.reduce_prod(y, 1), tf.cast(tf.argmax(conv, 3), tf.float32),
        tf.cast(tf.argmin(y, 1, tf.int32), tf.float32), conv[:, 1:4, ::2, 0], conv[:, ::-1, -3:-1],
        tf.slice(conv, [0, 1, 2, 1], [2, 3, -1, 2]), tf.stack([y, y * 2], 1), tf.gather(conv, [2, 0], axis=2),
        tf.tile(y, [1, 2, 1]), tf.broadcast_to(y[:, :1], [2, 3, 3]), tf.reverse(conv, [2]),
        tf.matmul(y, y, transpose_b=True), tf.matmul(y, tf.constant(np.arange(12.0).reshape(3, 4), tf.float32)),
        tf.linalg.matmul(y, y, transpose_a=True),
    ]


def resizing(x):
    """Operators that the runtime does not have yet."""
    conv = tf.nn.conv2d(x, tf.constant(np.random.default_rng(1).normal(size=(2, 2, 4, 4)), tf.float32), 1, "SAME")
    kernel = tf.constant(np.random.default_rng(2).normal(size=(3, 3, 2, 4)), tf.float32)
    resize = tf.compat.v1.image
    nearest, linear = resize.resize_nearest_neighbor, resize.resize_bilinear
    return [
        linear(conv, [8, 3]), linear(conv, [8, 3], align_corners=True), linear(conv, [8, 3], half_pixel_centers=True),
        nearest(conv, [9, 4]), nearest(conv, [9, 4], align_corners=True), nearest(conv, [9, 4], half_pixel_centers=True),
        tf.nn.space_to_depth(conv, 2), tf.nn.depth_to_space(conv, 2),
        tf.nn.conv2d_transpose(conv, kernel, [2, 8, 12, 2], 2, "SAME"),
        tf.nn.conv2d_transpose(conv, kernel, [2, 9, 13, 2], 2, "VALID"),
        tf.nn.conv2d_transpose(conv, kernel, [2, 7, 11, 2], 2, "SAME"),
        tf.cumsum(conv, 1), tf.gather_nd(conv, [[0, 1], [1, 2]]),
    ]


def products(x, rows, sequences):
    """Products whose weights are large enough to be rounded: each row of values is rounded over its own range."""
    random = np.random.default_rng(3)

    def weights(*shape):
        return tf.constant(random.normal(size=shape), tf.float32)

    x = x * tf.constant([1.0, 5.0], shape=(2, 1, 1, 1))
    positive = tf.nn.relu(x)
    return [
        tf.nn.conv2d(x, weights(3, 3, 32, 8), 1, "SAME"), tf.nn.conv2d(x, weights(2, 2, 32, 12), 2, "VALID"),
        tf.nn.conv2d(positive, weights(6, 6, 32, 1), 1, "SAME"), tf.nn.conv2d(x, weights(3, 3, 8, 16), 1, "SAME"),
        tf.nn.depthwise_conv2d(positive, weights(6, 6, 32, 1), [1, 1, 1, 1], "SAME"),
        tf.nn.conv2d_transpose(x, weights(3, 3, 4, 32), [2, 10, 12, 4], 2, "SAME"),
        tf.matmul(rows, weights(64, 20)), tf.matmul(rows, weights(64, 20)) + weights(20),
        tf.matmul(tf.nn.relu(rows) * 0.0, weights(64, 20)), tf.tensordot(sequences, weights(64, 20), 1),
        tf.matmul(sequences, weights(64, 20)), tf.matmul(sequences, weights(2, 64, 20)),
        tf.matmul(sequences, weights(1, 20, 64), transpose_b=True),
    ]


def sparse(x, rows):
    """Weights most of which are zero: anywhere, and in blocks."""
    random = np.random.default_rng(4)

    def weights(*shape, block=1):
        numbers = random.normal(size=shape)
        holes = random.uniform(size=(*shape[:-2], shape[-2] // block, shape[-1])) < 0.8
        return tf.constant(np.where(np.repeat(holes, block, -2), 0, numbers), tf.float32)

    return [
        tf.nn.conv2d(x, weights(3, 3, 32, 8), 1, "SAME"), tf.nn.conv2d(x, weights(1, 1, 32, 16), 1, "SAME"),
        tf.matmul(rows, weights(64, 20)), tf.matmul(rows, weights(64, 32, block=4)),
        tf.matmul(rows, weights(64, 32, block=16)),
    ]


def dilated():
    """A convolution over one axis with gaps, with an open batch."""
    tf.keras.utils.set_random_seed(2)
    x = tf.keras.Input((9, 3), batch_size=None)
    y = tf.keras.layers.Conv1D(4, 3, dilation_rate=2, padding="causal", bias_initializer="random_normal")(x)
    y = tf.keras.layers.Conv1D(2, 2, dilation_rate=3, padding="same", activation="relu")(y)
    model = tf.lite.TFLiteConverter.from_keras_model(tf.keras.Model(x, y)).convert()
    with open(f"{FOLDER}/dilated.tflite", "wb") as file:
        file.write(model)
    interpreter = tf.lite.Interpreter(model_content=model)
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
    tensors = {}
    for batch in [1, 3]:
        interpreter.resize_tensor_input(source["index"], [batch, 9, 3])
        interpreter.allocate_tensors()
        data = np.random.default_rng(batch).uniform(-1, 1, (batch, 9, 3)).astype(np.float32)
        interpreter.set_tensor(source["index"], data)
        interpreter.invoke()
        tensors[f"{source['name']}/{batch}"] = data
        tensors[f"{target['name']}/{batch}"] = np.ascontiguousarray(interpreter.get_tensor(target["index"]))
    save_file(tensors, f"{FOLDER}/dilated.safetensors")


def loops():
    """A recurrence as the converter writes it: a loop whose counter is a constant."""
    tf.keras.utils.set_random_seed(2)
    x = tf.keras.Input((4, 3), batch_size=2)
    y = tf.keras.layers.GRU(3, return_sequences=True, bias_initializer="random_normal")(x)
    write("loops", tf.lite.TFLiteConverter.from_keras_model(tf.keras.Model(x, y)).convert())


def spectrum(x):
    """Complex numbers, and slices to computed places."""
    short = tf.signal.rfft(x)
    frames = tf.signal.frame(x, 16, 4)
    return [
        tf.math.real(short), tf.math.imag(short), tf.abs(short), tf.math.real(tf.signal.rfft(x, [32])),
        tf.math.real(tf.signal.rfft(x, [128])), tf.abs(tf.signal.rfft2d(x)), tf.abs(tf.signal.rfft2d(x, [8, 64])),
        frames, tf.strided_slice(x, [0, 0, 0], tf.shape(frames)[:3]),
    ]


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    classifier()
    dilated()
    loops()
    functions("elementwise", elementwise, (2, 5, 6, 4), (2, 5, 6, 4))
    functions("shapes", shapes, (2, 5, 6, 4), (2, 2, 3))
    functions("resizing", resizing, (2, 4, 6, 4))
    functions("products-dynamic", products, (2, 5, 6, 32), (3, 64), (2, 3, 64), optimizations=[tf.lite.Optimize.DEFAULT])
    functions(
        "sparse", sparse, (1, 5, 6, 32), (3, 64), optimizations=[tf.lite.Optimize.EXPERIMENTAL_SPARSITY])
    functions("spectrum", spectrum, (2, 4, 64))
