"""Talks with the real server as its clients do: clients.py ZOO_SERVE MODELS (what make_models.py and pack wrote).

Each function that begins with test_ is a test; one server serves most of them.
"""

import base64
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import queue
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse

import grpc
import ml_dtypes
import numpy as np
import openai
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException

from server import IMAGES, ROOT, ZOO, Server, grpc_client, grpc_sum, grpc_tensor, sum_request

PROGRAM, MODELS = sys.argv[1], pathlib.Path(sys.argv[2])
NUMPY = {"BOOL": np.bool_, "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64,
         "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64, "FP16": np.float16,
         "FP32": np.float32, "FP64": np.float64}
ONNX = {"FP16": "FLOAT16", "BF16": "BFLOAT16", "FP32": "FLOAT", "FP64": "DOUBLE", "BYTES": "STRING"}


# The Open Inference Protocol.

def test_health_and_metadata(server):
    client = triton.InferenceServerClient(f"127.0.0.1:{server.port}")
    assert client.is_server_live() and client.is_server_ready()
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    assert client.is_model_ready("sum") and client.is_model_ready("sum", "1")
    assert not client.is_model_ready("sum", "2") and not client.is_model_ready("nothing")
    metadata = client.get_model_metadata("sum")
    assert metadata["inputs"] == [{"name": name, "datatype": "FP32", "shape": [-1, 4]} for name in "xy"], metadata
    assert metadata["outputs"] == [{"name": "z", "datatype": "FP32", "shape": [-1, 4]}]
    assert client.get_model_config("sum")["input"][0]["data_type"] == "TYPE_FP32"
    assert server.ask("GET", "/healthz")[0] == 200 and server.ask("GET", "/v2")[0] == 200


def values_of_all_types():
    random = np.random.default_rng(1)
    values = {}
    for name, kind in NUMPY.items():
        raw = random.integers(0, 256, (2, 3, np.dtype(kind).itemsize), np.uint8)
        values[name] = raw.view(kind)[..., 0] if name != "BOOL" else random.integers(0, 2, (2, 3)).astype(bool)
    values["BF16"] = np.array([[1, -2.5, 3.140625], [0, 1e30, -0.0]], ml_dtypes.bfloat16)
    values["BYTES"] = np.array([[b"", b"\xff\0", "é".encode()], [b"a" * 1000, b"b", b"c"]], object)
    return values


def check_types(result, values):
    for name, value in values.items():
        got = result.as_numpy(f"out_{ONNX.get(name, name)}")
        if name.startswith(("FP", "BF")):
            assert got.tobytes() == value.tobytes(), (name, got, value)
        else:
            assert got.dtype == value.dtype and (got == value).all(), (name, got, value)


def test_every_datatype_as_bytes(server):
    client = triton.InferenceServerClient(f"127.0.0.1:{server.port}")
    values = values_of_all_types()
    inputs = []
    for name, value in values.items():
        inputs.append(triton.InferInput(f"in_{ONNX.get(name, name)}", [2, 3], name))
        inputs[-1].set_data_from_numpy(value)
    result = client.infer("types", inputs, request_id="seven")
    assert result.get_response()["id"] == "seven"
    check_types(result, values)


def test_every_datatype_as_json(server):
    values = {
        "BOOL": [True, False, True], "UINT8": [0, 1, 255], "UINT16": [0, 1, 65535], "UINT32": [0, 1, 2**32 - 1],
        "UINT64": [0, 1, 2**64 - 1], "INT8": [-128, 0, 127], "INT16": [-(2**15), 0, 2**15 - 1],
        "INT32": [-(2**31), 0, 2**31 - 1], "INT64": [-(2**63), 2**53 + 1, 2**63 - 1],
        "FP16": [0.0999755859375, 65504, 5.960464477539063e-08], "BF16": [1.5, -3.140625, 0], "FP32": [0.5, -1.25, 3e38],
        "FP64": [0.1, 1.7976931348623157e308, 5e-324], "BYTES": ["", "a\"\\\n", "é😀"]}
    inputs = [{"name": f"in_{ONNX.get(name, name)}", "datatype": name, "shape": [1, 3], "data": [data]}
              for name, data in values.items()]
    outputs = {output["name"]: output for output in server.json("/v2/models/types/infer", {"inputs": inputs})["outputs"]}
    for name, data in values.items():
        output = outputs[f"out_{ONNX.get(name, name)}"]
        assert output["datatype"] == name and output["shape"] == [1, 3]
        got = output["data"]
        assert got == data or np.array_equal(np.float32(got), np.float32(data)), (name, got)
    # Rounded to the nearest, as numpy does.
    for datatype, numbers in (("FP16", [0.1, 2049.0, 1e-7]), ("FP32", [0.1, 16777217.0, 1e-45])):
        inputs[[i["datatype"] for i in inputs].index(datatype)]["data"] = numbers
        outputs = server.json("/v2/models/types/infer", {"inputs": inputs})["outputs"]
        got = next(output["data"] for output in outputs if output["name"] == f"out_{ONNX[datatype]}")
        kind = NUMPY[datatype]
        assert np.array_equal(np.array(got, kind), np.array(numbers, kind)), got


def test_outputs_are_chosen(server):
    request = sum_request(1, 2)
    request["outputs"] = [{"name": "z", "parameters": {"binary_data": True}}]
    status, headers, body = server.ask("POST", "/v2/models/sum/versions/1/infer", json.dumps(request))
    length = int(headers["Inference-Header-Content-Length"])
    assert status == 200 and body[length:] == struct.pack("<4f", 3, 3, 3, 3)
    assert json.loads(body[:length])["outputs"][0]["parameters"] == {"binary_data_size": 16}
    request["inputs"][0]["data"] = [1, 5, 2, 5]
    request["outputs"] = [{"name": "z", "parameters": {"classification": 2}}]
    assert server.json("/v2/models/sum/infer", request)["outputs"][0]["data"] == ["7.0:1", "7.0:3"]


