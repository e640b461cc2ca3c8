#!/usr/bin/env python3
"""The installed package modelzoo. ROOT is the repository, ANSWERS a folder with what `zoo predict --json` said."""
import copy
import gc
import json
import multiprocessing
import os
import pickle
import threading
import time
import unittest
from pathlib import Path

import numpy as np

import modelzoo

# What is spawned reads this file again, without arguments.
root, answers = Path(os.environ["ROOT"]), Path(os.environ["ANSWERS"])
CAT, SMEAR = root / "Examples/Images/cat.jpg", root / "Examples/Images/smear.jpg"
RESNET = root / "Zoo/ResNet/resnet20-cifar10.zoo"


def said(name):
    (answer,) = json.loads((answers / name).read_text())["predictions"]
    for told in ["input", "finish_reason", "prompt_token_count", "token_count"]:
        answer.pop(told, None)
    return answer


def ones(count=1):
    array = modelzoo.empty((count, 3, 32, 32))
    array[:] = np.random.default_rng(1).normal(size=array.shape)
    return array


def address(array):
    return array.__array_interface__["data"][0]


class Predictions(unittest.TestCase):
    def test_as_the_program(self):
        resnet = modelzoo.Model("resnet20-cifar10")
        self.assertEqual(resnet.predict(CAT), said("classes.json"))
        self.assertEqual(resnet.predict(str(CAT)), said("classes.json"))
        self.assertEqual(resnet.predict(CAT.read_bytes()), said("classes.json"))
        self.assertEqual(resnet.predict([CAT, CAT]), 2 * [said("classes.json")])
        self.assertEqual(modelzoo.Model("rcnn-bccd").predict(SMEAR), said("detections.json"))
        self.assertEqual(modelzoo.Model("transformer-en-de").predict("A dog is running."), said("text.json"))
        self.assertEqual(modelzoo.Model("alexnet-cifar10").labels[3], "cat")

    def test_pictures_in_memory(self):
        try:
            from PIL import Image
        except ImportError:
            self.skipTest("no Pillow")
        resnet, cat = modelzoo.Model(RESNET), Image.open(CAT)
        # Pillow's libjpeg may round a pixel otherwise.
        expected = said("classes.json")["classes"][0]
        pixels = np.asarray(cat.convert("RGB"))
        wide = np.zeros((pixels.shape[0] + 5, pixels.shape[1] + 7, 3), np.uint8)
        wide[2:-3, 3:-4] = pixels
        got = resnet.predict(pixels)
        self.assertEqual(got["classes"][0]["label"], expected["label"])
        self.assertAlmostEqual(got["classes"][0]["probability"], expected["probability"], delta=0.01)
        opaque = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
        for same in [cat, cat.convert("RGBA"), wide[2:-3, 3:-4], np.asfortranarray(pixels), opaque]:
            self.assertEqual(resnet.predict(same), got)
        gray = cat.convert("L")
        self.assertEqual(resnet.predict(gray), resnet.predict(np.asarray(gray)))
        self.assertEqual(resnet.predict(gray), resnet.predict(gray.convert("RGB")))
        for wrong in [pixels.astype(np.float32), pixels[:0], pixels[:, :, :2], 7]:
            with self.assertRaises(modelzoo.BadInputError):
                resnet.predict(wrong)

    def test_stream(self):
        model = modelzoo.Model("transformer-en-de")
        whole = model.predict("A dog is running.", beams=1)["text"]
        pieces = list(model.stream("A dog is running.", beams=1))
        self.assertGreater(len(pieces), 2)
        self.assertEqual("".join(pieces), whole)
        threads = threading.active_count()
        first = model.stream("Two dogs are running through the snow.", beams=1)
        self.assertTrue(next(first))
        first.close()
        self.assertEqual(threading.active_count(), threads)
        with self.assertRaises(modelzoo.DeadlineError):
            list(model.stream("Two dogs are running through the snow.", timeout=1e-6))
        call = modelzoo.Call()
        call.cancel()
        with self.assertRaises(modelzoo.CancelledError):
            model.predict("A dog.", call=call)


