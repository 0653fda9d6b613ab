# Two commands: `make lab` to learn, `make test` to know that all of it is true. `make help` names the others.
#   make lab ARGS="--no-browser --port 8890"     options for JupyterLab
#   make lab PIP_OPTIONS="--extra-index-url https://download.pytorch.org/whl/cpu"     options for pip and uv (here: torch for CPU)
#   make lab PYTHON=python3.12                   a Python of your choice, 3.11 or newer
#   make lab LANG=zh                             the course in Chinese (locale/zh.toml); also present, notebooks, check
#   make lab EXTRA=serve                         with what chapter 7 needs to serve a model (stays installed)

ARGS ?=
EXTRA ?=
PIP_OPTIONS ?=
CANDIDATES := $(if $(PYTHON),"$(PYTHON)",python3 python python3.14 python3.13 python3.12 python3.11)
TO := $(if $(findstring command line,$(origin LANG)),$(LANG:en=))
override LANG := $(if $(TO),C.UTF-8,$(LANG))
export COURSE_LANGUAGE := $(or $(TO),en)
unexport PYTHONHOME  # with it, no Python but one finds its own modules
RUN := .venv/bin/python
ifeq ($(OS),Windows_NT)
RUN := .venv/Scripts/python.exe
endif

# Finds a Python that is new enough and lets it make or repair .venv; $(1): options, such as --extra test
define environment
@found=; \
for python in $(CANDIDATES); do \
  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found="$$python"; break; fi; \
done; \
if [ -z "$$found" ]; then \
  echo "The course needs Python 3.11 or newer. Looked at:" >&2; \
  for python in $(CANDIDATES); do \
    if version=$$("$$python" --version 2>&1); then echo "  $$python: $$version" >&2; else echo "  $$python: not there" >&2; fi; \
  done; \
  echo "Install a newer one (https://www.python.org/downloads/), or name it: make lab PYTHON=/path/to/python3" >&2; \
  exit 1; \
fi; \
"$$found" -I course_tools/classroom/environment.py $(1) -- $(PIP_OPTIONS)
endef

.PHONY: help lab author present doctor test test-gpu notebooks views check results site lint format lock environment clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1 # \2/p' Makefile | awk -F' # ' '{printf "%-16s %s\n", $$1, $$2}'

lab: environment  ## open the course in JupyterLab; sets up everything first, if need be
	@$(RUN) course.py lab $(ARGS)

author: environment  ## open notebooks/ itself, for authors
	@$(RUN) course.py author $(ARGS)

present: environment  ## chapters for a projector, by keyboard (ARGS="03 05")
	@$(RUN) course.py present $(ARGS)

doctor: environment  ## check this environment and say what to do
	@$(RUN) course.py doctor $(ARGS)

test:  ## everything: lint and types, unit, drift, exercises, nbval, browser; sets up what it needs (ARGS=quick: what sees a changed sentence)
	$(call environment,--extra test --extra serve)
	@$(RUN) tests/run.py $(ARGS)

test-gpu:  ## run the same notebooks on the GPU
	$(call environment,--extra test --extra serve)
	@COURSE_DEVICE=cuda $(RUN) tests/run.py gpu whole $(ARGS)

notebooks:  ## build notebooks/*.ipynb from notebooks/source/*.py (ARGS=01 for one, ARGS="--text 01": only its Markdown)
	$(call environment,--extra test --extra serve)
	@$(RUN) course.py $(if $(TO),translate --to $(TO),notebooks) $(ARGS)

check:  ## drift, anatomy and numbers of the notebooks, without running them (ARGS=05 for one)
	$(call environment,--extra test --extra serve)
	@$(RUN) course.py $(if $(TO),translate --to $(TO) --check,notebooks --check --lint) $(ARGS)
	@$(if $(TO),,$(RUN) course.py present --screens)

results:  ## make again what is shown as recorded: data/results/
	$(call environment,--extra test --extra serve)
	@$(RUN) course.py results $(ARGS)

site:  ## build the website of the course: build/site
	$(call environment,--extra publish)
	@$(RUN) course.py site $(ARGS)

views:  ## build the program of all views, from chapters/views.js (ARGS=--check: types, tests, what is built)
	$(call environment,--extra test --extra serve)
	@$(RUN) course.py views $(ARGS)

lint:  ## what make test looks at without running the course: layout, names, types
	$(call environment,--extra test --extra serve)
	@$(RUN) tests/run.py lint

format:  ## let ruff lay out the code
	$(call environment,--extra test --extra serve)
	@$(RUN) -m ruff check --fix . && $(RUN) -m ruff format . && $(dir $(RUN))oxfmt course_kit course_tools chapters tests/helpers/in_node.mjs tests/unit

lock:  ## write requirements.lock from what is installed in .venv
	$(call environment,--extra test --extra serve)
	@$(RUN) -m pip freeze --exclude-editable >requirements.new
	@{ grep '^#' requirements.lock; sed 's/+.*//' requirements.new; } >requirements.both
	@mv requirements.both requirements.lock && rm requirements.new

environment:  ## only make or repair .venv
	$(call environment,$(if $(EXTRA),--extra $(EXTRA)) $(if $(TO),--extra $(TO)))

clean:  ## remove what can be made again (.venv and caches); workbook/ stays
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
