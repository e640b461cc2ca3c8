"""Writes small models of Keras and what Keras computes with them.

Usage: KERAS_BACKEND=torch make_fixtures.py FOLDER   (keras 3.15, h5py 3.16, torch 2.15)
"""

import json
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
from keras import Input, Model, Sequential, layers
from keras.src.applications.convnext import LayerScale, StochasticDepth

random = np.random.default_rng(0)
folder = Path(sys.argv[1])
SHAPE = (9, 7, 4)
references = {}


def randomize(model):
    def draw(variable):
        value = keras.ops.convert_to_numpy(variable)
        if value.dtype.kind != "f":
            return value
        draw = random.uniform(0.5, 1.5, value.shape) if "variance" in variable.path else random.normal(0, 0.3, value.shape)
        return draw.astype(value.dtype)

    model.set_weights([draw(variable) for variable in model.weights])


def save(model, *endings):
    randomize(model)
    def draw(tensor):
        shape = (2,) + tuple(tensor.shape[1:])
        if tensor.name == "words":
            return random.integers(0, 5, shape).astype(np.float32)
        if tensor.name == "steps":
            # Rows that end early, begin late and have a gap.
            value = random.normal(size=shape).astype(np.float32)
            value[0, [0, 3]], value[1, 4:] = 0, 0
            return value
        return random.normal(size=shape).astype(np.float32)

    inputs = [draw(tensor) for tensor in model.inputs]
    outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    references[model.name] = {
        "files": [model.name + ending for ending in endings],
        "inputs": {t.name: {"shape": x.shape, "elements": np.round(x, 4).ravel().tolist()}
                   for t, x in zip(model.inputs, inputs)},
    }
    inputs = [np.round(x, 4) for x in inputs]
    outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    references[model.name]["outputs"] = [
        {"shape": list(y.shape), "elements": [float(f"{v:.7g}") for v in keras.ops.convert_to_numpy(y).ravel()]}
        for y in outputs]
    for ending in endings:
        model.save(folder / (model.name + ending))
        if ending == ".keras":
            deflate(folder / (model.name + ending))


def deflate(path):
    """Keras stores its archives' entries; a smaller file says the same."""
    with zipfile.ZipFile(path) as archive:
        contents = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents:
            archive.writestr(name, data)


def sequential(name, *stack, shape=SHAPE):
    return Sequential([Input(shape, name="image"), *stack], name=name)


def graph():
    """Shared layers, models as layers with several outputs, layers that join values, operations with numbers."""
    image = Input(SHAPE, name="image")
    shared = layers.Conv2D(4, 3, padding="same", name="shared")
    first = shared(image)
    second = shared(layers.ReLU()(first))
    inner = Sequential([Input(SHAPE), layers.Conv2D(4, 1), layers.BatchNormalization()], name="inner")
    entry = Input(SHAPE)
    both = Model(entry, [layers.Conv2D(4, 1)(entry), layers.MaxPooling2D(1)(entry)], name="both")
    a, b = both(second)
    c, d = both(inner(first))
    sum = layers.Add()([a, b, c])
    joined = layers.Concatenate()([sum, d, second])
    scale = layers.Reshape((1, 1, 12))(layers.GlobalAveragePooling2D()(joined))
    product = layers.Multiply()([joined, scale])
    other = layers.Multiply()([joined, layers.GlobalMaxPooling2D()(joined)])
    mean = layers.Average()([product, other, joined])
    most = layers.Maximum()([mean, joined])
    least = layers.Minimum()([most, other])
    rest = layers.Subtract()([least, mean])
    rest = (3.0 - (rest * 2.0 + 1.0)) / 2.0
    return Model(image, [rest, joined, layers.Dense(2, name="scores")(layers.Flatten()(mean))], name="graph")


save(graph(), ".keras", ".h5")
save(sequential(
    "windows", layers.ZeroPadding2D(((1, 2), (3, 0))), layers.Conv2D(6, (3, 2), strides=2, activation="relu"),
    layers.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2, activation="swish"),
    layers.SeparableConv2D(8, 3, padding="same", activation="gelu"), layers.MaxPooling2D(2, padding="same"),
    layers.Conv2D(4, 3, dilation_rate=2, padding="same", groups=2, use_bias=False), layers.PReLU(shared_axes=[1, 2]),
    layers.AveragePooling2D(2, strides=1, padding="valid"), layers.Cropping2D(((0, 0), (0, 0))), layers.Flatten(),
    layers.Dense(3, "softmax")), ".keras")
