# Everything a developer runs; each target makes .venv first where it is missing or out of date.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
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

.PHONY: setup demo test check format stubs wheel bench clean

setup: $(VENV)/installed

demo: setup
	$(BIN)/partwise demo

test: setup
	$(BIN)/pytest

check: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/python tools/stubs.py --check
	$(BIN)/python tools/docstrings.py
	$(BIN)/lint-imports
	$(BIN)/codespell

format: setup
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

# Types of the compiled functions, read off the compiled functions.
stubs: setup
	$(BIN)/python tools/stubs.py

# A wheel holds the compiled kernels: it installs without a compiler.
wheel: setup
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

# Against other libraries, in about ten minutes; the tables and the picture are in docs/performance/.
bench: $(VENV)/bench
	$(BIN)/python -m benchmarks.compare

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The build tools come first and stay, so that kernels are rebuilt without fetching them anew.
$(VENV)/tools: constraints.txt
	$(need_compiler)
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -c constraints.txt scikit-build-core nanobind cmake ninja
	touch $@

# src/partwise/__init__.py holds the version.
$(VENV)/installed: $(VENV)/tools pyproject.toml CMakeLists.txt src/partwise/__init__.py $(wildcard native/*)
	$(need_compiler)
	$(PIP) install -c constraints.txt --no-build-isolation -e '.[dev,all]'
	touch $@

$(VENV)/bench: $(VENV)/installed benchmarks/install.py
	$(BIN)/python benchmarks/install.py
	touch $@
