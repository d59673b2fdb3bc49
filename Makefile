GOOS ?= $(shell go env GOOS)
GOARCH ?= $(shell go env GOARCH)

# The output of --version, such as "v1.2.3 (abc1234)". The Dockerfile has no git history and passes both values.
VERSION ?= $(or $(shell git describe --tags --dirty 2>/dev/null),dev)
COMMIT ?= $(shell git rev-parse --short HEAD 2>/dev/null)
FULL_VERSION = $(VERSION)$(if $(COMMIT), ($(COMMIT)))

# BATON_LAMBDA_SUPPORT=1 adds the SDK's lambda command.
TAGS = $(if $(BATON_LAMBDA_SUPPORT),-tags baton_lambda_support)
CONNECTOR = dist/$(GOOS)_$(GOARCH)/baton-openai$(if $(filter windows,$(GOOS)),.exe)

GOLANGCI_LINT_VERSION = v2.11.4
GOLANGCI_LINT = dist/tools/golangci-lint-$(GOLANGCI_LINT_VERSION)
ACTIONLINT_VERSION = v1.7.12
ACTIONLINT = dist/tools/actionlint-$(ACTIONLINT_VERSION)
GORELEASER_VERSION = v2.17.0
GORELEASER = dist/tools/goreleaser-$(GORELEASER_VERSION)
SYFT_VERSION = v1.57.1
# goreleaser looks for a program of this name on the path.
SYFT = dist/tools/syft-$(SYFT_VERSION)/syft
RELEASE = PATH="$(CURDIR)/$(dir $(SYFT)):$$PATH" $(GORELEASER) release
# goreleaser needs a remote to find the commit. A copy of the repository may have none.
REMOTE = $(if $(shell git ls-remote --get-url 2>/dev/null),,GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=remote.origin.url GIT_CONFIG_VALUE_0="$(CURDIR)")
BATON = dist/tools/baton
STAND_IN = dist/tools/openaitest
CONDUCTORONE = dist/tools/conductoronetest

# Tools run on this system, also if GOOS and GOARCH name another one for the connector.
FOR_HOST = env -u GOOS -u GOARCH

GENERATED_JSON = config_schema.json baton_capabilities.json
# The dot hides the Go file in it from ./...
CHECK_DIR = dist/.generate-check

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the connector as dist/<os>_<arch>/baton-openai
	CGO_ENABLED=0 GOOS=$(GOOS) GOARCH=$(GOARCH) go build -trimpath $(TAGS) -ldflags "-s -w -X 'main.version=$(FULL_VERSION)'" -o $(CONNECTOR) ./cmd/baton-openai

# RACE=1 runs tests with the race detector, as .ci/run does. They take three times as long. It needs a C compiler.
RACE_FLAG = $(if $(RACE),$(if $(shell command -v $(firstword $(shell go env CC))),-race))

# The connector is built without C. With this tag the tests compress as it does, and no C library is compiled for them.
TEST_TAGS = pebblegozstd

# make lint vets more than go test does.
.PHONY: test
test: ## Run all tests (the first time compiles for minutes); RACE=1 adds the race detector
	@[ -z "$(RACE)" ] || [ -n "$(RACE_FLAG)" ] || echo "There is no C compiler here: the tests run without the race detector."
	go test $(RACE_FLAG) -vet=off -tags $(TEST_TAGS) -timeout 30m ./...

# OpenAI's client and Kubernetes' types take longer to compile than these tests to run.
.PHONY: conformance
conformance: ## Compare the stand-in with OpenAI's client and API document, and the manifests with Kubernetes' types
	go test $(RACE_FLAG) -vet=off -tags $(TEST_TAGS),conformance -timeout 30m ./docs ./pkg/openaitest

.PHONY: bench
bench: ## Measure syncs of three sizes and write docs/benchmarks.md (an hour or more)
	go test -tags bench -run '^TestBenchmarks$$' -count=1 -v -timeout 3h ./pkg/connector
	@$(MAKE) --no-print-directory bench-feed

.PHONY: bench-feed
bench-feed: ## Measure the event feed and targeted syncs, and write that part of docs/benchmarks.md
	go test -tags bench -run '^TestBenchmarkOfFeed$$' -count=1 -v -timeout 3h ./pkg/connector

.PHONY: long
long: ## Run the long tests: stops and faults hundreds of times, the memory of a daemon, and make hosted (minutes)
	go test -tags long -run '^(TestSoak|TestStopsLoseNothing$$|TestDaemonDoesNotGrow$$|TestFaultTable|TestWriteThat|TestRefusalByAnActiveProject|TestNamesOfEveryScript$$|TestSyncOfLargeLists$$|TestRandom|TestNoEntryIsLost$$|TestFeed.*OwnChanges$$)' -count=1 -v -timeout 2h ./...
	@$(MAKE) --no-print-directory hosted

.PHONY: hosted
hosted: ## Test the binary as ConductorOne hosts it, as an AWS Lambda function (on Linux)
	go test -tags baton_lambda_support -run '^TestHosted' -count=1 -v -timeout 30m ./cmd/baton-openai

.PHONY: mutants
mutants: ## Put serious mistakes into the code, one at a time, and check that a test finds each (minutes)
	go test -tags mutants -run '^TestMutants$$' -count=1 -v -timeout 1h ./pkg/connector