def test_photograph_as_tensor_and_as_file(server):
    status, _, body = server.ask("POST", "/predict/resnet20-cifar10", (IMAGES / "cat.jpg").read_bytes())
    assert status == 200 and json.loads(body)["classes"][0]["label"] == "cat", body[:200]
    status, _, body = server.ask("POST", "/predict/rcnn-bccd", (IMAGES / "smear.jpg").read_bytes())
    assert any(found["label"] == "WBC" for found in json.loads(body)["detections"])
    status, _, body = server.ask("POST", "/predict/transformer-en-de", "A dog is running.")
    assert "Hund" in json.loads(body)["text"], body
    for path, body, expected in (
            ("/predict/resnet20-cifar10", b"no picture", 400), ("/predict/resnet20-cifar10", b"", 400),
            ("/predict/nothing", b"x", 404), ("/predict/sum", b"x", 400), ("/predict/transformer-en-de", b"\xff\xfe", 400)):
        status, _, text = server.ask("POST", path, body)
        assert status == expected and json.loads(text)["error"], (path, status, text)


def test_texts_are_ranked_and_searched(server):
    expected = json.loads((ROOT / "Tests" / "ModelZooTests" / "Fixtures" / "text-classifiers.json").read_text())
    for (query, text), score in zip(expected["pairs"][:2], expected["ranking"]):
        status, _, body = server.ask("POST", f"/predict/bert-ranking?query={urllib.parse.quote(query)}", text)
        assert status == 200 and abs(json.loads(body)["score"] - score) < 1e-4, body
    for text, wanted in zip(expected["texts"], expected["entities"]):
        status, _, body = server.ask("POST", "/predict/bert-entities", text.encode())
        found = json.loads(body)["entities"]
        assert status == 200 and [(part["label"], part["start"], part["end"]) for part in found] == [
            (part["label"], part["start"], part["end"]) for part in wanted], body
    for path in ("/predict/bert-ranking", "/predict/bert-entities?query=a", "/predict/resnet20-cifar10?query=a"):
        status, _, body = server.ask("POST", path, "a")
        assert status == 400 and json.loads(body)["error"], (path, status)


def test_repository(server):
    client = triton.InferenceServerClient(f"127.0.0.1:{server.port}")
    index = {model["name"]: model["state"] for model in client.get_model_repository_index()}
    assert index["fixed"] == "READY" and "resnet20-cifar10" in index, index
    client.unload_model("fixed")
    assert not client.is_model_ready("fixed")
    request = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [2, 2], "data": [[1, 2], [3, 4]]}]}
    assert "unloaded" in server.json("/v2/models/fixed/infer", request, 400)["error"]
    client.load_model("fixed")
    assert server.json("/v2/models/fixed/infer", request)["outputs"][0]["data"] == [-1, -2, -3, -4]
    with expected_failure("no model"):
        client.load_model("%2Fetc%2Fpasswd")
    with expected_failure("parameter"):
        client.load_model("fixed", config="{}")


@contextlib.contextmanager
def expected_failure(text):
    try:
        yield
    except InferenceServerException as error:
        assert text in str(error), error
    else:
        raise AssertionError(f"no failure with {text}")


def test_wrong_requests(server):
    good = sum_request(1)["inputs"]
    x = good[0]
    path = "/v2/models/sum/infer"
    cases = [
        b"", b"{", b"[]", b"{}", b'{"inputs": 3}', b'{"inputs": [{}]}', b"nul", b'{"inputs": [], "inputs": []}',
        b'{"inputs": "\\ud8"}', b'{"a": 01}', b'{"a": 1} x', b"[" * 100_000, b'{"a":' * 100_000,
        {"inputs": [good[0]]}, {"inputs": good + [good[0]]}, {"inputs": good + [dict(x, name="other")]},
        {"inputs": [dict(x, shape=[1, 5]), good[1]]}, {"inputs": [dict(x, shape=[2, 4]), good[1]]},
        {"inputs": [dict(x, shape=[2**62, 2**62]), good[1]]}, {"inputs": [dict(x, shape=[2**40, 4]), good[1]]},
        {"inputs": [dict(x, shape=[-1, 4]), good[1]]}, {"inputs": [dict(x, shape=[0.5, 4]), good[1]]},
        {"inputs": [dict(x, shape=[10**30]), good[1]]}, {"inputs": [dict(x, shape="1"), good[1]]},
        {"inputs": [dict(x, shape=[0] * 100), good[1]]}, {"inputs": [dict(x, datatype="FP31"), good[1]]},
        {"inputs": [dict(x, datatype="INT64"), good[1]]}, {"inputs": [dict(x, data=["1", "2", "3", "4"]), good[1]]},
        {"inputs": [dict(x, data=[1, 2, 3]), good[1]]}, {"inputs": [dict(x, data=[1, 2, 3, 4, 5]), good[1]]},
        {"inputs": [dict(x, data=[1, 2, 3, {}]), good[1]]}, {"inputs": [dict(x, data=[1, 2, 3, None]), good[1]]},
        {"inputs": [dict(x, data=4), good[1]]}, {"inputs": good, "outputs": [{"name": "other"}]},
        {"inputs": good, "outputs": 3}, {"inputs": [dict(x, parameters={"binary_data_size": 16}), good[1]]},
        {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 4], "parameters": {"binary_data_size": 2**62}}, good[1]]},
        {"inputs": [dict(x, parameters={"shared_memory_region": "a"}), good[1]]},
        {"inputs": good, "id": 3}, {"inputs": good, "parameters": {"sequence_id": 3}}]
    for case in cases:
        error = server.json(path, case, 400)["error"]
        assert isinstance(error, str) and error, case
    big = json.dumps(sum_request(1)).replace("[1, 1, 1, 1]", "[1, 1, 1, 1e999]").encode()
    assert "large" in server.json(path, big, 400)["error"]
    text = json.dumps(sum_request(1)).encode()
    for length in (-1, len(text) + 1, 10**30, "x", 5):
        status, _, body = server.ask("POST", path, text, {"Inference-Header-Content-Length": str(length)})
        assert status == 400 and json.loads(body)["error"], (length, status, body)
    assert server.ask("GET", "/nothing")[0] == 404 and server.ask("GET", "/v2/models/sum/versions/7")[0] == 404
    assert server.ask("POST", "/v2/models/%FF/infer", "{}")[0] in (400, 404)
    assert server.json(path, sum_request(1, 1))["outputs"][0]["data"] == [2, 2, 2, 2]


