"""Models for the round-trip tests, and their comparison.

models.py make FOLDER     writes the onnx package's test models and some of its rarer messages into FOLDER
models.py compare FOLDER  compares each NAME.onnx with its round trips, NAME.copy.onnx and NAME.zoo.onnx
"""

import pathlib
import sys
import warnings

import numpy as np
import onnx
from onnx import TensorProto, helper

warnings.filterwarnings("ignore")


def rare_messages():
    """One model with the messages that the graph of ZooCore does not model."""
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"], name="add", doc_string="sums")],
        "rare",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor("w", TensorProto.FLOAT, [3], [1, 2, 3])],
    )
    values = helper.make_tensor("s", TensorProto.FLOAT, [2], [1, 2])
    indices = helper.make_tensor("i", TensorProto.INT64, [2], [0, 5])
    sparse = helper.make_sparse_tensor(values, indices, [9])
    graph.sparse_initializer.append(sparse)
    annotation = graph.quantization_annotation.add(tensor_name="w")
    annotation.quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="s")
    graph.metadata_props.add(key="graph", value="properties")
    node = graph.node[0]
    node.metadata_props.add(key="node", value="properties")
    configuration = node.device_configurations.add(configuration_id="two", pipeline_stage=1)
    configuration.sharding_spec.add(tensor_name="w", device=[0, 1])
    node.attribute.append(helper.make_attribute("sparse", sparse))
    node.attribute.append(helper.make_attribute("many", [sparse, sparse]))
    node.attribute.append(helper.make_attribute("zero", 0))
    node.attribute.append(helper.make_attribute("nothing", 0.0))
    node.attribute.append(helper.make_attribute("empty", b""))
    node.attribute.append(helper.make_attribute("bytes", b"\x00\xff"))
    node.attribute.append(onnx.AttributeProto(name="none", type=onnx.AttributeProto.INTS))
    node.attribute.append(helper.make_attribute("type", graph.input[0].type))
    node.attribute.append(helper.make_attribute("types", [graph.input[0].type, graph.output[0].type]))
    node.attribute.append(helper.make_attribute("graphs", [onnx.GraphProto(name="inner")]))
    node.attribute.append(helper.make_attribute("tensors", [values, indices]))
    graph.initializer[0].metadata_props.add(key="tensor", value="properties")
    graph.initializer[0].segment.begin = 0
    graph.initializer[0].segment.end = 3
    graph.input[0].metadata_props.add(key="value", value="properties")
    graph.input[0].type.denotation = "IMAGE"
    graph.input[0].type.tensor_type.shape.dim[0].denotation = "DATA_BATCH"
    graph.input[0].type.tensor_type.shape.dim.add()
    for name, kind in (("map", "map_type"), ("opaque", "opaque_type"), ("sparse", "sparse_tensor_type")):
        value = graph.value_info.add(name=name)
        getattr(value.type, kind).SetInParent()
    graph.value_info[0].type.map_type.key_type = TensorProto.STRING
    graph.value_info[0].type.map_type.value_type.sequence_type.elem_type.tensor_type.elem_type = TensorProto.FLOAT
    graph.value_info[1].type.opaque_type.domain = "d"
    graph.value_info[1].type.opaque_type.name = "n"
    graph.value_info[2].type.sparse_tensor_type.elem_type = TensorProto.DOUBLE
    model = helper.make_model(graph, producer_name="tests", producer_version="1", domain="org.example")
    model.model_version = 7
    model.doc_string = "na\u00efve"
    model.training_info.add().initialization_binding.add(key="w", value="x")
    model.configuration.add(name="two", num_devices=2, device=["a", "b"])
    model.metadata_props.add(key="author", value="nobody")
    body = helper.make_node("LeakyRelu", ["a"], ["b"])
    body.attribute.add(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT)
    function = helper.make_function(
        "org.example", "F", ["a"], ["b"], [body], [helper.make_opsetid("", 20)], ["slope"],
        [helper.make_attribute("other", 1.5)], overload="first",
    )
    function.value_info.add(name="b")
    function.metadata_props.add(key="function", value="properties")
    model.functions.append(function)
    return model


