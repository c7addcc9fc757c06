# `make demo` turns a prompt into a picture; `make test` proves that everything works. Both install what they need.

PYTHON ?= python3
PROMPT ?= a large red circle at the top left on a gray background

BIN := .venv/bin
PACKAGES := .venv/installed
DEV_PACKAGES := .venv/installed-dev
PIP := $(BIN)/pip --quiet --quiet --disable-pip-version-check

.PHONY: help demo serve editor test check browser bench clean

help:
	@echo "make demo    a picture from a prompt (PROMPT='a small blue star')"
	@echo "make serve   the server, for a browser and for ComfyUI's clients (FLAGS='--port 8188')"
	@echo "make editor  the browser's editor, if its sources have changed; demo and serve do it too"
	@echo "make test    every check: format, lint, types, import contracts, tests"
	@echo "make check   the same without the tests"
	@echo "make bench   speed, as tables; kept in benchmarks/results/"
	@echo "make clean   remove the environment, the built editor, the caches and the demo picture"

demo: $(PACKAGES) editor
	@$(BIN)/python main.py run workflows/text_to_image.json --set prompt.text="$(PROMPT)" --output output/demo
	@echo "The picture is in $(CURDIR)/output/demo"

serve: $(PACKAGES) editor
	@$(BIN)/python main.py serve $(FLAGS)

# Graphs run without an editor, and the server says how to build it: that it cannot be built now ends nothing.
editor: $(PACKAGES)
	@$(BIN)/python main.py build-editor || echo "Going on without the editor."

test: check browser
	@echo "tests"
	@$(BIN)/pytest --quiet

check: $(DEV_PACKAGES)
	@echo "format"
	@$(BIN)/ruff format --check --quiet
	@echo "lint"
	@$(BIN)/ruff check --quiet
	@echo "types"
	@$(BIN)/mypy --no-error-summary
	@echo "import contracts"
	@said=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$said"; exit 1; }
	@echo "editor: format, lint, types, tests"
	@mkdir -p .weft && $(BIN)/python main.py nodes --json >.weft/specs.json
	@WEFT_SPECS=$(CURDIR)/.weft/specs.json $(BIN)/python main.py build-editor --script format:check --script lint --script typecheck --script test

# The journeys through the editor need a Chromium; on Debian and Ubuntu, root can have it installed.
browser:
	@for name in "$${CHROMIUM:-chromium}" chromium-browser google-chrome; do command -v "$$name" >/dev/null && exit; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing chromium"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	else \
	  echo "The tests need a browser: install chromium, or name one in the variable CHROMIUM." >&2; exit 1; \
	fi

bench: $(DEV_PACKAGES)
	@$(BIN)/python -m benchmarks

clean:
	@rm -rf .venv web/node_modules web/dist web/dist-unfinished output/demo .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

# The stamp files say what is installed; a changed list of requirements installs again.
$(DEV_PACKAGES): requirements-dev.txt $(PACKAGES)
	@echo "installing what the checks need"
	@$(PIP) install -r requirements-dev.txt
	@touch $@

$(PACKAGES): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Weft needs Python 3.11 or newer: make PYTHON=python3.11")'
	@echo "installing into .venv (once, a few minutes)"
	@$(PYTHON) -m venv .venv
	@$(PIP) install -r requirements.txt
	@touch $@