def test_numbers_that_json_lacks(server):
    client = triton.InferenceServerClient(f"127.0.0.1:{server.port}")
    x = np.array([[np.inf, -np.inf, np.nan, 1]], np.float32)
    inputs = [triton.InferInput(name, [1, 4], "FP32") for name in "xy"]
    for given in inputs:
        given.set_data_from_numpy(x)
    got = client.infer("sum", inputs).as_numpy("z")
    assert np.array_equal(got, x + x, equal_nan=True), got
    with expected_failure("binary"):
        client.infer("sum", inputs, outputs=[triton.InferRequestedOutput("z", binary_data=False)])
    # Strings that are no UTF-8 come as bytes only.
    request = {"inputs": [
        {"name": f"in_{ONNX.get(name, name)}", "datatype": name, "shape": [1, 3], "data": [1, 1, 1]}
        for name in [*NUMPY, "BF16"]]}
    strings = (struct.pack("<I", 1) + b"\xff") * 3
    request["inputs"].append(
        {"name": "in_STRING", "datatype": "BYTES", "shape": [1, 3], "parameters": {"binary_data_size": len(strings)}})
    for is_binary, expected in ((False, 422), (True, 200)):
        text = json.dumps(request | {"parameters": {"binary_data_output": is_binary}}).encode()
        status, _, body = server.ask(
            "POST", "/v2/models/types/infer", text + strings, {"Inference-Header-Content-Length": str(len(text))})
        assert status == expected and (strings in body or b"UTF-8" in body), (status, body)


def test_batches_have_the_answers_of_single_requests(server):
    before = server.metric("zoo_batch_rows_sum"), server.metric("zoo_batch_rows_count")

    def ask(number):
        return server.json("/v2/models/sum/infer", sum_request(number, 0.5))["outputs"][0]["data"] == [number + 0.5] * 4

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(400)))
        # A reduction over rows must not see those of others.
        request = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [2, 4], "data": [1, 2, 3, 4, 5, 6, 7, 8]}]}
        answers = list(pool.map(lambda _: server.json("/v2/models/total/infer", request)["outputs"][0], range(50)))
    assert all(answer["data"] == [6, 8, 10, 12] and answer["shape"] == [4] for answer in answers)
    rows, batches = (server.metric(name) for name in ("zoo_batch_rows_sum", "zoo_batch_rows_count"))
    print(f"  {rows - before[0]:.0f} rows in {batches - before[1]:.0f} batches")


def test_request_ids_and_log(server):
    _, headers, _ = server.ask("GET", "/v2", headers={"X-Request-Id": "from-a-client"})
    assert headers["X-Request-Id"] == "from-a-client"
    _, headers, _ = server.ask("GET", "/v2", headers={"X-Request-Id": "not {plain}\""})
    assert re.fullmatch("[0-9A-F-]{36}", headers["X-Request-Id"]), headers
    lines = [json.loads(line) for line in pathlib.Path(server.log.name).read_text().splitlines()]
    assert any(line.get("request") == "from-a-client" and line["status"] == "200" for line in lines)


# The same protocol over gRPC.

@contextlib.contextmanager
def expected_status(status, text=""):
    try:
        yield
    except InferenceServerException as error:
        assert error.status() == f"StatusCode.{status}" and text in error.message(), error
    else:
        raise AssertionError(f"no failure {status}")


def test_grpc_health_and_metadata(server):
    client = grpc_client(server)
    assert client.is_server_live() and client.is_server_ready()
    assert "statistics" in client.get_server_metadata().extensions
    assert client.is_model_ready("sum") and client.is_model_ready("sum", "1")
    assert not client.is_model_ready("sum", "2") and not client.is_model_ready("nothing")
    metadata = client.get_model_metadata("sum")
    assert [(part.name, part.datatype, list(part.shape)) for part in metadata.inputs] == [
        (name, "FP32", [-1, 4]) for name in "xy"], metadata
    assert [(part.name, list(part.shape)) for part in metadata.outputs] == [("z", [-1, 4])] and metadata.versions == ["1"]
    config = client.get_model_config("types", as_json=True)["config"]
    assert {part["data_type"] for part in config["input"]} == {f"TYPE_{name}" for name in [*NUMPY, "BF16", "STRING"]}
    with expected_status("NOT_FOUND", "nothing"):
        client.get_model_metadata("nothing")
    with expected_status("NOT_FOUND", "version"):
        client.get_model_config("sum", "7")
    with expected_status("UNIMPLEMENTED"):
        client.get_log_settings()


