# Thin: every target is one command that also works by hand.

.PHONY: check test race nightly soak fuzz bench golden plots determinism lint ci mutants

check: lint test        ## what to run before a commit

test:                   ## the README's test command
	go test ./...

race:                   ## the same under the race detector
	go test -race ./sim/... ./gate/... ./topo/... ./tablet/...

lint:                   ## format and static checks
	go vet ./...
	go tool gofumpt -l .
	go tool staticcheck ./...

determinism:            ## equal hashes from other builds of the same code
	./.ci/determinism

bench:                  ## the kernel beside testing/synctest, in one process
	go test -run '^$$' -bench 'AgainstSynctest|Memory|TwoWorlds' -cpu 1 ./sim

nightly:                ## the long form of all tests: hours
	BUFSIM_NIGHTLY=1 BUFSIM_SEEDS=2000 go test -count=1 -timeout 6h ./...

mutants:                ## plant seeded bugs one at a time; writes docs/mutants.md, resumes if interrupted
	go run ./experiments/mutants/battery

soak:                   ## 100,000 runs twice; stopped, it goes on where it was
	BUFSIM_NIGHTLY=1 go test ./experiments/hunt -run TestSoak -count=1 -timeout 24h -args -soak $(CURDIR)/.soak

fuzz:                   ## each parser for a while
	for t in $$(go test -list 'Fuzz.*' ./... | awk '/^Fuzz/{f[n++]=$$1} /^ok/{for(i=0;i<n;i++)print $$2":"f[i];n=0}'); do \
		go test -run '^$$' -fuzz "^$${t#*:}$$" -fuzztime 20s "$${t%%:*}"; done

golden:                 ## rewrite golden files; understand every changed line
	go test . ./cmd/bufsim ./experiments/figure ./experiments/history ./experiments/plotstyle ./experiments/scenario ./gate/buffer ./sim/trace -update
	go test ./sim ./experiments/runner -run 'Golden|Hash' -update-hashes
	go test ./experiments/groundtruth -rewrite

plots:                  ## play the published studies again and draw their figures
	go build -o bufsim ./cmd/bufsim
	for p in experiments/*/plan*.yaml; do ./bufsim plot $$p || exit 1; done
	for k in lanes occupancy; do ./bufsim plot $$k experiments/window/scenario.yaml --prs 5s --buffer-window=3s --seed 2 --out experiments/window || exit 1; done

ci:                     ## what CI runs
	./.ci/run
