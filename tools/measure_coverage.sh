#!/usr/bin/env bash
# Which lines of the package and of the kernels the tests run: two summaries, and the lines that they leave out.
#   tools/measure_coverage.sh [folder for the results, by default build/coverage]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=build/coverage
out=${1:-$build}

# Python: all tests, slow ones as well, on the kernels that are installed.
python -m pytest -q -m "slow or not slow" --cov=rgrbm --cov-report="json:$out/python.json" --cov-report=

# C++: its own tests, and those of the bindings and of what calls them, on kernels that count.
cmake --preset coverage -DRGRBM_ISA_LEVELS=v3 -DPython_EXECUTABLE="$(command -v python)" \
  -Dpybind11_DIR="$(python -m pybind11 --cmakedir)"
cmake --build --preset coverage
find "$build" -name "*.gcda" -delete
ctest --preset coverage
package=$(mktemp -d)
trap 'rm -rf "$package"' EXIT
cp -r python/rgrbm "$package"
cp "$build"/*.so "$package/rgrbm/_core/"
export RGRBM_COVERED="$package"
# In one process: counts are written when it ends, and kernels that count take several times as long.
python -m pytest -q -n 0 -p tools.covered_kernels tests/core tests/spins tests/rbm tests/likelihood tests/mcrg \
  tests/mechanics --deselect tests/core/test_stubs.py
gcovr --root . --merge-lines --filter cpp/src --filter cpp/include --filter cpp/bindings --exclude-throw-branches \
  --gcov-ignore-parse-errors=all --json-summary "$out/cpp.json" --txt "$out/cpp.txt" "$build"
tail -5 "$out/cpp.txt"