def test_grpc_every_datatype(server):
    values = values_of_all_types()
    inputs = [grpc_tensor(f"in_{ONNX.get(name, name)}", value, name) for name, value in values.items()]
    result = grpc_client(server).infer("types", inputs, request_id="seven")
    assert result.get_response().id == "seven" and result.get_response().model_version == "1"
    check_types(result, values)


def test_grpc_typed_contents(server):
    fields = {"BOOL": "bool", "UINT8": "uint", "UINT16": "uint", "UINT32": "uint", "UINT64": "uint64", "INT8": "int",
              "INT16": "int", "INT32": "int", "INT64": "int64", "FP32": "fp32", "FP64": "fp64", "BYTES": "bytes"}
    values = {name: value for name, value in values_of_all_types().items()}

    def request(names):
        message = service_pb2.ModelInferRequest(model_name="types")
        for name in names:
            tensor = message.inputs.add(name=f"in_{ONNX.get(name, name)}", datatype=name, shape=[2, 3])
            if name in fields:
                getattr(tensor.contents, f"{fields[name]}_contents").extend(values[name].flatten().tolist())
            else:
                tensor.contents.fp32_contents.extend([0] * 6)
        return message

    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        # The model wants all of its inputs; two have no field of their own.
        for name in ("FP16", "BF16"):
            with expected_code(grpc.StatusCode.INVALID_ARGUMENT, "raw_input_contents"):
                stub.ModelInfer(request([name]))
        message = service_pb2.ModelInferRequest(model_name="sum")
        for name, numbers in (("x", [1, 2, 3, 4]), ("y", [0.5] * 4)):
            message.inputs.add(name=name, datatype="FP32", shape=[1, 4]).contents.fp32_contents.extend(numbers)
        answer = stub.ModelInfer(message)
        assert struct.unpack("<4f", answer.raw_output_contents[0]) == (1.5, 2.5, 3.5, 4.5), answer
        # What has fields is read, and only the two others are missed.
        with expected_code(grpc.StatusCode.INVALID_ARGUMENT, "FLOAT16"):
            stub.ModelInfer(request(fields))
        for change in (
                lambda m: m.inputs[0].contents.fp32_contents.append(1), lambda m: m.inputs[0].contents.Clear(),
                lambda m: m.inputs[0].contents.int64_contents.append(1) or m.inputs[0].contents.ClearField("fp32_contents"),
                lambda m: setattr(m.inputs[0], "datatype", "FP31"), lambda m: m.inputs[0].shape.append(2**62),
                lambda m: m.inputs[0].shape.append(-1), lambda m: m.inputs[0].shape.extend([1] * 100),
                lambda m: m.inputs.add().CopyFrom(m.inputs[0]), lambda m: m.inputs.pop(), lambda m: m.ClearField("inputs"),
                lambda m: m.outputs.add(name="other"), lambda m: m.raw_input_contents.append(b"x"),
                lambda m: m.raw_input_contents.extend([bytes(16)] * 2), lambda m: setattr(m, "id", "a" * 2000),
                lambda m: setattr(m.parameters["sequence_id"], "int64_param", 3),
                lambda m: setattr(m.inputs[0].parameters["shared_memory_region"], "string_param", "a"),
                lambda m: setattr(m.outputs.add(name="z").parameters["classification"], "int64_param", -1)):
            wrong = service_pb2.ModelInferRequest()
            wrong.CopyFrom(message)
            change(wrong)
            with expected_code(grpc.StatusCode.INVALID_ARGUMENT):
                stub.ModelInfer(wrong)
        message.inputs[0].datatype = "INT8"
        message.inputs[0].contents.int_contents.extend([1, 2, 3, 128])
        with expected_code(grpc.StatusCode.INVALID_ARGUMENT, "128"):
            stub.ModelInfer(message)


@contextlib.contextmanager
def expected_code(code, text=""):
    try:
        yield
    except grpc.RpcError as error:
        assert error.code() == code and text in error.details(), error
    else:
        raise AssertionError(f"no failure {code}")


