# The one list of chores, in the order of a day's work. `make` prints it; CI runs exactly these.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

-include .env
MYSQL_DATABASE ?= fraudstream
MYSQL_USER ?= fraudstream
MYSQL_PASSWORD ?= fraudstream
MYSQL_PORT ?= 3306

CARGO ?= cargo
COMPOSE ?= docker compose
TESTER := fraudstream_test
DEPENDENCIES := mysql kafka-1 kafka-2 kafka-3
# Turned on in every package that has tests for real servers; the others do not mind.
REAL := --workspace --features real
# Has OpenSSL built in, and one more test target.
TLS := --workspace --features tls
# What a landing has to pass, in this order: what needs no server first.
STAGES := fmt-check lint doc deny files test images test-images sbom deps-up rules test-real test-tls e2e smoke drill chaos-short chart cluster-e2e

.PHONY: help fmt fmt-check lint doc deny files check test fuzz deps-up deps-down deps-reset test-real test-tls e2e chaos chaos-short chaos-disk mutants-chaos images test-images sbom rules chart render cluster-e2e up down smoke drill ci stages

help:
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

fmt: ## format the code
	$(CARGO) fmt --all

fmt-check: ## is the code formatted?
	$(CARGO) fmt --all --check

lint: ## clippy over everything, tests for real servers included; warnings are errors
	$(CARGO) clippy --locked $(REAL) --all-targets -- -D warnings
	$(CARGO) clippy --locked --package fraudstream --no-default-features -- -D warnings

doc: ## rustdoc; warnings are errors
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps

deny: ## licences, bans and sources of all dependencies
	@$(CARGO) deny --version >/dev/null 2>&1 || { echo "cargo-deny is missing: cargo install cargo-deny --locked" >&2; exit 1; }
	$(CARGO) deny --locked check --hide-inclusion-graph licenses bans sources

files: ## hadolint, shellcheck, what docker-compose.yml promises, docs/metrics.md, and whether planted bugs still have a place
	hadolint Dockerfile e2e/packets/Dockerfile
	shellcheck $$(git grep --files-with-matches '^#!/.*sh$$' -- scripts .ci)
	COMPOSE="$(COMPOSE)" scripts/compose-check
	scripts/metrics-page
	for patch in e2e/mutants/*.patch; do git apply --check "$$patch" || exit 1; done

check: fmt-check lint doc deny files ## all of the above that change nothing

test: ## tests that need no server
	env -u KAFKA_BOOTSTRAP_SERVERS -u DATABASE_URL $(CARGO) test --locked --workspace

fuzz: ## fuzz parser, money and headers for SECONDS each (60); KEEP=1: take what was found into fuzz/corpus
	CARGO="$(CARGO)" scripts/fuzz $(if $(KEEP),keep,$(or $(SECONDS),60))

deps-up: ## start Kafka and MySQL in Docker and wait until they are healthy
	$(COMPOSE) up --detach --wait $(DEPENDENCIES)

deps-down: ## stop them; their data stay
	$(COMPOSE) down --remove-orphans

deps-reset: ## stop them and throw their data away
	$(COMPOSE) down --remove-orphans --volumes

test-real e2e chaos chaos-short chaos-disk mutants-chaos: export KAFKA_BOOTSTRAP_SERVERS = localhost:9091,localhost:9092,localhost:9093
e2e chaos chaos-short chaos-disk: export DATABASE_URL = mysql://$(MYSQL_USER):$(MYSQL_PASSWORD)@127.0.0.1:$(MYSQL_PORT)/$(MYSQL_DATABASE)
# Some of these tests make users of their own and look into sessions: more than a service may.
test-real mutants-chaos: export DATABASE_URL = mysql://$(TESTER):$(TESTER)@127.0.0.1:$(MYSQL_PORT)/$(MYSQL_DATABASE)

test-real: deps-up ## all tests, and those that need real servers, against these
	COMPOSE="$(COMPOSE)" scripts/test-user $(TESTER) $(TESTER) $(MYSQL_DATABASE)
	CARGO="$(CARGO)" scripts/test-real $(REAL)

test-tls: ## lint and test what needs TLS and SASL, against a broker and a MySQL of its own that come and go
	CARGO="$(CARGO)" COMPOSE="$(COMPOSE)" scripts/test-tls $(TLS)

e2e: deps-up ## the whole system on these servers, with faults; E2E_PROGRAMS=images: the programs in the images
	CARGO="$(CARGO)" scripts/e2e

chaos: ## every fault that we can inflict, drawn from SEED, for MINUTES (60); what was lost and doubled (needs images)
	COMPOSE="$(COMPOSE)" CARGO="$(CARGO)" scripts/chaos $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES))

# A zombie of fraud-processor beside its heir while clocks are off, a detector killed just before the broker that keeps its
# group, connections that break after their COMMIT while the producer reaches no broker.
chaos-short: ## six faults, always the same
	COMPOSE="$(COMPOSE)" CARGO="$(CARGO)" scripts/chaos --seed 2453 --faults 6

chaos-disk: ## MySQL's disk is full
	COMPOSE="$(COMPOSE)" CARGO="$(CARGO)" scripts/chaos --full-disk

mutants-chaos: $(if $(MODEL),,deps-up) ## plant known bugs one at a time: each has to be found; MODEL=1: those that need no server
	$(if $(MODEL),,COMPOSE="$(COMPOSE)" scripts/test-user $(TESTER) $(TESTER) $(MYSQL_DATABASE))
	CARGO="$(CARGO)" scripts/mutants $(if $(MODEL),--model)

images: ## build the five images and print their sizes
	COMPOSE="$(COMPOSE)" scripts/images

test-images: ## the images as they are run: confined, over TLS, without a secret in them
	COMPOSE="$(COMPOSE)" scripts/test-images

sbom: ## a list of what each image is made of into target/sbom, held against the images
	scripts/sbom

rules: ## promtool over alert and recording rules, and what belongs to each alert
	scripts/rules

chart: ## the Helm chart and k8s/: lint, schemas, score, unit tests, golden renderings, upgrade, requests
	scripts/chart

render: ## write k8s/ and the chart's golden renderings
	scripts/render

cluster-e2e: ## the chart in the cluster of the current context, with faults under load; SHORT=1 without most of them; IMAGE_LOAD: command that hands it images
	scripts/cluster-e2e $(if $(SHORT),--short)

up: ## start everything in Docker and wait until it is healthy
	$(COMPOSE) up --detach --wait

down: deps-down ## stop everything; data stay

# Compose takes it from .env, and so do we.
smoke drill: export PROMETHEUS_PORT := $(or $(PROMETHEUS_PORT),9090)

smoke: images ## everything in Docker, and every query of every panel and rule with data
	CARGO="$(CARGO)" COMPOSE="$(COMPOSE)" scripts/smoke

drill: ## everything in Docker, each container killed once, the books asked after each
	COMPOSE="$(COMPOSE)" scripts/drill

ci: ## everything, with the seconds each stage took
	@scripts/stages $(STAGES)

stages:
	@echo $(STAGES)
