# cdp-bridge: `make` builds and serves; `make help` lists the other targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := run
.PHONY: run test lint bench storm soak judge judges rest-judge webhook-judge outline fuzz demo schemas install dist clean help

# rustup's directory is not on the PATH before the next login.
export PATH := $(PATH):$(HOME)/.cargo/bin

# Flags for `make run`, such as ARGS="--allow example.com".
ARGS ?=
TARGET = $(or $(CARGO_TARGET_DIR),target)
BINARY = $(TARGET)/release/cdp-bridge
# With LTO: what is installed, packed and measured.
PRODUCTION = $(TARGET)/production/cdp-bridge

run: ## Serve: installs a browser if there is none, builds, says how to connect (default)
	@scripts/need-rust
	@scripts/install-browser
	cargo build --release --locked
	@scripts/how-to-connect $(BINARY)
	@exec $(BINARY) serve $(ARGS)

test: ## Run every test; both Chromium builds take part
	@scripts/need-rust
	@scripts/install-browser --all
	@scripts/install-client-packages
	@# What plays its tasks fails without them, and says so.
	@scripts/install-miniwob || true
	cargo test --locked --workspace

lint: ## Check the format, the lints and the documentation
	@scripts/need-rust
	cargo fmt --all -- --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	@# Module docs link to private modules, for readers of the source.
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" cargo doc --locked --workspace --no-deps

bench: ## Measure the parts, the bridge beside raw CDP, and many tabs and connections
	@scripts/need-rust
	@scripts/install-browser
	cargo bench --profile production --locked --bench parts -- --warm-up-time 1 --measurement-time 2 --sample-size 20
	cargo bench --profile production --locked --bench end_to_end
	cargo bench --profile production --locked --bench scale

# How long each load is measured, and on which build: BUILD=chrome is new headless.
STORM_SECONDS ?= 60
BUILD ?= shell
storm: ## Measure what one client suffers from another that takes all it can (STORM_SECONDS=60, BUILD=shell)
	@scripts/need-rust
	@scripts/install-browser
	cargo bench --profile release --locked --bench storm -- --seconds $(STORM_SECONDS) --build $(BUILD)

# How long a soak, or each fuzz target, runs: DURATION=1h is a long run. SEED=1 repeats the same faults.
DURATION ?= 10m
SEED ?=
soak: ## Inject random faults for DURATION (10m) from SEED, and check the guarantees
	@scripts/need-rust
	@scripts/install-browser
	cargo bench --profile release --locked --bench soak -- --duration $(DURATION) $(if $(SEED),--seed $(SEED))

# How many seeds of each task are played on each build of Chromium.
SEEDS ?= 10
judge: ## Play the tasks of MiniWoB++ with the seeds 1 to SEEDS (10), and count the references of its pages
	@scripts/need-rust
	@scripts/install-browser --all
	@scripts/install-client-packages
	@scripts/install-miniwob
	cargo build --release --locked
	@scripts/judge $(BINARY) $(SEEDS)

# How many random sequences of actions are played on each build of Chromium; SEED is as above.
SEQUENCES ?= 1000
judges: ## Operate component libraries, editors and SEQUENCES (1000) random pages, beside Playwright
	@scripts/need-rust
	@scripts/install-browser --all
	@scripts/install-judges
	cargo build --release --locked
	@scripts/judges $(BINARY) $(SEQUENCES) $(SEED)

# How many requests of each operation schemathesis makes, and how many connections are cut.
EXAMPLES ?= 50
CUTS ?= 1000
rest-judge: ## Let schemathesis try the REST door, EXAMPLES (50) an operation, and cut CUTS (1000) connections
	@scripts/need-rust
	@scripts/install-browser
	cargo build --release --locked
	@scripts/rest-judge $(BINARY) $(EXAMPLES) $(CUTS)

webhook-judge: ## Verify a webhook of a real daemon with the library of Standard Webhooks
	@scripts/need-rust
	@scripts/install-browser
	cargo build --release --locked
	@scripts/webhook-judge $(BINARY)

outline: ## Count the tokens of a page's outline, beside what other programs show of it
	@scripts/need-rust
	@scripts/install-browser
	cargo build --release --locked
	@scripts/bench-outline $(BINARY)

fuzz: ## Run every fuzz target for DURATION (10m) each
	@scripts/need-rust
	@scripts/fuzz $(DURATION)

demo: ## Play the tour on a bridge and a site started for it
	@scripts/need-rust
	@scripts/install-browser
	@scripts/demo

schemas: ## Generate schemas/ from the types, and the types of clients/ from them
	@scripts/need-rust
	cargo run --locked -- schema schemas
	@if command -v python3 >/dev/null; then clients/python/scripts/generate.py; else echo "No Python: clients/python is as it was" >&2; fi
	@if command -v node >/dev/null; then clients/typescript/scripts/generate.mjs; else echo "No Node: clients/typescript is as it was" >&2; fi

# Where `make install` puts things, as packagers expect it.
PREFIX ?= /usr/local
DESTDIR ?=
install: ## Install the program, its man pages and its completions below PREFIX (/usr/local)
	@scripts/need-rust
	cargo build --profile production --locked
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' scripts/install $(PRODUCTION)

# The archive of a release for this machine, with its checksum.
dist: ## Build from the lock file and pack the archive of a release into target/dist
	@scripts/need-rust
	cargo build --profile production --locked
	@scripts/release-archive $(PRODUCTION) "$$(rustc -vV | sed -n 's/^host: //p')" "$(TARGET)/dist"

clean: ## Remove what was built
	cargo clean

help: ## Show this list
	@awk -F ': ## ' '/^[a-z]+: ## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
