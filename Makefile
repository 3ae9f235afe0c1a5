# `make` lists the targets.
.DEFAULT_GOAL := help
.PHONY: help run test fmt lint check documents tests deploy bench chaos prove sim

# A compiler bug of incremental builds is not worth the seconds that they save.
export CARGO_INCREMENTAL := 0

# nextest runs tests side by side, and cargo's own runner where there is none.
RUNNER := $(shell cargo nextest --version >/dev/null 2>&1 && echo "nextest run --no-fail-fast" || echo "test --no-fail-fast")
WITH_SERVERS := cargo run --quiet --package servers --example with-servers --

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Builds Kontor and starts everything on this machine, with a demo: orders move
	cargo run --package kontor -- up --demo

test: fmt lint documents deploy sim tests ## All that CI runs: format, lints, generated documents, all tests

fmt: ## Checks the format
	cargo fmt --all --check

lint: ## Checks the lints; a warning is an error
	cargo clippy --workspace --all-targets --quiet -- --deny warnings

documents: ## Checks that the generated documents are what is generated (write them: cargo run -p kontor -- documents)
	cargo run --quiet --package kontor -- documents --check

deploy: ## Checks the Compose file and the Kubernetes manifests, with their own tools
	deploy/check

# Seed 71 once showed a fault, and those that did among the first 50 (tests/PROOFS.md); with people who do other
# things a seed is another story.
sim: ## Plays stories with every fault in the simulated house, known ones and fresh ones, and finds planted faults
	cargo run --quiet --package kontor -- sim --seed 1 --seeds 50 --reach-all
	cargo run --quiet --package kontor -- sim --seed 71 --seeds 1
	cargo run --quiet --package kontor -- sim --seed $$(date +%s) --seconds 30
	cargo run --quiet --package kontor -- sim --planted all --seeds 60

tests: ## Runs all tests, beside servers of their own
	cargo build --quiet --package kontor --package checker
	$(WITH_SERVERS) cargo $(RUNNER) --workspace
	@command -v node >/dev/null && command -v npm >/dev/null || echo "SKIPPED: the clients in JavaScript and the judges of the documents; install node and npm, 18.3 or newer, to test them and the documents"

bench: ## Measures orders placed to pick requested (release build; a few minutes)
	cargo run --release --package kontor -- bench

PROVES := cargo run --quiet --profile proof --package kontor --

prove: ## All proofs at length: simulation, planted faults, power cuts (as root), chaos; some hours
	cargo build --quiet --profile proof --package kontor --package checker
	$(PROVES) sim --seed 1 --seeds 10000 --reach-all
	$(PROVES) sim --planted all --seeds 40
	$(PROVES) powercut nats --times 100
	$(PROVES) powercut postgres --times 100
	$(PROVES) chaos --runs 10 --orders 100000 --faults 1000 --seconds 400

chaos: ## Tries whether anything is lost under faults: 10,000 orders, 60 faults (minutes)
	cargo build --quiet --profile proof --package kontor --package checker
	$(PROVES) chaos --gate