def test_grpc_bytes_that_are_no_message(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        raw = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        message = service_pb2.ModelInferRequest(model_name="sum").SerializeToString()
        for body in (b"\xff", b"\x0a\xff\xff\xff\xff\x0f", b"\x2a\x7f", message[:-1], b"\x0b" * 100, b"\x08" + b"\x80" * 11,
                     os.urandom(1000)):
            with expected_code(grpc.StatusCode.INVALID_ARGUMENT):
                raw(body)
        # A million tensors in two bytes each would be a gigabyte.
        before = server.resident()
        with expected_code(grpc.StatusCode.RESOURCE_EXHAUSTED):
            raw(b"\x2a\x00" * 2_000_000)
        with expected_code(grpc.StatusCode.INVALID_ARGUMENT, "tensors"):
            raw(b"\x2a\x00" * 100_000)
        assert server.resident() - before < 200 << 20
        for path in ("/inference.GRPCInferenceService/Nothing", "/other.Service/ModelInfer"):
            with expected_code(grpc.StatusCode.UNIMPLEMENTED):
                channel.unary_unary(path)(message)
    # No HTTP/2 at all.
    with socket.create_connection(("127.0.0.1", server.grpc_port), timeout=10) as liar:
        liar.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        while liar.recv(1000):
            pass
    assert grpc_client(server).infer("sum", grpc_sum(1, 2)).as_numpy("z").tolist() == [[3] * 4]


def test_grpc_outputs_are_chosen(server):
    client = grpc_client(server)
    inputs = grpc_sum(0, 2)
    inputs[0].set_data_from_numpy(np.array([[1, 5, 2, 5]], np.float32))
    got = client.infer("sum", inputs, outputs=[triton_grpc.InferRequestedOutput("z", class_count=2)]).as_numpy("z")
    assert got.tolist() == [b"7.0:1", b"7.0:3"] or got.tolist() == [[b"7.0:1", b"7.0:3"]], got
    assert client.infer("sum", inputs, outputs=[triton_grpc.InferRequestedOutput("z")]).as_numpy("z").shape == (1, 4)


def test_grpc_stream(server):
    client, answers = grpc_client(server), queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    for number in range(100):
        client.async_stream_infer("sum", grpc_sum(number, 0.5), request_id=str(number))
    client.async_stream_infer("nothing", grpc_sum(1), request_id="wrong")
    client.async_stream_infer("sum", grpc_sum(7), request_id="last", enable_empty_final_response=True)
    for number in range(100):
        result, error = answers.get(timeout=30)
        assert error is None and result.get_response().id == str(number), (number, result, error)
        assert result.as_numpy("z").tolist() == [[number + 0.5] * 4]
    result, error = answers.get(timeout=30)
    assert "nothing" in str(error), (result, error)
    result, error = answers.get(timeout=30)
    assert result.as_numpy("z").tolist() == [[7] * 4]
    assert result.get_response().parameters["triton_final_response"].bool_param
    client.stop_stream()


def test_grpc_batches(server):
    before = server.metric("zoo_batch_rows_count")
    client = grpc_client(server)

    def ask(number):
        return client.infer("sum", grpc_sum(number, 0.25)).as_numpy("z").tolist() == [[number + 0.25] * 4]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(400)))
    print(f"  400 rows in {server.metric('zoo_batch_rows_count') - before:.0f} batches")
    assert server.metric("zoo_grpc_duration_seconds_count") >= 400


def test_grpc_repository(server):
    client = grpc_client(server)
    index = {model.name: model.state for model in client.get_model_repository_index().models}
    assert index["fixed"] == "READY" and "resnet20-cifar10" in index, index
    client.unload_model("fixed")
    assert not client.is_model_ready("fixed")
    inputs = [grpc_tensor("x", np.array([[1, 2], [3, 4]], np.float32))]
    with expected_status("INVALID_ARGUMENT", "unloaded"):
        client.infer("fixed", inputs)
    client.load_model("fixed")
    assert client.infer("fixed", inputs).as_numpy("y").tolist() == [[-1, -2], [-3, -4]]
    with expected_status("NOT_FOUND", "no model"):
        client.load_model("/etc/passwd")
    with expected_status("INVALID_ARGUMENT", "parameter"):
        client.load_model("fixed", config="{}")


def test_statistics(server):
    def numbers(stats):
        return [int(stats[name]) for name in ("inference_count", "execution_count")] + [
            int(stats["inference_stats"][name]["count"]) for name in ("success", "queue", "compute_infer")]

    http, remote = triton.InferenceServerClient(f"127.0.0.1:{server.port}"), grpc_client(server)
    before = numbers(http.get_inference_statistics("sum")["model_stats"][0])
    inputs = [grpc_tensor(name, np.ones((3, 4), np.float32)) for name in "xy"]
    for _ in range(2):
        remote.infer("sum", inputs)
    server.json("/v2/models/sum/infer", sum_request(1))
    # One that fails where it is computed: the rows of the inputs don't fit.
    server.json("/v2/models/sum/infer", {"inputs": [sum_request(1)["inputs"][0]]}, 400)
    stats = http.get_inference_statistics("sum", "1")["model_stats"][0]
    assert [now - then for now, then in zip(numbers(stats), before)] == [7, 3, 3, 4, 3], (before, stats)
    assert stats["inference_stats"]["fail"]["count"] >= 1 and stats["inference_stats"]["compute_infer"]["ns"] > 0
    assert abs(stats["last_inference"] / 1000 - time.time()) < 60
    assert {batch["batch_size"] for batch in stats["batch_stats"]} >= {1, 3}, stats
    same = remote.get_inference_statistics("sum", as_json=True)["model_stats"][0]
    assert numbers(same) == numbers(stats) and same["last_inference"] == str(stats["last_inference"]), (same, stats)
    everyone = {model["name"] for model in http.get_inference_statistics()["model_stats"]}
    assert "sum" in everyone and {m.name for m in remote.get_inference_statistics().model_stats} == everyone
    with expected_status("NOT_FOUND"):
        remote.get_inference_statistics("nothing")


# OpenAI's API.

def openai_client(server, **options):
    return openai.OpenAI(base_url=f"http://127.0.0.1:{server.port}/v1", api_key="none", max_retries=0, **options)


def test_models_by_openai(server):
    names = [model.id for model in openai_client(server).models.list()]
    assert "sum" in names and openai_client(server).models.retrieve("sum").id == "sum"


def test_completions(server):
    client = openai_client(server)
    whole = client.completions.create(model="transformer-en-de", prompt="A dog is running.", max_tokens=50)
    choice = whole.choices[0]
    assert "Hund" in choice.text and choice.finish_reason == "stop", whole
    assert whole.usage.completion_tokens > 2 and whole.usage.total_tokens > whole.usage.completion_tokens
    chunks = list(client.completions.create(
        model="transformer-en-de", prompt="A dog is running.", max_tokens=50, stream=True,
        stream_options={"include_usage": True}))
    assert "".join(c.choices[0].text for c in chunks if c.choices) == choice.text
    assert chunks[-1].usage == whole.usage and chunks[-2].choices[0].finish_reason == "stop"
    short = client.completions.create(model="transformer-en-de", prompt="A dog is running.", max_tokens=2)
    assert short.choices[0].finish_reason == "length" and short.usage.completion_tokens == 2, short


