"""Writes SchemaTable.swift: what each version of ONNX's operators takes and gives.

The facts (names, versions, parameters' kinds, allowed types, attributes' kinds) are those that the onnx package
registers (onnx.defs.get_all_schemas_with_history, Apache License 2.0). Needs a Python with onnx.

Usage: make_schema_table.py > SchemaTable.swift
"""

import re
import sys

import onnx
from onnx import TensorProto, defs

WIDTH = 118
KINDS = {
    "FLOAT": "f", "INT": "i", "STRING": "s", "TENSOR": "t", "GRAPH": "g", "TYPE_PROTO": "y", "FLOATS": "F",
    "INTS": "I", "STRINGS": "S", "TENSORS": "T", "GRAPHS": "G", "TYPE_PROTOS": "Y", "SPARSE_TENSOR": "p",
    "SPARSE_TENSORS": "P",
}
OPTIONS = {"Single": "", "Optional": "?", "Variadic": "*"}
FORMS = {"seq": 29, "optional": 30, "map": 31}


def mask(types):
    """Allowed types as bits: those of DataType's numbers for tensors, one for each other form."""
    bits = 0
    for text in types:
        form, inner = re.match(r"(\w+)\((.*)\)", text).groups()
        names = TensorProto.DataType.keys()
        bits |= 1 << (FORMS[form] if form in FORMS else TensorProto.DataType.Value(
            next(name for name in names if name.lower() == inner)))
    return bits


def parameters(formal, variables):
    words = []
    for parameter in formal:
        option = OPTIONS[str(parameter.option).rsplit(".", 1)[-1]]
        if option == "*" and not parameter.is_homogeneous:
            option = "&"
        name = parameter.type_str
        words.append(option + (name if name in variables else f"#{mask(parameter.types):x}"))
    return " ".join(words)


def line(schema):
    variables = {c.type_param_str: mask(c.allowed_type_strs) for c in schema.type_constraints}
    attributes = [
        f"{name}:{KINDS[str(a.type).rsplit('.', 1)[-1]]}{'!' if a.required else ''}"
        for name, a in sorted(schema.attributes.items())
    ]
    parts = [
        f"{schema.domain + ':' if schema.domain else ''}{schema.name} {schema.since_version}"
        f"{'-' if schema.deprecated else ''}",
        parameters(schema.inputs, variables), parameters(schema.outputs, variables), " ".join(attributes),
        " ".join(f"{name}={bits:x}" for name, bits in variables.items()),
    ]
    return "|".join(parts)


def wrapped(text):
    while len(text) > WIDTH:
        cut = text.rindex(" ", 0, WIDTH - 1) + 1
        yield text[:cut] + "\\"
        text = text[cut:]
    yield text


schemas = defs.get_all_schemas_with_history()
print(f"""\
// Written by make_schema_table.py from onnx {onnx.__version__}.

/// Each version of each of ONNX's operators: domain (unless ONNX's own), name and version (`-`: deprecated), inputs,
/// outputs, attributes, type variables. Parameters are type variables or masks of types (`#`), after `?` where optional,
/// `*` where repeated, `&` where repeated with types of their own. Masks are hexadecimal: a bit for each number of
/// `TensorProto.DataType`, 29 for sequences, 30 for optional values, 31 for maps. Attributes have a letter for their kind,
/// and `!` where required.
let schemaTable = \"\"\"""")
for schema in sorted(schemas, key=lambda s: (s.domain, s.name, s.since_version)):
    for piece in wrapped(line(schema)):
        print("  " + piece)
print('  """')
