"""Writes GGUF files by the gguf package for the tests of GGUFFormat, and says what it finds in ours.

Usage: gguf_files.py write FOLDER   types.gguf: values and tensors of every type; dequantized.npz: its blocks as float32
       gguf_files.py split FOLDER   whole.gguf, and the same in parts of two tensors: parts-0000N-of-00003.gguf
       gguf_files.py show FILE      a line for each value (its bytes in hexadecimal, but for the version) and each tensor
       gguf_files.py check FOLDER   whether ours.gguf holds numbers.npz, quantized where it should be, and compares
                                    FOLDER/read.npz with what the package makes of ours.gguf
       gguf_files.py quantize FOLDER  whether read.npz is what blocks.npz stands for; a line for each type: whether the package
                                    makes the same blocks of numbers.npz (None where it makes none), and their error
"""

import pathlib
import sys

import gguf
import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as Type, GGUFValueType as Value

BLOCKS = [Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.Q2_K, Type.Q3_K, Type.Q4_K, Type.Q5_K, Type.Q6_K,
          Type.IQ4_NL, Type.IQ4_XS, Type.MXFP4, Type.NVFP4, Type.TQ1_0, Type.TQ2_0, Type.IQ2_XXS, Type.IQ2_XS, Type.IQ2_S,
          Type.IQ3_XXS, Type.IQ3_S, Type.IQ1_S, Type.IQ1_M]
# Copied, but not read here.
OTHERS = [Type.Q8_K]