def test_chat(server):
    client = openai_client(server)
    messages = [{"role": "user", "content": "the cat"}]
    ask = dict(model="chat", messages=messages, max_tokens=12)
    whole = client.chat.completions.create(**ask)
    assert whole.choices[0].message.role == "assistant" and whole.usage.prompt_tokens > 0, whole
    assert whole.choices[0].finish_reason in ("stop", "length")
    chunks = list(client.chat.completions.create(**ask, stream=True))
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == whole.choices[0].message.content and chunks[-1].choices[0].finish_reason, (text, whole)
    parts = [{"role": "user", "content": [{"type": "text", "text": "the "}, {"type": "text", "text": "cat"}]}]
    assert client.chat.completions.create(**ask | {"messages": parts}).choices[0].message.content == text
    drawn = [client.chat.completions.create(**ask, temperature=1.5, top_p=0.9, seed=7).choices[0].message.content
             for _ in range(2)]
    assert drawn[0] == drawn[1]
    told = client.chat.completions.create(**ask, logprobs=True, top_logprobs=3).choices[0].logprobs.content
    assert told and all(token.logprob <= 0 and len(token.top_logprobs) == 3 for token in told), told
    assert b"".join(bytes(token.bytes) for token in told).decode(errors="replace").endswith(text), (told, text)
    if len(text) > 4:
        stopped = client.chat.completions.create(**ask, stop=[text[2:4]]).choices[0]
        assert stopped.message.content == text[:text.index(text[2:4])] and stopped.finish_reason == "stop", stopped


def test_wrong_chats(server):
    client = openai_client(server)
    messages = [{"role": "user", "content": "a"}]
    for options in (
            dict(n=2), dict(temperature=-1), dict(top_p=2), dict(max_tokens=0), dict(logprobs=True, stream=True),
            dict(stop=[3]), dict(stop=["a"] * 17), dict(logit_bias={"a": 1}), dict(top_logprobs=2),
            dict(tools=[{"type": "function", "function": {"name": "f"}}]), dict(response_format={"type": "xml"}),
            dict(presence_penalty=1000), dict(messages=[]), dict(messages=[{"role": "user"}]),
            dict(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}])):
        try:
            client.chat.completions.create(**dict(model="chat", messages=messages) | options)
        except openai.BadRequestError as error:
            assert error.body["message"] and error.body["type"] == "invalid_request_error", error
        else:
            raise AssertionError(options)
    try:
        client.chat.completions.create(model="nothing", messages=messages)
    except openai.NotFoundError as error:
        assert "nothing" in error.body["message"]
    for model in ("sum", "resnet20-cifar10"):
        try:
            client.completions.create(model=model, prompt="a")
        except openai.BadRequestError:
            continue
        raise AssertionError(model)


def test_embeddings(server):
    client = openai_client(server)
    texts = ["A dog runs.", "A child sleeps.", "A dog runs."]
    floats = client.embeddings.create(model="bert", input=texts, encoding_format="float").data
    packed = client.embeddings.create(model="bert", input=texts).data
    assert [item.index for item in floats] == [0, 1, 2] and len(floats[0].embedding) > 8
    for one, other in zip(floats, packed):
        assert np.allclose(one.embedding, other.embedding, rtol=1e-6)
    assert np.allclose(floats[0].embedding, floats[2].embedding, atol=1e-5)
    raw = server.json("/v1/embeddings", {"model": "bert", "input": texts[0], "encoding_format": "base64"})
    vector = np.frombuffer(base64.b64decode(raw["data"][0]["embedding"]), np.float32)
    assert np.allclose(vector, floats[0].embedding, atol=1e-5)


def test_wrong_requests_by_openai(server):
    client = openai_client(server)
    for ask in (dict(model="sum", input="a"), dict(model="bert", input=[]), dict(model="bert", input=[[1, 2]]),
                dict(model="bert", input="a", dimensions=3)):
        try:
            client.embeddings.create(**ask)
        except openai.BadRequestError as error:
            assert error.body["message"] and error.body["type"] == "invalid_request_error", error
        else:
            raise AssertionError(ask)
    try:
        client.embeddings.create(model="nothing", input="a")
    except openai.NotFoundError as error:
        assert "nothing" in error.body["message"]


# Servers of their own.

def slow(turns):
    return {"inputs": [{"name": "turns", "datatype": "INT64", "shape": [], "data": [turns]}]}


def turns_per_second(server):
    """As many as the machine does when nobody else uses it, more or less."""
    best = 20
    for turns in (1, 50, 100, 200):
        began = time.monotonic()
        server.json("/v2/models/slow/infer", slow(turns))
        best = max(best, int(turns / (time.monotonic() - began)))
    return best