.PHONY: demo
demo: ## Sync a sample organization from a stand-in of the API and show the result
	@echo "Building the connector, the baton CLI and the stand-in. The first time that takes three to five minutes on two cores."
	@$(MAKE) --no-print-directory build baton
	@CGO_ENABLED=0 $(FOR_HOST) go build -o $(STAND_IN) ./cmd/openaitest
	@CONNECTOR=$(CONNECTOR) BATON=$(BATON) STAND_IN=$(STAND_IN) sh cmd/openaitest/demo.sh

.PHONY: daemon-demo
daemon-demo: ## Run the connector as a daemon for a stand-in of ConductorOne (on Linux)
	@echo "Building the connector, the baton CLI and two stand-ins. The first time that takes three to five minutes on two cores."
	@$(MAKE) --no-print-directory build baton
	@CGO_ENABLED=0 $(FOR_HOST) go build -o $(STAND_IN) ./cmd/openaitest
	@CGO_ENABLED=0 $(FOR_HOST) go build -o $(CONDUCTORONE) ./cmd/conductoronetest
	@CONNECTOR=$(CONNECTOR) BATON=$(BATON) STAND_IN=$(STAND_IN) CONDUCTORONE=$(CONDUCTORONE) sh cmd/conductoronetest/demo.sh

# The time of each fuzz target.
FUZZTIME ?= 1m

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (1m)
	@FUZZTIME=$(FUZZTIME) sh .ci/fuzz.sh

.PHONY: lint
lint: $(GOLANGCI_LINT) lint-workflows ## Run golangci-lint and actionlint (built on first use)
	$(GOLANGCI_LINT) run

# Without shellcheck and pyflakes the result does not depend on whether they are installed.
.PHONY: lint-workflows
lint-workflows: $(ACTIONLINT) ## Check the workflows in .github
	$(ACTIONLINT) -shellcheck= -pyflakes=

# npm installs into dist, so that there is no node_modules among the sources.
.PHONY: docs
docs: ## Compile the set-up page as MDX (needs Node.js)
	@mkdir -p dist/docs && cp .ci/mdx/*.json .ci/mdx/*.mjs .ci/mdx/.npmrc dist/docs/
	cd dist/docs && npm ci --silent --no-audit --no-fund
	node dist/docs/compile.mjs docs/connector.mdx

.PHONY: generate
generate: ## Generate conf.gen.go, config_schema.json and baton_capabilities.json
	$(FOR_HOST) go generate ./pkg/config
	@$(MAKE) --no-print-directory build
	$(CONNECTOR) config > dist/config_schema.json
	$(CONNECTOR) capabilities > dist/baton_capabilities.json
	@mv $(addprefix dist/,$(GENERATED_JSON)) .

# The check generates into another folder: it does not change the work tree.
.PHONY: generate-check
generate-check: build ## Fail if a generated file is out of date
	@rm -rf $(CHECK_DIR) && mkdir -p $(CHECK_DIR)
	@$(FOR_HOST) go build -o $(CHECK_DIR)/gen ./pkg/config/gen && cd $(CHECK_DIR) && ./gen && gofmt -w conf.gen.go
	@$(CONNECTOR) config > $(CHECK_DIR)/config_schema.json
	@$(CONNECTOR) capabilities > $(CHECK_DIR)/baton_capabilities.json
	@for file in pkg/config/conf.gen.go $(GENERATED_JSON); do \
		diff -u "$$file" "$(CHECK_DIR)/$${file##*/}" || { echo "$$file is out of date: run 'make generate' and commit the result." >&2; exit 1; }; \
	done

.PHONY: baton
baton: ## Build the baton CLI of the SDK version in go.mod, as dist/tools/baton
	@CGO_ENABLED=0 $(FOR_HOST) go build -o $(BATON) github.com/conductorone/baton-sdk/cmd/baton

.PHONY: image
image: ## Build the images baton-openai and baton-openai:lambda (needs Docker)
	docker build --build-arg VERSION=$(VERSION) --build-arg COMMIT=$(COMMIT) -t baton-openai .
	docker build --build-arg VERSION=$(VERSION) --build-arg COMMIT=$(COMMIT) -t baton-openai:lambda --target lambda .

.PHONY: image-check
image-check: ## Build what the Dockerfile builds, without Docker, and check its stages
	go test -count=1 -timeout 30m -run '^TestImage' -v ./pkg/release -image

.PHONY: release-check
release-check: $(GORELEASER) $(SYFT) ## Check .goreleaser.yaml, build all archives of a release and test them
	$(GORELEASER) check
	$(REMOTE) $(RELEASE) --snapshot --clean --skip=docker
	go test -count=1 -run '^TestRelease' -v ./pkg/release -snapshot dist/release

.PHONY: release
release: $(GORELEASER) $(SYFT) ## Publish the tagged commit (for the release workflow; needs GITHUB_TOKEN and Docker)
	$(RELEASE) --clean

.PHONY: clean
clean: ## Remove all build results
	rm -rf dist sync.c1z

# go install builds each tool in its own module: its dependencies and its version of Go stay out of go.mod.
$(GOLANGCI_LINT): TOOL = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
$(ACTIONLINT): TOOL = github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION)
$(GORELEASER): TOOL = github.com/goreleaser/goreleaser/v2@$(GORELEASER_VERSION)
$(SYFT): TOOL = -ldflags '-X main.version=$(SYFT_VERSION)' github.com/anchore/syft/cmd/syft@$(SYFT_VERSION)

$(GOLANGCI_LINT) $(ACTIONLINT) $(GORELEASER) $(SYFT):
	CGO_ENABLED=0 GOTOOLCHAIN=auto $(FOR_HOST) GOBIN=$(CURDIR)/$@.build go install $(TOOL)
	mv $@.build/* $@
	rmdir $@.build
