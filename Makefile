# Every target sets up what it needs by itself; `make help` lists them.

PYTHON ?= python3
PORT   ?= 8000
MINUTES ?= 30
BIN    := .venv/bin
NPM    := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm

# buf resolves its plugins, and protoc-gen-es its node, through the environment's programs.
BUF    := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/buf

# The commit whose contract clients have. What came since may still be reshaped; what stands in it
# may not break them. A release puts its own commit there.
BREAKING_AGAINST ?= $(shell cat protos/released)

.DEFAULT_GOAL := help
.PHONY: help demo up test soak fuzz lint audit breaking protos dashboards verify lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

demo: .venv/installed ## Grade three essays and a recording on an embedded stack and show the results
	@$(BIN)/python -m embedded.demo

up: .venv/installed ## Run the embedded stack in the foreground on PORT (8000) until Ctrl-C
	@PORT=$(PORT) exec $(BIN)/python -m embedded.up

test: .venv/installed node_modules/installed .protodeps/buf/validate/validate.proto ## Run the whole test suite, on a PostgreSQL and a RabbitMQ of its own
	@tests/install-debian-packages
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

soak: .venv/installed ## Kill and restart everything, again and again, for MINUTES (30), from FAULT_SEED on
	@tests/install-debian-packages
	$(BIN)/python -m tests.faults --minutes $(MINUTES)

fuzz: .venv/installed ## Send the server whatever strangers may send, for MINUTES (30), from SEED on
	@tests/install-debian-packages
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

lint: .venv/installed node_modules/installed .protodeps/buf/validate/validate.proto breaking ## Check style, types, layers, the contract and the deployment
	@tests/install-debian-packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python -m k8s.lint
	$(BUF) lint
	$(BUF) format --diff --exit-code protos
	PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/tsc --project generated/tsconfig.json
	PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/tsc --project tests/typescript/tsconfig.json
	$(BIN)/hadolint docker/*.Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose*.yml
	promtool check config docker/prometheus/prometheus.yml
	promtool check rules docker/prometheus/rules/*.yml
	.ci/secrets
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python .ci/audit.py

# Where the registry's advisories can't be had, `make lint` says so and goes on; this doesn't.
audit: .venv/installed node_modules/installed ## Fail when a locked package is known to be vulnerable, or can't be asked about
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python .ci/audit.py --strict

breaking: .venv/installed .protodeps/buf/validate/validate.proto
	@BUF="$(CURDIR)/$(BIN)/buf" protos/check-breaking "$(BREAKING_AGAINST)"

protos: .venv/installed node_modules/installed .protodeps/buf/validate/validate.proto ## Write the stubs in generated/ from the contract in protos/
	$(BUF) generate

dashboards: .venv/installed ## Write the JSON of the dashboards from their code in docker/grafana/source
	$(BIN)/python -m docker.grafana.source docker/grafana/dashboards

verify: .venv/installed node_modules/installed .protodeps/buf/validate/validate.proto ## Fail when generated/ or the dashboards are not what their sources give
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && \
	$(BUF) generate --output "$$fresh" 2>/dev/null && \
	for language in python ts; do \
		diff -r --exclude=__pycache__ "$$fresh/generated/$$language" "generated/$$language" \
		|| { echo 'generated/ is stale: run "make protos" and commit what it writes' >&2; exit 1; }; \
	done && \
	$(BIN)/python -m docker.grafana.source "$$fresh/dashboards" && \
	{ diff -r "$$fresh/dashboards" docker/grafana/dashboards \
		|| { echo 'docker/grafana/dashboards is stale: run "make dashboards" and commit what it writes' >&2; exit 1; }; } && \
	echo 'generated/ and docker/grafana/dashboards are fresh'

lock: .venv/installed ## Resolve the dependencies anew and write requirements.lock
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock

clean: ## Remove everything that the other targets made
	rm -rf .venv .protodeps .embedded node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis

# uv installs in seconds what takes pip a minute. Its own hash stands in the lock.
.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	@awk '/^uv==/ { uv = 1 } uv { print } uv && !/\\$$/ { exit }' requirements.lock > .venv/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement .venv/uv.lock
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock \
		|| $(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

node_modules/installed: package.json package-lock.json .npmrc .venv/installed
	$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

.protodeps/buf/validate/validate.proto: protos/validate.lock .venv/installed
	@fetched=$$(mktemp -d) && trap 'rm -rf "$$fetched"' EXIT && \
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --no-binary protovalidate \
		--require-hashes --requirement protos/validate.lock --dest "$$fetched" && \
	mkdir -p $(@D) && \
	tar --extract --gzip --to-stdout --file "$$fetched"/protovalidate-*.tar.gz \
		--wildcards '*/upstream/proto/buf/validate/validate.proto' > $@