def alone_queue_deadline_and_vanished_clients():
    with Server(PROGRAM, MODELS / "slow.onnx", MODELS / "sum.onnx", "--queue", 2, "--timeout", 20) as server:
        second = turns_per_second(server)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(
                lambda _: server.ask("POST", "/v2/models/slow/infer", json.dumps(slow(second))), range(8)))
        statuses = sorted(status for status, _, _ in answers)
        assert statuses.count(200) >= 3 and statuses.count(429) >= 1 and len(set(statuses)) == 2, statuses
        assert all(headers["Retry-After"] for status, headers, _ in answers if status == 429)
        # A deadline of the client's.
        request = slow(second * 30) | {"parameters": {"timeout": 300_000}}
        began = time.monotonic()
        assert server.json("/v2/models/slow/infer", request, 504)["error"]
        assert time.monotonic() - began < 5
        # Who goes away takes the work along: the next one does not wait for it.
        gone = socket.create_connection(("127.0.0.1", server.port))
        body = json.dumps(slow(second * 30)).encode()
        gone.sendall(b"POST /v2/models/slow/infer HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        time.sleep(0.5)
        gone.close()
        began = time.monotonic()
        server.json("/v2/models/slow/infer", slow(1))
        assert time.monotonic() - began < 5, time.monotonic() - began


def grpc_slow(turns):
    return [grpc_tensor("turns", np.array(turns, np.int64), "INT64")]


def alone_grpc_queue_deadline_and_vanished_clients():
    with Server(PROGRAM, MODELS / "slow.onnx", MODELS / "sum.onnx", "--queue", 2, "--timeout", 20) as server:
        second, client = turns_per_second(server), grpc_client(server)

        def status(_):
            try:
                client.infer("slow", grpc_slow(second))
                return "OK"
            except InferenceServerException as error:
                return error.status()

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(status, range(8)))
        assert statuses.count("OK") >= 3 and set(statuses) == {"OK", "StatusCode.RESOURCE_EXHAUSTED"}, statuses
        # Deadlines of the request's, of the call's, and of the server's; each time the work ends.
        for options in (dict(timeout=300_000), dict(client_timeout=0.3)):
            began = time.monotonic()
            with expected_status("DEADLINE_EXCEEDED"):
                client.infer("slow", grpc_slow(second * 30), **options)
            client.infer("slow", grpc_slow(1))
            assert time.monotonic() - began < 5, options
        # Who goes away takes the work along, of one call and of a stream.
        call = client.async_infer("slow", grpc_slow(second * 30), callback=lambda result, error: None)
        stream = grpc_client(server)
        stream.start_stream(lambda result, error: None)
        stream.async_stream_infer("slow", grpc_slow(second * 30))
        time.sleep(0.5)
        call.cancel()
        stream.stop_stream(cancel_requests=True)
        began = time.monotonic()
        client.infer("slow", grpc_slow(1))
        assert time.monotonic() - began < 5, time.monotonic() - began


def alone_grpc_limits():
    with Server(PROGRAM, MODELS / "sum.onnx", "--max-body", "1M", "--max-bodies", "8M", "--max-connections", 50,
                "--timeout", 3, "--idle-timeout", 3) as server:
        with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
            raw = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
            with expected_code(grpc.StatusCode.RESOURCE_EXHAUSTED, "1048576"):
                raw(bytes(2 << 20))
            # A message that does not arrive ends the call; a stream may say nothing for long.
            late = iter(lambda: time.sleep(5) or b"", None)
            with expected_code(grpc.StatusCode.DEADLINE_EXCEEDED, "arrive"):
                channel.stream_unary("/inference.GRPCInferenceService/ModelInfer")(late)
            stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
            late = iter(lambda: time.sleep(5) or service_pb2.ModelInferRequest(model_name="nothing"), None)
            assert "nothing" in next(stub.ModelStreamInfer(late)).error_message
        before = server.resident()
        # Bodies that wait for their end take of all bodies' memory, and give it back.
        many = service_pb2.ModelInferRequest(model_name="sum", raw_input_contents=[bytes(900_000)]).SerializeToString()
        with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
            raw = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
            codes = {call.code() for call in [raw.future(many) for _ in range(200)]}
        assert codes <= {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED}, codes
        idle = []
        for number in range(200):
            with contextlib.suppress(OSError):
                connection = socket.create_connection(("127.0.0.1", server.grpc_port), timeout=2)
                connection.sendall((b"", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"PRI * HT")[number % 3])
                idle.append(connection)
        time.sleep(9)
        client = grpc_client(server)
        assert client.infer("sum", grpc_sum(1, 2)).as_numpy("z").tolist() == [[3] * 4]
        assert server.resident() - before < 200 << 20, (before, server.resident())
        for connection in idle:
            connection.close()


