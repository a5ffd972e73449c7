# Everything that is checked, measured or made from the code has a target here. `check` vets all of it; the tests that it runs don't again.

.PHONY: check generate race fuzz bench interop browser catalogue mongo chaos corpus

STATICCHECK = go run -modfile=tools/go.mod honnef.co/go/tools/cmd/staticcheck

check: race interop mongo
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these"; exit 1; }
	@for module in . bench interop interop/mongo tools; do (cd $$module && go mod tidy -diff) || exit 1; done
	go vet ./...
	go vet -tags gallery ./cmd/carnet
	cd bench && go vet ./...
	cd interop && go vet ./... && go vet -tags browser .
	cd interop/mongo && go vet ./...
	$(STATICCHECK) ./...

# The detector makes everything some ten times slower, so this is not the README's command. By default it also has every process
# sleep for a second at its end, and the command line's tests start hundreds.
race:
	GORACE=atexit_sleep_ms=10 go test -race -short -vet=off ./...

# docs/openapi.json and docs/cli.md are made from the code; their tests fail when they are out of date.
generate:
	go generate ./...

# Every fuzz target in turn, each for FUZZTIME. What one finds it writes into testdata/fuzz beside it: that is its test from then on.
FUZZTIME = 10s
fuzz:
	@for file in $$(grep -rl '^func Fuzz' --include='*_test.go' .); do \
		for target in $$(grep -o '^func Fuzz[A-Za-z0-9]*' $$file | cut -c6-); do \
			echo "$$(dirname $$file) $$target"; \
			nice -n 19 go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$(dirname $$file) || exit 1; \
		done; \
	done

bench:
	cd bench && go run .

interop:
	cd interop && go test -vet=off ./...

# The page in Chromium (CHROMIUM, or /usr/bin/chromium): the main job by clicking alone, every page and the gallery looked at; writes
# docs/images. Where CI is set the gallery is left out, which takes four minutes; its golden test is one of internal/web/gallery.
browser:
	cd interop && go test -count=1 -timeout 30m -tags browser -run TestPageInABrowser .

# Carnet against what is known of real token endpoints: CATALOGUE names the file, which is no part of the repository.
catalogue:
	cd interop && go run ./catalogue/cmd/catalogue

# Every operation of some 2,700 real documents: imported, shown, and its requests read back by another reader. npm and go fetch them
# once, 45 MB, into CORPUS, which is a folder in the user's cache by default; it takes some ten minutes and 1 GB of memory.
corpus:
	cd interop && go run ./corpus/cmd/corpus

# The store's driver and a short chaos on a MongoDB-compatible server: the one that CARNET_TEST_MONGODB_URI names, else FerretDB.
mongo:
	cd interop/mongo && go test -vet=off ./...

chaos:
	cd interop/mongo && go run ./cmd/chaos
