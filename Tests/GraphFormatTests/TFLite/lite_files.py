"""Builds TensorFlow Lite models operator by operator, which its converter does not write on demand."""

import flatbuffers
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

TYPES = {
    "float32": "FLOAT32", "int32": "INT32", "uint8": "UINT8", "int64": "INT64", "bool": "BOOL", "int16": "INT16",
    "int8": "INT8", "object": "STRING", "uint32": "UINT32", "uint16": "UINT16", "float64": "FLOAT64"}


def strings(values):
    data = [value.encode() for value in values]
    ends = np.cumsum([0] + [len(value) for value in data]) + 4 * (len(data) + 2)
    return np.array([len(data), *ends], np.int32).tobytes() + b"".join(data)


class Model:
    """Graphs with their operators; the first is the main one."""

    def __init__(self):
        self.codes, self.buffers, self.graphs = {}, [schema.BufferT()], []

    def graph(self, name="main"):
        self.graphs.append(Graph(self, name))
        return self.graphs[-1]

    def bytes(self):
        model = schema.ModelT()
        model.version, model.description = 3, "made by lite_files.py"
        model.buffers = self.buffers
        model.operatorCodes = []
        for name, version in self.codes:
            code = schema.OperatorCodeT()
            builtin = getattr(schema.BuiltinOperator, name, None)
            if builtin is None:
                code.customCode, builtin = name, schema.BuiltinOperator.CUSTOM
            code.builtinCode, code.version = builtin, version
            code.deprecatedBuiltinCode = min(builtin, 127)
            model.operatorCodes.append(code)
        model.subgraphs = [graph.table for graph in self.graphs]
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


class Graph:
    def __init__(self, model, name):
        self.model, self.index = model, len(model.graphs)
        self.table = schema.SubGraphT()
        self.table.name = name
        self.table.tensors, self.table.inputs, self.table.outputs, self.table.operators = [], [], [], []

    def tensor(self, kind, shape, data=None, quantization=None, name=None, variable=False, opened=()):
        tensor = schema.TensorT()
        tensor.name = name or f"t{len(self.table.tensors)}"
        tensor.type = getattr(schema.TensorType, TYPES.get(str(np.dtype(kind)) if kind not in ("RESOURCE",) else "", kind))
        tensor.shape = list(shape)
        if opened:
            tensor.shapeSignature = [-1 if axis in opened else extent for axis, extent in enumerate(shape)]
        tensor.isVariable = variable
        tensor.buffer = 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data if isinstance(data, bytes) else np.ascontiguousarray(data).tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            tensor.buffer = len(self.model.buffers) - 1
        if quantization:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale, tensor.quantization.zeroPoint = [quantization[0]], [quantization[1]]
        self.table.tensors.append(tensor)
        return len(self.table.tensors) - 1

    def input(self, kind, shape, quantization=None, opened=()):
        index = self.tensor(kind, shape, None, quantization, f"{self.table.name}_in{len(self.table.inputs)}", opened=opened)
        self.table.inputs.append(index)
        return index

    def constant(self, data, kind=None, quantization=None):
        if isinstance(data, list) and data and isinstance(data[0], str):
            return self.tensor(object, [len(data)], strings(data))
        data = np.asarray(data, kind)
        return self.tensor(data.dtype, data.shape, data, quantization)

    def operator(self, name, inputs, outputs, options=None, version=1, custom=None, **fields):
        """The operator's outputs: pairs of type and shape, with a quantization if there is a third."""
        codes = self.model.codes
        item = schema.OperatorT()
        item.opcodeIndex = codes.setdefault((name, version), len(codes))
        item.inputs = inputs
        item.outputs = [output if isinstance(output, int) else self.tensor(output[0], output[1], None, *output[2:]) for output in outputs]
        if options:
            table = getattr(schema, options + "T")()
            for field, value in fields.items():
                setattr(table, field, value)
            kind = getattr(schema.BuiltinOptions, options, None)
            if kind is not None:
                item.builtinOptionsType, item.builtinOptions = kind, table
            else:
                item.builtinOptions2Type, item.builtinOptions2 = getattr(schema.BuiltinOptions2, options), table
        if custom is not None:
            item.customOptions = np.frombuffer(custom, np.uint8)
        self.table.operators.append(item)
        return item.outputs[0] if len(item.outputs) == 1 else item.outputs

    def output(self, *indices):
        for index in indices:
            self.table.outputs.append(index)
            tensor = self.table.tensors[index]
            if tensor.name.startswith("t"):
                tensor.name = f"out{len(self.table.outputs) - 1}"