def alone_graceful_end():
    with Server(PROGRAM, MODELS / "slow.onnx") as server:
        turns = turns_per_second(server)
        answers = []

        def streamed():
            client = grpc_client(server)
            client.start_stream(lambda result, error: answers.append((200 if result else str(error),)))
            client.async_stream_infer("slow", grpc_slow(turns))
            return client

        def remote():
            assert grpc_client(server).infer("slow", grpc_slow(turns)).as_numpy("trace")
            answers.append((200,))

        # Without a name it would end, and wait for its answer.
        stream = streamed()
        threads = [threading.Thread(
            target=lambda: answers.append(server.ask("POST", "/v2/models/slow/infer", json.dumps(slow(turns)))))
            for _ in range(3)] + [threading.Thread(target=remote)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        assert not answers, answers
        assert server.end() == 0
        for thread in threads:
            thread.join()
        time.sleep(0.5)
        stream.close()
        # The stream has its answer, and then is told that the server ends.
        statuses = [answer[0] for answer in answers]
        assert statuses.count(200) == 5 and all(status == 200 or "UNAVAILABLE" in status for status in statuses), answers
        try:
            server.ask("GET", "/healthz", timeout=2)
        except OSError:
            return
        raise AssertionError("the server answers after its end")


def alone_keys_and_catalog():
    with tempfile.NamedTemporaryFile("w") as keys:
        keys.write("# of tests\nfirst-key\nsecond-key\n")
        keys.flush()
        with Server(PROGRAM, "--api-key-file", keys.name, "--memory-limit", "5M") as server:
            for path in ("/healthz", "/v2/health/live", "/v2/health/ready"):
                assert server.ask("GET", path)[0] == 200
            for header in ({}, {"Authorization": "Bearer first"}, {"Authorization": "first-key"}, {"Authorization": "Bearer "}):
                for path in ("/v2", "/v1/models", "/metrics"):
                    status, headers, body = server.ask("GET", path, headers=header)
                    assert status == 401 and headers["WWW-Authenticate"] == "Bearer", (path, status)
            key = {"Authorization": "Bearer second-key"}
            assert server.ask("GET", "/v1/models", headers=key)[0] == 200
            try:
                openai_client(server).models.list()
            except openai.AuthenticationError as error:
                assert "key" in error.body["message"]
            remote = grpc_client(server)
            assert remote.is_server_live() and remote.is_server_ready()
            for headers in (None, {"authorization": "Bearer first"}):
                with expected_status("UNAUTHENTICATED", "key"):
                    remote.get_server_metadata(headers=headers)
                with expected_status("UNAUTHENTICATED", "key"):
                    remote.infer("resnet20-cifar10", grpc_sum(1), headers=headers)
            assert remote.get_server_metadata(headers={"authorization": "Bearer first-key"}).name == "modelzoo"
            # Without models all of the zoo's are there, as many open as there is memory for.
            picture = (IMAGES / "cat.jpg").read_bytes()
            for _ in range(2):
                for model in ("resnet20-cifar10", "alexnet-cifar10"):
                    assert server.ask("POST", f"/predict/{model}", picture, key)[0] == 200
            log = pathlib.Path(server.log.name).read_text()
            assert "closed for another" in log, log[-2000:]


def alone_limits():
    with Server(PROGRAM, MODELS / "sum.onnx", "--max-body", "1M", "--max-bodies", "8M", "--max-connections", 200,
                "--timeout", 3, "--idle-timeout", 3) as server:
        assert server.ask("POST", "/v2/models/sum/infer", b"x" * (2 << 20))[0] == 413
        for text in (b"Content-Length: 100\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as liar:
                liar.sendall(b"POST /v2/models/sum/infer HTTP/1.1\r\nHost: a\r\n" + text)
                liar.shutdown(socket.SHUT_WR)
                assert liar.recv(1000).startswith(b"HTTP/1.1 400"), text
        status, _, _ = server.ask("POST", "/v2/models/sum/infer", (b"x" * 65536 for _ in range(40)))
        assert status == 413, status
        with contextlib.suppress(ConnectionError, http.client.HTTPException):
            status, _, _ = server.ask("GET", "/v2", headers={"X-Long": "a" * 100_000})
            assert status in (400, 431), status
        before = server.resident()
        # Connections that say nothing, or begin and go no further, in turns with good requests.
        idle = []
        for number in range(600):
            with contextlib.suppress(OSError):
                connection = socket.create_connection(("127.0.0.1", server.port), timeout=2)
                connection.sendall((b"", b"POST /v2/models/sum/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n{",
                                    b"GET /v2 HT")[number % 3])
                idle.append(connection)
        # Bytes of a body that nobody reads, one after the other, which does not go on for ever.
        slow = socket.create_connection(("127.0.0.1", server.port), timeout=2)
        slow.sendall(b"POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n")
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - began < 30:
                slow.sendall(b"x")
                time.sleep(0.25)
        assert time.monotonic() - began < 20, "a slow body is read for ever"
        slow.close()
        assert server.json("/v2/models/sum/infer", sum_request(1, 2))["outputs"][0]["data"] == [3] * 4
        # Numbers that take more memory than their digits, many at once.
        many = b'{"inputs":[{"name":"x","datatype":"FP32","shape":[120000,4],"data":[' + b"1," * 479_999 + b"1]}]}"
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            statuses = set(pool.map(lambda _: server.ask("POST", "/v2/models/sum/infer", many)[0], range(64)))
        assert statuses <= {400, 429}, statuses
        after = server.resident()
        assert after - before < 300 << 20, (before, after)
        for connection in idle:
            connection.close()
        print(f"  {(after - before) >> 20} MiB more")


def alone_tls():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", f"{folder}/key.pem",
             "-out", f"{folder}/cert.pem"], check=True, stderr=subprocess.DEVNULL)
        with Server(PROGRAM, MODELS / "sum.onnx", "--tls-cert", f"{folder}/cert.pem", "--tls-key", f"{folder}/key.pem") as server:
            answer = subprocess.run(
                ["curl", "--silent", "--cacert", f"{folder}/cert.pem", "-d", json.dumps(sum_request(1, 2)),
                 f"https://localhost:{server.port}/v2/models/sum/infer"], capture_output=True, timeout=30, check=True)
            assert json.loads(answer.stdout)["outputs"][0]["data"] == [3] * 4, answer
            client = triton_grpc.InferenceServerClient(
                f"localhost:{server.grpc_port}", ssl=True, root_certificates=f"{folder}/cert.pem")
            assert client.infer("sum", grpc_sum(1, 2)).as_numpy("z").tolist() == [[3] * 4]


def main():
    wanted = sys.argv[3:]
    tests = [(name, test) for name, test in globals().items()
             if name.startswith(("test_", "alone_")) and (not wanted or name in wanted)]
    failed = 0
    with Server(PROGRAM, *sorted(MODELS.glob("*.*")), *sorted(ZOO.glob("*/*.zoo")), "--max-delay", 2) as server:
        for name, test in tests:
            began = time.monotonic()
            try:
                test(*[server] * name.startswith("test_"))
            except Exception:
                failed += 1
                print(f"FAIL: {name}\n{traceback.format_exc()}", flush=True)
            else:
                print(f"PASS: {name} ({time.monotonic() - began:.1f} s)", flush=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
