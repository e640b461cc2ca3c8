"""A server under clients of every kind at once: load.py ZOO_SERVE MODELS [SECONDS].

Some ask well, by HTTP and gRPC, and check each answer; some go away, some lie about what they send, some load and unload
models, some open connections and say nothing. At the end no request may be stuck, nothing may be held that nobody uses,
memory is where it was, and the server, told to end, answers what it has accepted.
"""

import collections
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import random
import socket
import statistics
import sys
import threading
import time
import traceback

import grpc
import numpy as np
import openai
from tritonclient.utils import InferenceServerException

from server import IMAGES, ZOO, Server, grpc_client, grpc_tensor, sum_request

PROGRAM, MODELS = sys.argv[1], pathlib.Path(sys.argv[2])
SECONDS = float(sys.argv[3]) if len(sys.argv) > 3 else 600
OPTIONS = ("--timeout", 30, "--idle-timeout", 10, "--max-body", "16M", "--max-bodies", "128M", "--max-connections", 600)
INFER = "/inference.GRPCInferenceService/ModelInfer"


class Load:
    def __init__(self, server):
        self.server, self.counts, self.failures = server, collections.Counter(), []
        self.end = time.monotonic() + SECONDS
        self.good = {"model": "chat", "max_tokens": 24, "seed": 5, "temperature": 1.5,
                     "messages": [{"role": "user", "content": "the cat"}]}
        self.text = self.chat().choices[0].message.content

    def connect(self, port=None):
        return socket.create_connection(("127.0.0.1", port or self.server.port), timeout=60)

    def chat(self, **options):
        client = openai.OpenAI(base_url=f"http://127.0.0.1:{self.server.port}/v1", api_key="none", max_retries=0, timeout=60)
        return client.chat.completions.create(**self.good | options)

    def go_on(self, actor, rng):
        """Has `actor` act until the time is over. What it raises is a fault of the server's."""
        while time.monotonic() < self.end and not self.failures:
            try:
                self.counts[actor.__name__] += 1
                actor(rng)
            except Exception:
                self.failures.append(f"{actor.__name__}: {traceback.format_exc()}")

    # Who asks well.

    def asks(self, rng):
        x, y, rows = rng.randrange(1000), rng.randrange(1000), rng.randint(1, 4)
        inputs = [{"name": name, "datatype": "FP32", "shape": [rows, 4], "data": [value] * 4 * rows}
                  for name, value in (("x", x), ("y", y))]
        status, _, body = self.server.ask("POST", "/v2/models/sum/infer", json.dumps({"inputs": inputs}))
        assert status == 200 and json.loads(body)["outputs"][0]["data"] == [x + y] * 4 * rows, (status, body[:300])

    def asks_by_grpc(self, rng):
        x, y, rows = rng.randrange(1000), rng.randrange(1000), rng.randint(1, 4)
        client = grpc_client(self.server)
        inputs = [grpc_tensor(name, np.full((rows, 4), value, np.float32)) for name, value in (("x", x), ("y", y))]
        for _ in range(20):
            got = client.infer("sum", inputs, client_timeout=60).as_numpy("z")
            assert (got == x + y).all() and got.shape == (rows, 4), got
        client.close()

    def streams_by_grpc(self, rng):
        client, done, answers = grpc_client(self.server), threading.Event(), []

        def answered(result, error):
            answers.append((result, error))
            if len(answers) == 30:
                done.set()

        client.start_stream(answered)
        first = rng.randrange(1000)
        for number in range(first, first + 30):
            inputs = [grpc_tensor(name, np.full((1, 4), number, np.float32)) for name in "xy"]
            client.async_stream_infer("sum", inputs, request_id=str(number))
        assert done.wait(60), len(answers)
        for number, (result, error) in zip(range(first, first + 30), answers):
            assert error is None and result.get_response().id == str(number), (error, result)
            assert (result.as_numpy("z") == 2 * number).all()
        client.stop_stream()
        client.close()

    def chats(self, rng):
        assert self.chat().choices[0].message.content == self.text
        chunks = self.chat(stream=True)
        if rng.random() < 0.5:
            next(chunks)
            return chunks.close()
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == self.text

    def shows_pictures(self, _):
        status, _, body = self.server.ask("POST", "/predict/resnet20-cifar10", (IMAGES / "cat.jpg").read_bytes())
        assert status == 200 and json.loads(body)["classes"][0]["label"] == "cat", (status, body[:300])

    # Who goes away.

    def slow(self, turns):
        return json.dumps({"inputs": [{"name": "turns", "datatype": "INT64", "shape": [], "data": [turns]}]}).encode()

    def vanishes(self, rng):
        body = self.slow(100_000)
        request = b"POST /v2/models/slow/infer HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        with self.connect() as connection:
            connection.sendall(request[:rng.choice([5, 60, len(request) - 1, len(request), len(request)])])
            time.sleep(rng.random() * 0.3)

    def vanishes_by_grpc(self, rng):
        client = grpc_client(self.server)
        call = client.async_infer(
            "slow", [grpc_tensor("turns", np.array(100_000, np.int64), "INT64")], callback=lambda result, error: None)
        time.sleep(rng.random() * 0.3)
        call.cancel()
        client.close()
        with self.connect(self.server.grpc_port) as connection:
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[:rng.randrange(25)])

    def says_nothing(self, rng):
        connections = []
        for _ in range(rng.randint(1, 40)):
            connections.append(self.connect(rng.choice([self.server.port, self.server.grpc_port])))
        time.sleep(rng.random())
        for connection in connections:
            connection.close()

    # Who lies.

    def lies(self, rng):
        text = json.dumps(sum_request(1, 2)).encode()
        body = bytearray(text)
        for _ in range(rng.randint(1, 8)):
            body[rng.randrange(len(body))] = rng.randrange(256)
        claimed = rng.choice([len(body), len(body), len(body) + 100, len(body) - 20, 10**9, -1])
        head = b"POST /v2/models/sum/infer HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n" % claimed
        if rng.random() < 0.3:
            head += b"Inference-Header-Content-Length: %d\r\n" % rng.choice([0, 5, len(body), 10**12])
        with self.connect() as connection, contextlib.suppress(ConnectionError):
            connection.sendall(head + b"\r\n" + body[:rng.choice([len(body), len(body) // 2])])
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(4096)
            status = int(answer.split()[1]) if answer else 0
            # A changed byte may be of a number, and the request good.
            assert status in (0, 200) or 400 <= status < 500 or status == 503, answer

    def lies_by_grpc(self, rng):
        with grpc.insecure_channel(f"127.0.0.1:{self.server.grpc_port}") as channel:
            call = channel.unary_unary(INFER)
            for _ in range(10):
                body = rng.choice([rng.randbytes(rng.randrange(2000)), b"\x2a\x00" * rng.randrange(5000), b"\xff" * 10])
                try:
                    call(body, timeout=60)
                except grpc.RpcError as error:
                    assert error.code() in (
                        grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.RESOURCE_EXHAUSTED), error
        with self.connect(self.server.grpc_port) as connection, contextlib.suppress(ConnectionError):
            connection.sendall(rng.choice([b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b""]) + rng.randbytes(rng.randrange(500)))
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass

    def sends_much(self, rng):
        size = rng.choice([1 << 20, 15 << 20, 20 << 20])
        with contextlib.suppress(ConnectionError, http.client.HTTPException):
            status, _, _ = self.server.ask("POST", "/v2/models/sum/infer", b"[" + b" " * size)
            assert status in (400, 413, 429), status
        with grpc.insecure_channel(f"127.0.0.1:{self.server.grpc_port}") as channel:
            try:
                channel.unary_unary(INFER)(bytes(size), timeout=60)
            except grpc.RpcError as error:
                assert error.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED), error

    # Who changes what is there.

    def loads_and_unloads(self, rng):
        model = rng.choice(["fixed", "total", "alexnet-cifar10"])
        self.server.json(f"/v2/repository/models/{model}/{rng.choice(['load', 'unload'])}", b"")
        time.sleep(rng.random() * 0.2)

    def asks_what_changes(self, _):
        request = [grpc_tensor("x", np.array([[1, 2], [3, 4]], np.float32))]
        client = grpc_client(self.server)
        try:
            assert client.infer("fixed", request, client_timeout=60).as_numpy("y").tolist() == [[-1, -2], [-3, -4]]
        except InferenceServerException as error:
            assert "unloaded" in str(error), error
        client.close()
        for path in ("/metrics", "/v2/models/stats", "/v1/models"):
            assert self.server.ask("GET", path)[0] == 200

    def actors(self):
        return [self.asks, self.asks, self.asks, self.asks_by_grpc, self.streams_by_grpc, self.chats, self.shows_pictures,
                self.vanishes, self.vanishes_by_grpc, self.says_nothing, self.lies, self.lies_by_grpc, self.sends_much,
                self.loads_and_unloads, self.asks_what_changes]

    def files(self):
        return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))

    def run(self):
        idle = self.files()
        threads = [threading.Thread(target=self.go_on, args=(actor, random.Random(number)), daemon=True)
                   for number, actor in enumerate(self.actors())]
        for thread in threads:
            thread.start()
        memory = []
        while time.monotonic() < self.end and not self.failures:
            time.sleep(min(1, SECONDS / 60))
            memory.append(self.server.resident())
        for thread in threads:
            thread.join(120)
        assert not self.failures, self.failures[0]
        assert not any(thread.is_alive() for thread in threads), "a request has no answer after two minutes"
        print("  " + ", ".join(f"{name} {count}" for name, count in self.counts.items()), flush=True)
        # From a third of the time on, when all that is made once has been made.
        begin, finish = (statistics.median(part) / 2**20 for part in (memory[len(memory) // 3:][:20], memory[-20:]))
        print(f"  {begin:.0f} MiB, at the end {finish:.0f} MiB, at most {max(memory) / 2**20:.0f} MiB")
        assert finish < 1.2 * begin + 32, "memory grows"
        self.check_nothing_is_held(idle)

    def check_nothing_is_held(self, idle):
        time.sleep(12)
        assert self.files() <= idle + 4, (idle, self.files())
        began = time.monotonic()
        self.server.json("/v2/models/slow/infer", self.slow(1))
        assert time.monotonic() - began < 5, "somebody's work goes on"
        # All of the bodies' memory can be had again.
        size = 15 << 20
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            bodies = list(pool.map(
                lambda _: self.server.ask("POST", "/predict/resnet20-cifar10", bytes(size))[0], range(3)))
        assert bodies == [400] * 3, bodies


def check_the_end(server):
    """Told to end, it answers what it has accepted."""
    request = {"inputs": [{"name": "turns", "datatype": "INT64", "shape": [], "data": [100]}]}
    statuses = []

    def ask():
        statuses.append(server.ask("POST", "/v2/models/slow/infer", json.dumps(request))[0])

    def remote():
        grpc_client(server).infer("slow", [grpc_tensor("turns", np.array(100, np.int64), "INT64")])
        statuses.append(200)

    threads = [threading.Thread(target=target) for target in [ask, remote] * 6]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    early = len(statuses)
    code = server.end()
    for thread in threads:
        thread.join(60)
    assert code == 0 and statuses == [200] * 12, (code, statuses)
    print(f"  {12 - early} of 12 requests were answered after SIGTERM")


def main():
    with Server(PROGRAM, *sorted(MODELS.glob("*.*")), *sorted(ZOO.glob("*/*.zoo")), *OPTIONS) as server:
        Load(server).run()
        check_the_end(server)
    print(f"PASS: {SECONDS:.0f} seconds of load")


main()
