# horizond: `make help` lists the targets.

SWIFT ?= swift
CONFIG ?= config/horizond.yaml
PREFIX ?= /usr
DESTDIR ?=
FUZZ_SECONDS ?= 60
SOAK_SECONDS ?= 300
SCREENSHOT_SECONDS ?= 3600
# Options of `swift test`, such as --filter ReloadTests.
TEST ?=
# Options of Benchmarks/peers/run, such as --quick.
BENCH ?=
# Options of Benchmarks/soak/run, such as --publish.
SOAK ?=

# The release program carries the Swift runtime, so it runs where no toolchain is.
RELEASE := -c release --static-swift-stdlib
BINARY := .build/release/horizond
UNITS ?= $(PREFIX)/lib/systemd/system
ZSH_COMPLETIONS ?= $(PREFIX)/share/zsh/site-functions
SHARE := $(DESTDIR)$(PREFIX)/share
SETTINGS := $(DESTDIR)/etc/horizond
# The sample without what only `make run` wants: as installed, it listens where DNS does and claims no
# zone.
INSTALLED := sed -E '/^(listen|zones):/,/^$$/s/^[^\#]/\#&/'
# What is made while it is installed; everyone may read it, whatever the umask.
PLACE := install -D -m 644 /dev/stdin
COMPLETIONS := $(BINARY) --generate-completion-script

.PHONY: help build run test test-systemd soak screenshots fuzz sanitize bench bench-peers bench-cache bench-code lint install deb test-deb clean
.DEFAULT_GOAL := help

help: ## Lists the targets.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		awk -F'|' '{ printf "%-20s%s\n", $$1, $$2 }'

build: ## Builds the release program, and first installs Debian packages that the build lacks.
	@.ci/packages build
	$(SWIFT) build $(RELEASE) --product horizond

run: build ## Serves config/horizond.yaml on 127.0.0.1:1053 as the user that you are.
	@exec $(BINARY) serve --config $(CONFIG)

test: ## Runs all tests, and first installs Debian packages that they lack.
	@.ci/packages test
	$(SWIFT) build $(RELEASE) --product horizond
	HORIZOND_BINARY=$(CURDIR)/$(BINARY) $(SWIFT) test --disable-xctest $(TEST)

test-systemd: ## Runs the service in a real systemd, in a container; as root.
	@.ci/packages systemd
	$(SWIFT) build $(RELEASE) --product horizond
	@.ci/systemd

soak: build ## Serves a home in which everything goes wrong for SOAK_SECONDS, and checks every answer.
	@Benchmarks/soak/run --seconds $(SOAK_SECONDS) $(SOAK)

screenshots: ## Takes the README's pictures of the page, after SCREENSHOT_SECONDS of a home's queries.
	@.ci/packages test
	$(SWIFT) build $(RELEASE) --product horizond
	HORIZOND_BINARY=$(CURDIR)/$(BINARY) HORIZOND_SCREENSHOT_SECONDS=$(SCREENSHOT_SECONDS) \
		$(SWIFT) test --disable-xctest --filter ScreenshotTests

fuzz: ## Fuzzes every target, or TARGET, for FUZZ_SECONDS each; see Tests/Fuzz/README.md.
	@.ci/packages build
	@SWIFT="$(SWIFT)" FUZZ_SECONDS="$(FUZZ_SECONDS)" Tests/Fuzz/run $(TARGET)

sanitize: ## Runs the tests under the address and the thread sanitizer.
	@.ci/packages test
	@SWIFT="$(SWIFT)" .ci/sanitize

bench: build ## Measures whole servers beside their peers for 20 minutes, or with BENCH=--quick two.
	@Benchmarks/peers/run $(BENCH)

bench-peers: ## Installs the peers that `make bench` measures, and starts none of them as a service.
	@.ci/packages bench

bench-cache: ## Measures how often the cache has the answer; see Benchmarks/README.md.
	HORIZOND_BENCHMARKS=1 $(SWIFT) build -c release --scratch-path .build/benchmarks --product cache-hit-rate
	@.build/benchmarks/release/cache-hit-rate $(QUESTIONS)

bench-code: ## Measures the steps of answering a query in ROUNDS rounds; see Benchmarks/README.md.
	HORIZOND_BENCHMARKS=1 $(SWIFT) build $(RELEASE) --scratch-path .build/benchmarks --product in-process
	@SWIFT_DETERMINISTIC_HASHING=1 .build/benchmarks/release/in-process $(ROUNDS)

lint: ## Checks the format of the sources.
	@$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests Benchmarks

install: ## Installs program, units, manual and sample configuration; keeps one that is there.
	@test -x $(BINARY) || { echo "horizond: no $(BINARY); run 'make build' first" >&2; exit 1; }
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/horizond
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/sysusers.d systemd/sysusers.d/horizond.conf
	@set -e; for unit in $$(cd systemd && ls | grep -E '\.(service|socket)$$'); do \
		echo "install $$unit"; \
		sed 's|/usr/bin/|$(PREFIX)/bin/|' systemd/$$unit | $(PLACE) $(DESTDIR)$(UNITS)/$$unit; \
	done
	@set -e; for drop_in in $$(cd systemd && ls | grep '\.conf$$'); do \
		echo "install $$drop_in"; \
		sed 's|/usr/bin/|$(PREFIX)/bin/|' systemd/$$drop_in | $(PLACE) $(SHARE)/horizond/$$drop_in; \
	done
	install -D -m 644 -t $(SHARE)/horizond/grafana config/grafana/horizond.json
	install -D -m 644 -t $(SHARE)/horizond/prometheus config/prometheus/*.yml
	install -D -m 644 -t $(SHARE)/horizond/keepalived config/keepalived/keepalived.conf
	install -D -m 644 -t $(SHARE)/horizond Containerfile config/two-nodes.yaml config/kustomization.yaml
	install -D -m 644 -t $(SHARE)/horizond/zones config/zones/*.yaml
	install -D -m 644 -t $(SHARE)/horizond/kubernetes config/kubernetes/*.yaml
	install -D -m 755 -t $(SHARE)/horizond/kubernetes config/kubernetes/prometheus-rule
	.ci/manual $(BINARY) $(SHARE)/man
	$(COMPLETIONS) bash | sed '1{/^#!/d}' | $(PLACE) $(SHARE)/bash-completion/completions/horizond
	$(COMPLETIONS) fish | $(PLACE) $(SHARE)/fish/vendor_completions.d/horizond.fish
	$(COMPLETIONS) zsh | $(PLACE) $(DESTDIR)$(ZSH_COMPLETIONS)/_horizond
	@set -e; for file in horizond.yaml $$(cd config && echo zones/*.yaml); do \
		if test -e $(SETTINGS)/$$file; then \
			echo "kept $(SETTINGS)/$$file"; \
		else \
			echo "install config/$$file $(SETTINGS)/$$file"; \
			$(INSTALLED) config/$$file | $(PLACE) $(SETTINGS)/$$file; \
		fi; \
	done

deb: build ## Builds the Debian package, horizond_VERSION_ARCH.deb.
	@.ci/packages deb
	@debian/build

test-deb: deb ## Installs, upgrades and purges the Debian package in a fresh Debian that it boots.
	@.ci/packages test-deb
	@debian/test/run

clean: ## Removes what was built.
	rm -rf .build horizond_*.deb