def every_type():
    """Initializers of every type, in raw data and in typed lists."""
    graph = onnx.GraphProto(name="types")
    random = np.random.default_rng(1)
    for number in range(1, 29):
        kind = TensorProto.DataType.Name(number)
        for shape in ([], [5], [2, 3], [0, 4]):
            count = int(np.prod(shape))
            if number == TensorProto.STRING:
                values = [b"\x00%d\xff" % i for i in range(count)]
                graph.initializer.append(helper.make_tensor(f"{kind}{shape}", number, shape, values))
                continue
            values = random.integers(-2, 2, count) if "INT" in kind else random.integers(0, 2, count)
            values = np.abs(values) if kind.startswith("UINT") else values
            if kind.startswith("COMPLEX"):
                values = values + 2j
            listed = helper.make_tensor(f"{kind}{shape}", number, shape, values)
            graph.initializer.append(listed)
            array = onnx.numpy_helper.to_array(listed)
            raw = onnx.numpy_helper.from_array(array, f"{kind}{shape}raw")
            graph.initializer.append(raw)
    return helper.make_model(graph)


def wheel_models():
    from onnx.backend.test.case.node import collect_testcases

    for case in collect_testcases(None):
        if case.model is not None:
            yield case.name, case.model.SerializeToString()
    data = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data"
    for path in sorted(data.rglob("*.onnx")):
        yield "-".join(path.relative_to(data).with_suffix("").parts), path.read_bytes()


def make(folder):
    for name, data in wheel_models():
        (folder / f"{name}.onnx").write_bytes(data)
    for model in (rare_messages(), every_type()):
        (folder / f"own-{model.graph.name}.onnx").write_bytes(model.SerializeToString())


def normalise(message):
    """Tensors as raw data; fields without presence in the specification's eyes left out where they are defaults."""
    if isinstance(message, TensorProto) and message.data_type not in (TensorProto.UNDEFINED, TensorProto.STRING):
        whole = TensorProto()
        whole.CopyFrom(message)
        whole.ClearField("segment")  # the onnx package refuses it
        array = onnx.numpy_helper.to_array(whole)
        for field in ("float", "int32", "int64", "double", "uint64", "raw"):
            message.ClearField(f"{field}_data")
        message.raw_data = array.tobytes()
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in value if field.is_repeated else [value]:
                normalise(inner)
        elif not field.is_repeated and field.containing_oneof is None and value == field.default_value:
            if not isinstance(message, onnx.AttributeProto) or field.name not in ("f", "i", "s"):
                message.ClearField(field.name)
    return message


def dense(sparse):
    array = np.zeros(int(np.prod(sparse.dims)), onnx.numpy_helper.to_array(sparse.values).dtype)
    places = onnx.numpy_helper.to_array(sparse.indices)
    if places.ndim == 2:
        places = np.ravel_multi_index(places.T, list(sparse.dims))
    array[places] = onnx.numpy_helper.to_array(sparse.values)
    return onnx.numpy_helper.from_array(array.reshape(list(sparse.dims)), sparse.values.name)


def densify(model):
    """Sparse tensors as a package holds them."""
    model.graph.initializer.extend(dense(sparse) for sparse in model.graph.sparse_initializer)
    del model.graph.sparse_initializer[:]
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.SPARSE_TENSOR:
                tensor = dense(attribute.sparse_tensor)
                attribute.ClearField("sparse_tensor")
                attribute.t.CopyFrom(tensor)
                attribute.type = onnx.AttributeProto.TENSOR
                attribute.name = "value" if attribute.name == "sparse_value" else attribute.name
            elif attribute.type == onnx.AttributeProto.SPARSE_TENSORS:
                attribute.tensors.extend(dense(sparse) for sparse in attribute.sparse_tensors)
                del attribute.sparse_tensors[:]
                attribute.type = onnx.AttributeProto.TENSORS


def checks(model):
    try:
        onnx.checker.check_model(model)
        return True
    except Exception:
        return False


def compare(folder):
    wrong = 0
    compared = 0
    for path in sorted(folder.glob("*.onnx")):
        if path.name.endswith((".copy.onnx", ".zoo.onnx")):
            continue
        original = onnx.load(path)
        valid = checks(original)
        packaged = onnx.ModelProto()
        packaged.CopyFrom(original)
        densify(packaged)
        for kind, original in ((".copy.onnx", normalise(original)), (".zoo.onnx", normalise(packaged))):
            other = path.with_suffix(kind)
            compared += 1
            if not other.exists():
                print(f"{other.name}: missing")
                wrong += 1
                continue
            copy = onnx.load(other)
            if valid and not checks(copy):
                print(f"{other.name}: the checker refuses it")
                wrong += 1
            elif normalise(copy) != original:
                print(f"{other.name}: differs")
                wrong += 1
    print(f"{compared} compared, {wrong} wrong")
    sys.exit(wrong > 0 or compared == 0)


if __name__ == "__main__":
    {"make": make, "compare": compare}[sys.argv[1]](pathlib.Path(sys.argv[2]))
