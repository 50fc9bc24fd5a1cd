# Thin: every target is one command that also works by hand.

.PHONY: check test race nightly fuzz bench golden plots determinism lint ci

check: lint test        ## what to run before a commit

test:                   ## the README's test command
	go test ./...

race:                   ## the same under the race detector
	go test -race ./sim/... ./gate/... ./topo/... ./tablet/...

lint:                   ## format and static checks
	go vet ./...
	go tool gofumpt -l .
	go tool staticcheck ./...

# The same hashes must come out of every build: the channel back end of the kernel,
# one and four processors, the race detector, 32 bits, and WebAssembly (if node is there).
HASHES = -count=1 -run 'Golden|Hash' ./sim ./experiments/runner
determinism:            ## equal hashes from other builds of the same code
	go test -cpu 1,4 $(HASHES)
	go test -tags bufsim_handoff $(HASHES)
	go test -race $(HASHES)
	GOARCH=386 go test $(HASHES)
	if command -v node >/dev/null; then GOOS=js GOARCH=wasm go test -exec "$$(go env GOROOT)/lib/wasm/go_js_wasm_exec" $(HASHES); fi

bench:                  ## the kernel beside testing/synctest, in one process
	go test -run '^$$' -bench 'AgainstSynctest|Memory|TwoWorlds' -cpu 1 ./sim

nightly:                ## the long form of all tests: hours
	BUFSIM_NIGHTLY=1 BUFSIM_SEEDS=2000 go test -count=1 -timeout 6h ./...

fuzz:                   ## each parser for a while
	for t in $$(go test -list 'Fuzz.*' ./... | awk '/^Fuzz/{f[n++]=$$1} /^ok/{for(i=0;i<n;i++)print $$2":"f[i];n=0}'); do \
		go test -run '^$$' -fuzz "^$${t#*:}$$" -fuzztime 20s "$${t%%:*}"; done

golden:                 ## rewrite golden files; understand every changed line
	go test . ./cmd/bufsim ./experiments/history ./experiments/plotstyle ./experiments/scenario ./gate/buffer ./sim/trace -update
	go test ./sim ./experiments/runner -run 'Golden|Hash' -update-hashes
	go test ./experiments/groundtruth -rewrite

plots:                  ## play the published studies again and draw their figures
	go run ./cmd/bufsim plot experiments/window/plan.yaml

ci:                     ## what CI runs
	./.ci/run