def write(folder):
    random = np.random.default_rng(3)
    writer = gguf.GGUFWriter(folder / "types.gguf", "odd")
    integers = {Value.UINT8: 255, Value.INT8: -128, Value.UINT16: 65535, Value.INT16: -32768, Value.UINT32: 2**32 - 1,
                Value.INT32: -(2**31), Value.UINT64: 2**64 - 1, Value.INT64: -(2**63)}
    for kind, value in integers.items():
        writer.add_key_value(f"of.{kind.name}", value, kind)
        writer.add_key_value(f"list.{kind.name}", [value, 0, 1], Value.ARRAY, sub_type=kind)
    for kind, number in (Value.FLOAT32, "<f4"), (Value.FLOAT64, "<f8"):
        values = [0.1, -0.0, float("inf"), -float("inf"), 1e-45, 5e-324, 1e30]
        for index, value in enumerate(values):
            writer.add_key_value(f"of.{kind.name}.{index}", value, kind)
        writer.add_key_value(f"of.{kind.name}.nan", float("nan"), kind)
        writer.add_key_value(f"list.{kind.name}", values, Value.ARRAY, sub_type=kind)
    writer.add_bool("of.BOOL", True)
    writer.add_key_value("list.BOOL", [True, False], Value.ARRAY, sub_type=Value.BOOL)
    for index, text in enumerate(["plain", "", "a\"\\\n\0b", "uint32:7", "string:x", "é\u0301", "array:int32:[1]"]):
        writer.add_string(f"text.{index}", text)
    writer.add_array("tokens", ["<s>", "▁a", "\"", "\\", "\n", "uint8:1", "e\u0301", "é"])
    writer.add_key_value("bytes", b"\xff\x00", Value.STRING)
    writer.add_key_value("list.bytes", [b"\xff\x00", b"", b"a"], Value.ARRAY, sub_type=Value.STRING)
    writer.add_custom_alignment(64)

    for dtype in "f4 f2 f8 i1 i2 i4 i8".split():
        raw = random.integers(0, 256, (2, 3, 4, np.dtype(dtype).itemsize), np.uint8)
        writer.add_tensor(f"exact.{dtype}", raw.view(dtype).reshape(2, 3, 4))
    writer.add_tensor("exact.bf16", random.integers(0, 256, (5, 4), np.uint8), raw_dtype=Type.BF16)
    writer.add_tensor("vector", np.arange(5, dtype=np.float32))
    expected = {}
    for kind in BLOCKS + OTHERS:
        size, width = GGML_QUANT_SIZES[kind]
        blocks = random.integers(0, 256, (3, 2, 5 * width), np.uint8)
        writer.add_tensor(f"blocks.{kind.name}", blocks, raw_dtype=kind)
        if kind in BLOCKS:
            with np.errstate(all="ignore"):
                expected[f"blocks.{kind.name}"] = gguf.quants.dequantize(blocks, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    np.savez(folder / "dequantized.npz", **expected)


def split(folder):
    for name, options in ("whole", {}), ("parts", {"split_max_tensors": 2}):
        random = np.random.default_rng(5)
        writer = gguf.GGUFWriter(folder / f"{name}.gguf", "odd", **options)
        writer.add_string("general.name", "of several parts")
        for index in range(5):
            writer.add_tensor(f"w.{index}", random.normal(size=(3, 32 + index)).astype(np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def show(path):
    reader = gguf.GGUFReader(path)
    for field in reader.fields.values():
        if not field.name.startswith("GGUF."):
            kinds = ",".join(kind.name for kind in field.types)
            data = b"".join(part.tobytes() for part in field.parts[2:])
            print(field.name, kinds, data.hex(), sep="|")
    for tensor in reader.tensors:
        print(tensor.name, tensor.tensor_type.name, [int(n) for n in tensor.shape], tensor.data_offset % 64,
              tensor.data.tobytes().hex(), sep="|")


def check(folder):
    reader = gguf.GGUFReader(folder / "ours.gguf")
    numbers = np.load(folder / "numbers.npz")
    read = np.load(folder / "read.npz")
    assert [tensor.name for tensor in reader.tensors] == numbers.files == read.files
    count = 0
    for tensor in reader.tensors:
        array = numbers[tensor.name]
        assert list(tensor.shape) == list(reversed(array.shape)), tensor.name
        if array.dtype.kind == "f" and array.ndim > 1 and array.shape[-1] % 32 == 0:
            assert tensor.tensor_type == Type.Q8_0, tensor.name
            with np.errstate(all="ignore"):
                blocks = gguf.quants.quantize(array.astype(np.float32), Type.Q8_0)
                values = gguf.quants.dequantize(tensor.data, Type.Q8_0) if array.size else array.astype(np.float32)
            assert tensor.data.tobytes() == blocks.tobytes(), tensor.name
            count += array.size > 0
        else:
            assert tensor.tensor_type.name == {"<f": "F", "<i": "I", "|i": "I"}[array.dtype.str[:2]] + str(
                8 * array.itemsize), tensor.name
            assert tensor.data.tobytes() == array.tobytes(), tensor.name
            values = array
        assert read[tensor.name].shape == array.shape
        assert np.array_equal(read[tensor.name], values, equal_nan=values.dtype.kind == "f"), tensor.name
    print(count)


def quantize(folder):
    numbers = np.load(folder / "numbers.npz")["numbers"]
    blocks, read = (np.load(folder / name) for name in ("blocks.npz", "read.npz"))
    for name in blocks.files:
        values = gguf.quants.dequantize(blocks[name], Type[name])
        assert np.array_equal(values.view(np.uint32), read[name].view(np.uint32)), name
        try:
            with np.errstate(all="ignore"):
                # Beyond what its own conversions to integers are defined for.
                rows = [row for row in range(len(numbers)) if row != 11]
                same = np.array_equal(gguf.quants.quantize(numbers[rows], Type[name]), blocks[name][rows])
        except NotImplementedError:
            same = None
        exact, found = (array[:4].astype(np.float64) for array in (numbers, values))
        print(name, same, np.sqrt(((exact - found) ** 2).sum() / (exact ** 2).sum()))


if __name__ == "__main__":
    {"write": write, "split": split, "show": show, "check": check, "quantize": quantize}[sys.argv[1]](pathlib.Path(sys.argv[2]))
