"""ONNX Runtime behind Starlette and uvicorn, as one writes it in a minute: peer.py MODEL.onnx PORT.

It takes the Open Inference Protocol's binary requests, so that both servers get the same bytes, and computes each request
by itself with all processors, in a thread, so that the loop goes on.
"""
import json
import os
import sys

import numpy as np
import onnxruntime
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = len(os.sched_getaffinity(0))
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
OUTPUT = session.get_outputs()[0].name


async def infer(request):
    body = await request.body()
    length = int(request.headers["inference-header-content-length"])
    given = json.loads(body[:length])["inputs"][0]
    array = np.frombuffer(body, np.float32, offset=length).reshape(given["shape"])
    [scores] = await run_in_threadpool(session.run, [OUTPUT], {given["name"]: array})
    head = json.dumps({"model_name": "network", "outputs": [
        {"name": OUTPUT, "datatype": "FP32", "shape": scores.shape,
         "parameters": {"binary_data_size": scores.nbytes}}]}).encode()
    return Response(head + scores.tobytes(), media_type="application/octet-stream",
                    headers={"Inference-Header-Content-Length": str(len(head))})


uvicorn.run(Starlette(routes=[Route("/v2/models/network/infer", infer, methods=["POST"])]), host="127.0.0.1",
            port=int(sys.argv[2]), log_level="warning")