class Tensors(unittest.TestCase):
    def test_beside_onnx_runtime(self):
        try:
            import onnxruntime
        except ImportError:
            self.skipTest("no onnxruntime")
        path, feeds = str(answers / "resnet20.onnx"), {"input": ones(2)}
        theirs = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        ours = modelzoo.InferenceSession(path, providers=["CPUExecutionProvider"])
        (expected,) = theirs.run(None, feeds)
        for names in [None, [], ["logits"]]:
            (got,) = ours.run(names, feeds)
            np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)
        for our_values, their_values in [(ours.get_inputs(), theirs.get_inputs()), (ours.get_outputs(), theirs.get_outputs())]:
            for our, their in zip(our_values, their_values):
                self.assertEqual((our.name, our.type, our.shape), (their.name, their.type, their.shape))

    def test_inputs(self):
        model = modelzoo.Model("resnet20-cifar10")
        self.assertEqual(model.inputs, (("input", "float32", ("N", 3, 32, 32)),))
        self.assertEqual(model.outputs, (("logits", "float32", ("N", 10)),))
        array = ones()
        expected = model.run({"input": array})["logits"]
        read_only = array.copy()
        read_only.flags.writeable = False
        turned = np.asfortranarray(array)
        for same in [read_only, turned, array.tolist(), array.astype(">f4")]:
            np.testing.assert_array_equal(model.run({"input": same})["logits"], expected)
        np.testing.assert_array_equal(model.predict({"input": array})["logits"], expected)
        self.assertEqual(model.run({"input": ones(0)})["logits"].shape, (0, 10))
        with self.assertRaises(modelzoo.BadInputError):
            model.run({"input": np.zeros((1, 3, 32, 32))})
        with self.assertRaises(modelzoo.BadInputError):
            model.run({"input": np.array(["a"])})
        with self.assertRaises(modelzoo.BadInputError):
            model.run({})
        with self.assertRaises(modelzoo.BadShapeError):
            model.run({"input": np.zeros((1, 3, 31, 32), np.float32)})
        with self.assertRaises(modelzoo.UsageError):
            model.run({"input": array}, ["none"])

    def test_nothing_is_copied(self):
        # A network that gives what it takes gives it from where it takes it.
        model = modelzoo.Model(answers / "same.onnx")
        for shape in [(1,), (1000,), (16384 - 16,), (1 << 20,)]:
            array = modelzoo.empty(shape)
            array[:] = np.arange(len(array))
            got = model.run({"x": array})["y"]
            np.testing.assert_array_equal(got, 2 * array)
            # The library reads where NumPy has it: memory grows by the output alone.
        array = modelzoo.empty(64 << 20)
        array[:] = 1
        before = peak()
        output = model.run_tensors({"x": array})["y"]
        self.assertLess(peak() - before, 1.2 * array.nbytes, "an input was copied")
        inside = output._managed.contents.tensor.data
        view = output.numpy()
        self.assertEqual(address(view), inside)
        # The output is as it has to be to be an input.
        self.assertEqual(inside % 64, 0)
        del output
        gc.collect()
        self.assertEqual(view[-1], 2)

    def test_dlpack(self):
        model, array = modelzoo.Model("resnet20-cifar10"), ones()
        expected = model.run({"input": array})["logits"]

        class Foreign:
            """What another library would have."""

            def __dlpack__(self, **options):
                return array.__dlpack__()

            def __dlpack_device__(self):
                return array.__dlpack_device__()

        np.testing.assert_array_equal(model.run({"input": Foreign()})["logits"], expected)
        tensor = model.run_tensors({"input": array})["logits"]
        inside = tensor._managed.contents.tensor.data
        self.assertEqual((tensor.shape, tensor.dtype), ((1, 10), "float32"))
        taken = np.from_dlpack(tensor)
        self.assertEqual(address(taken), inside)
        del tensor
        gc.collect()
        np.testing.assert_array_equal(taken, expected)
        unused = model.run_tensors({"input": array})["logits"].__dlpack__()
        del unused
        tensor = model.run_tensors({"input": array})["logits"]
        view = tensor.numpy()
        np.testing.assert_array_equal(model.run_tensors({"input": array})["logits"].numpy(), view)
        with self.assertRaises(BufferError):
            tensor.__dlpack__()

    def test_outputs_are_freed(self):
        model, array = modelzoo.Model(answers / "same.onnx"), modelzoo.empty(4 << 20)
        array[:] = 1
        for take in [lambda: model.run({"x": array}), lambda: model.run_tensors({"x": array}),
                     lambda: np.from_dlpack(model.run_tensors({"x": array})["y"]),
                     lambda: model.run_tensors({"x": array})["y"].__dlpack__()]:
            take()
            before = resident()
            for _ in range(20):
                take()
            self.assertLess(resident() - before, 5 * array.nbytes, "outputs stay in memory")


