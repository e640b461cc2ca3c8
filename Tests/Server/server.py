"""The real server in a process of its own, and requests to it."""

import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

import numpy as np
import tritonclient.grpc as triton_grpc

ROOT = pathlib.Path(__file__).parent.parent.parent
IMAGES, ZOO = ROOT / "Examples" / "Images", ROOT / "Zoo"


class Server:
    """A server, and requests to it."""

    def __init__(self, program, *arguments):
        self.log = tempfile.NamedTemporaryFile("w+", suffix=".log")
        self.process = subprocess.Popen(
            [program, *map(str, arguments), "--port", "0", "--grpc-port", "0", "--log-format", "json"], stderr=self.log,
            env=os.environ | {"ZOO_PATH": ":".join(str(path) for path in ZOO.iterdir() if path.is_dir())})
        self.port, self.grpc_port = self.listening()

    def listening(self):
        for _ in range(1200):
            text = pathlib.Path(self.log.name).read_text()
            found = [re.search(pattern, text) for pattern in (r"listening on port (\d+)", r"gRPC listens on port (\d+)")]
            if all(found):
                return [int(port[1]) for port in found]
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"the server does not listen: {text[-3000:]}")

    def ask(self, method, path, body=None, headers={}, timeout=60):
        """The status, the headers and the body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def json(self, path, body, status=200):
        got, _, text = self.ask("POST", path, body if isinstance(body, bytes) else json.dumps(body))
        assert got == status, (got, text[:300])
        return json.loads(text)

    def metric(self, name):
        text = self.ask("GET", "/metrics")[2].decode()
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))

    def resident(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) << 10

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
        if self.process.returncode != 0:
            print(pathlib.Path(self.log.name).read_text()[-3000:])
        assert self.process.returncode == 0, self.process.returncode


def sum_request(x, y=0.0):
    return {"inputs": [
        {"name": name, "datatype": "FP32", "shape": [1, 4], "data": [value] * 4} for name, value in (("x", x), ("y", y))]}


def grpc_client(server):
    return triton_grpc.InferenceServerClient(f"127.0.0.1:{server.grpc_port}")


def grpc_tensor(name, value, datatype="FP32"):
    tensor = triton_grpc.InferInput(name, list(value.shape), datatype)
    tensor.set_data_from_numpy(value)
    return tensor


def grpc_sum(x, y=0.0):
    return [grpc_tensor(name, np.full((1, 4), value, np.float32)) for name, value in (("x", x), ("y", y))]