save(sequential(
    "frozen", Sequential([
        Input(SHAPE), layers.Conv2D(4, 1), layers.BatchNormalization(), layers.Conv2D(5, 1, trainable=False),
        layers.BatchNormalization(trainable=False), layers.Conv2D(3, 2)], name="within"),
    layers.LayerNormalization(), layers.Flatten(), layers.Dense(3, "hard_sigmoid", name="last")), ".keras", ".h5")
save(sequential(
    "shapes", layers.Rescaling(0.5, offset=-1), layers.Normalization(mean=[1.0, 2, 3, 4], variance=[1.0, 2, 3, 4]),
    layers.ReLU(max_value=2.0, negative_slope=0.1, threshold=0.3), layers.Reshape((7, 9, 4)), layers.Permute((3, 1, 2)),
    layers.LeakyReLU(), layers.Reshape((-1, 6)), layers.Conv1D(3, 4, padding="causal", dilation_rate=2),
    layers.Softmax(axis=1), layers.ELU(0.5), layers.Flatten(), layers.RepeatVector(2)), ".h5")
Sequential([Input(SHAPE), layers.Lambda(lambda x: x + 1, name="code")], name="lambda").save(folder / "lambda.keras")
save(sequential(
    "resizings", layers.UpSampling2D((2, 1)), layers.Conv2D(5, 3), layers.Resizing(11, 9),
    layers.Conv2DTranspose(6, 3, strides=2, padding="same", activation="relu"),
    layers.UpSampling2D(2, interpolation="bilinear"), layers.Resizing(7, 5, interpolation="nearest"),
    layers.Conv2DTranspose(3, 2)), ".keras")


def recurrent():
    """Recurrent layers with all their options."""
    words = Input((7,), name="words")
    value = layers.Embedding(5, 4)(words)
    value = layers.Bidirectional(layers.LSTM(5, return_sequences=True))(value)
    value = layers.Bidirectional(layers.GRU(4, return_sequences=True), merge_mode="sum")(value)
    back = layers.GRU(3, return_sequences=True, go_backwards=True, reset_after=False, use_bias=False)(value)
    value = layers.SimpleRNN(4, return_sequences=True)(layers.Concatenate()([value, back]))
    ends = [
        layers.LSTM(3, activation="linear", recurrent_activation="hard_sigmoid")(value), layers.GRU(3)(value),
        layers.Bidirectional(layers.SimpleRNN(2, activation="relu"))(value),
        layers.LSTM(2, go_backwards=True)(value),
    ]
    return Model(words, layers.Dense(4)(layers.Concatenate()(ends)), name="recurrent")


def scaled():
    """What ConvNeXt has of its own; one scale where channels come first, one where they come last."""
    image = Input(SHAPE, name="image")
    first = LayerScale(1e-6, 4, name="first")(layers.Conv2D(4, 3, padding="same")(image))
    second = LayerScale(1e-6, 6)(layers.Dense(6)(layers.LayerNormalization()(first)))
    second = layers.Add()([first, StochasticDepth(0.5)(layers.Dense(4)(second))])
    return Model(image, second, name="scaled")


def attending():
    """Attention to oneself, to what came before and to something else, groups of channels, a network for each step."""
    image = Input((3, 4, 4, 2), name="image")
    step = Sequential([Input((4, 4, 2)), layers.Conv2D(6, 2), layers.GroupNormalization(3), layers.Flatten()], name="step")
    steps = layers.TimeDistributed(step)(image)
    steps = layers.TimeDistributed(layers.Dense(8, activation="relu"))(steps)
    value = layers.GroupNormalization(2, scale=False)(steps)
    value = layers.MultiHeadAttention(2, 3)(value, value, use_causal_mask=True)
    value = layers.Add()([value, layers.MultiHeadAttention(4, 2, value_dim=3, use_bias=False, output_shape=8)(value, steps)])
    return Model(image, layers.GroupNormalization(-1, center=False)(value), name="attending")


def masked():
    """Steps that don't count, in the middle too, in both directions and in attention."""
    steps = Input((6, 3), name="steps")
    value = layers.Dense(4)(layers.Masking(0.0)(steps))
    value = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(value)
    back = layers.GRU(6, return_sequences=True, go_backwards=True)(value)
    value = layers.MultiHeadAttention(2, 3)(layers.Add()([value, back]), value)
    mean = layers.GlobalAveragePooling1D()(layers.TimeDistributed(layers.Dense(2))(value))
    return Model(steps, [layers.SimpleRNN(3)(value), mean], name="masked")


save(recurrent(), ".keras", ".h5")
save(scaled(), ".keras", ".h5")
save(attending(), ".keras", ".h5")
save(masked(), ".keras")
(folder / "references.json").write_text(json.dumps(references))