class Lives(unittest.TestCase):
    def test_libraries_are_its_own(self):
        package = Path(modelzoo.__file__).parent
        modelzoo.Model(RESNET)
        with open("/proc/self/maps") as lines:
            files = {Path(line.split()[5]) for line in lines if ".so" in line}
        for name in ["libswiftCore", "libFoundationEssentials", "libdispatch", "libwebp", "libtiff", "libjbig", "libonig"]:
            (file,) = [file for file in files if file.name.startswith(name) and "pillow" not in str(file)]
            self.assertEqual(file.parent, package.parent / "modelzoo.libs")
        (file,) = [file for file in files if file.name.startswith("libmodelzoo")]
        self.assertEqual(file.parent, package / "lib")

    def test_errors(self):
        with self.assertRaisesRegex(modelzoo.NotFoundError, "none.zoo"):
            modelzoo.Model("/none.zoo")
        with self.assertRaises(FileNotFoundError):
            modelzoo.Model("none")
        with self.assertRaises(modelzoo.BadDataError):
            modelzoo.Model(b"no model")
        with self.assertRaises(modelzoo.UsageError):
            modelzoo.Model(RESNET, precision="float1")
        with self.assertRaises(modelzoo.UsageError):
            modelzoo.Model("a\0b")
        with self.assertRaises(modelzoo.OutOfMemoryError):
            modelzoo.Model(RESNET, memory_limit=1000).run({"input": ones(64)})
        with modelzoo.Model(RESNET) as model:
            self.assertEqual(model.predict(CAT)["classes"][0]["label"], "cat")
            with self.assertRaises(modelzoo.BadDataError):
                model.predict(b"no picture")
            with self.assertRaises(modelzoo.NotFoundError):
                model.predict("/none.jpg")
            with self.assertRaises(modelzoo.UsageError):
                model.predict(f"{CAT}\0.jpg")
            with self.assertRaises(TimeoutError):
                model.run({"input": ones(4096)}, timeout=1e-4)
            with self.assertRaises(modelzoo.UsageError):
                model.predict(CAT, beams=1)
        with self.assertRaisesRegex(modelzoo.UsageError, "closed"):
            model.predict(CAT)
        with self.assertRaises(modelzoo.BadInputError):
            modelzoo.Model("transformer-en-de").predict(b"A dog.")
        error = pickle.loads(pickle.dumps(modelzoo.NotFoundError("it is gone")))
        self.assertEqual((type(error), str(error)), (modelzoo.NotFoundError, "it is gone"))

    def test_options(self):
        rounded = modelzoo.Model(RESNET, precision="bfloat16", threads=1, score_threshold=0.5).run({"input": ones()})["logits"]
        exact = modelzoo.Model(RESNET, precision="exact").run({"input": ones()})["logits"]
        self.assertFalse(np.array_equal(rounded, exact))
        np.testing.assert_allclose(rounded, exact, atol=0.2)
        modelzoo.Model(RESNET).warm_up()

    def test_pickle(self):
        model = modelzoo.Model(RESNET, threads=1)
        expected = model.predict(CAT)
        for again in [pickle.loads(pickle.dumps(model)), copy.deepcopy(model)]:
            self.assertEqual((again.predict(CAT), again._options["threads"]), (expected, 1))
        here = os.getcwd()
        os.chdir(RESNET.parent)
        pickled = pickle.dumps(modelzoo.Model(RESNET.name))
        os.chdir(here)
        self.assertLess(len(pickled), 1000)
        self.assertEqual(pickle.loads(pickled).predict(CAT), expected)
        self.assertEqual(pickle.loads(pickle.dumps(modelzoo.Model(RESNET.read_bytes()))).predict(CAT), expected)

    def test_fork_and_spawn(self):
        model = modelzoo.Model(RESNET)
        expected = model.predict(CAT)
        for method in ["fork", "spawn"]:
            with multiprocessing.get_context(method).Pool(2) as pool:
                self.assertEqual(pool.map(model.predict, [str(CAT)] * 4), [expected] * 4)
        self.assertEqual(model.predict(CAT), expected)

    def test_shared(self):
        self.assertIs(modelzoo.shared("resnet20-cifar10", threads=1), modelzoo.shared("resnet20-cifar10", threads=1))
        self.assertIsNot(modelzoo.shared("resnet20-cifar10", threads=1), modelzoo.shared("resnet20-cifar10"))

    def test_threads(self):
        model, failures = modelzoo.Model(RESNET, threads=1), []
        expected = model.predict(CAT)

        def work():
            for _ in range(10):
                with modelzoo.Model(RESNET, threads=1) as own:
                    if own.predict(CAT) != expected or model.predict(CAT) != expected:
                        failures.append(1)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_closed_while_it_runs(self):
        model, got = modelzoo.Model(RESNET), []
        array = ones(2048)
        thread = threading.Thread(target=lambda: got.append(model.run({"input": array})["logits"]))
        thread.start()
        time.sleep(0.05)
        model.close()
        thread.join()
        self.assertEqual(got[0].shape, (2048, 10))

    def test_python_runs_meanwhile(self):
        # While a call computes for a while, another thread of Python counts; with the interpreter's lock held it could not.
        model, array = modelzoo.Model(RESNET, threads=1), ones(2048)
        model.run({"input": array})
        counted, done = [], threading.Event()

        def count():
            while not done.is_set():
                counted.append(time.monotonic())
                time.sleep(0.001)

        thread = threading.Thread(target=count)
        thread.start()
        start = time.monotonic()
        model.run({"input": array})
        end = time.monotonic()
        done.set()
        thread.join()
        within = [moment for moment in counted if start < moment < end]
        self.assertGreater(len(within), (end - start) / 0.02, f"{len(within)} turns in {end - start} s")


def peak():
    return status("VmHWM")


def resident():
    return status("VmRSS")


def status(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))


if __name__ == "__main__":
    unittest.main(verbosity=1)
