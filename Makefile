# Everything a developer runs; each target makes .venv first where it is missing or out of date.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What the environment is made of; test-floors, test-newest and test-pythons set others, each with its own kernels.
CONSTRAINTS := constraints.txt
EXTRAS := dev,all
TOOLS := scikit-build-core nanobind cmake ninja
KERNELS := -C cmake.define.PARTWISE_STRICT=ON $(if $(filter-out .venv,$(VENV)),-C build-dir=$(VENV)/kernels)
PYTHONS := 3.11 3.12 3.13
# Every extra that users may ask for; unidic-lite comes as source, and setuptools builds it.
EVERYTHING := EXTRAS=test,all,zh,ja,th TOOLS="$(TOOLS) setuptools wheel"
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
export CMAKE_BUILD_PARALLEL_LEVEL ?= 2

# Without CXX from outside, CMake looks for these.
ifeq ($(origin CXX),default)
CXX := $(shell command -v c++ || command -v g++ || command -v clang++)
endif

# Said here too, because pip would bury CMake's line under a traceback.
define need_compiler
@command -v "$(firstword $(CXX))" >/dev/null || { echo "partwise needs a C++17 compiler (g++ 11, clang++ 12 or newer): \
apt-get install g++ (Debian, Ubuntu), xcode-select --install (macOS) or conda install gxx (conda)." >&2; exit 1; }
endef

# The interpreter of one version, on PATH or pyenv's; empty if there is none.
find_python = $(shell python$(1) -c "import sys; print(sys.executable)" 2>/dev/null || \
  "$$(pyenv prefix $(1) 2>/dev/null)/bin/python" -c "import sys; print(sys.executable)" 2>/dev/null)

.PHONY: setup demo serve test test-floors test-newest test-pythons check format stubs wheel docs clients bench sanitize clean

setup: $(VENV)/installed

demo: setup
	$(BIN)/partwise demo

# Pages and an interface on shipped passages and simulated readers, at http://127.0.0.1:8000/.
serve: setup
	$(BIN)/partwise serve --demo --data build/portal

# Two processes, each with one thread in BLAS, so that they do not wait for each other.
test: setup
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal

# On the lowest versions that pyproject.toml allows, extras and build tools included.
test-floors: build/floors.txt
	$(MAKE) test VENV=build/floors CONSTRAINTS=$< $(EVERYTHING)

build/floors.txt: tools/floors.py pyproject.toml constraints.txt
	mkdir -p $(@D)
	$(PYTHON) $< >$@.part
	mv $@.part $@

# On the newest version of everything, under the newest Python that is here; made anew, as the newest changes.
test-newest:
	rm -rf build/newest
	$(MAKE) test VENV=build/newest CONSTRAINTS= $(EVERYTHING) \
	  PYTHON=$(lastword $(foreach version,$(PYTHONS),$(call find_python,$(version))))

# Under each Python that is here, on the versions of constraints.txt.
test-pythons: $(PYTHONS:%=test-python-%)

test-python-%:
	@if [ -z "$(call find_python,$*)" ]; then echo "Python $* is not here: skipped"; else \
	  $(MAKE) test VENV=build/python$* PYTHON=$(call find_python,$*); fi

check: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/clang-format --dry-run -Werror native/*
	$(BIN)/mypy
	$(BIN)/python tools/stubs.py --check
	$(BIN)/python tools/docstrings.py
	$(BIN)/lint-imports
	$(BIN)/codespell

format: setup
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/clang-format -i native/*

# Types of the compiled functions, read off the compiled functions.
stubs: setup
	$(BIN)/python tools/stubs.py

# A wheel holds the compiled kernels: it installs without a compiler.
wheel: setup
	rm -f dist/partwise-*.whl
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

# The site, in docs/_build/html: pages, reference, and a gallery whose examples run. Warnings are errors.
docs: setup
	$(BIN)/sphinx-build -W --keep-going -q -j 1 docs docs/_build/html

# Libraries that use scikit-learn's NMF, as they are and under patch_sklearn; in an environment of their own.
clients: wheel
	test -x build/clients/bin/python || $(PYTHON) -m venv build/clients
	build/clients/bin/python -m pip --disable-pip-version-check --quiet install \
	  -r benchmarks/clients/requirements.txt dist/partwise-*.whl
	build/clients/bin/python -m pip --disable-pip-version-check --quiet install --force-reinstall --no-deps dist/partwise-*.whl
	build/clients/bin/python -m benchmarks.clients

# Against other libraries, in about ten minutes; the tables and the picture are in docs/performance/.
bench: $(VENV)/bench
	$(BIN)/python -m benchmarks.compare

# The kernels' tests on kernels that look for faults of memory, undefined behaviour and races; most of it is compiling.
sanitize: setup
	$(BIN)/python tools/sanitize.py

clean:
	rm -rf .venv build dist docs/_build docs/examples docs/reference/generated docs/reference/backreferences .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The build tools come first and stay, so that kernels are rebuilt without fetching them anew.
$(VENV)/tools: $(CONSTRAINTS)
	$(need_compiler)
	$(PYTHON) -m venv $(VENV)
	$(PIP) install $(CONSTRAINTS:%=-c %) $(TOOLS)
	touch $@

# src/partwise/__init__.py holds the version.
$(VENV)/installed: $(VENV)/tools pyproject.toml CMakeLists.txt src/partwise/__init__.py $(wildcard native/*)
	$(need_compiler)
	$(PIP) install $(CONSTRAINTS:%=-c %) --no-build-isolation $(KERNELS) -e '.[$(EXTRAS)]'
	touch $@

$(VENV)/bench: $(VENV)/installed benchmarks/install.py
	$(BIN)/python benchmarks/install.py
	touch $@
