package topotest

import (
	"fmt"
	"slices"
	"strings"

	"bufsim/sim"
	"bufsim/topo"
	"bufsim/topo/wire"
)

// Case is one clause of the contract. Check gets an empty topology and returns
// what the connection did wrong.
type Case struct {
	Name  string
	Check func(env *sim.Env, conn topo.Conn) error
}

// Contract lists what a [topo.Conn] of an implementation must do: what all do, and its
// column of the table of differences. spec: topo 2, topo 7, O-23, O-31..O-42
func Contract(implementation string) []Case {
	cases := []Case{
		{"create and get", checkCreate},
		{"update compares and sets", checkUpdate},
		{"delete", checkDelete},
		{"list directories", checkListDir},
		{"a closed connection is interrupted", checkClosed},
	}
	if implementation != wire.ZK2 { // spec: topo 7
		cases = append(cases, Case{"list what has the string prefix", checkList})
	}
	cases = slices.Concat(cases, watchCases(), lockCases(), electionCases())
	for _, d := range Differences() {
		cases = append(cases, d.Case(implementation))
	}
	return cases
}

// wantCode fails unless err is a topology error of that code.
func wantCode(what string, err error, code topo.ErrorCode) error {
	if !topo.IsErrType(err, code) {
		return fmt.Errorf("%s: got %v, want %q", what, err, topo.NewError(code, ""))
	}
	return nil
}

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// equal fails unless two values are equal.
func equal[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s: got %v, want %v", what, got, want)
	}
	return nil
}

func checkCreate(env *sim.Env, conn topo.Conn) error {
	ctx := env.Background()
	_, _, missing := conn.Get(ctx, "a/File")
	created, err := conn.Create(ctx, "a/File", "one")
	if err != nil {
		return err
	}
	contents, version, err := conn.Get(ctx, "a/File")
	if err != nil {
		return err
	}
	_, again := conn.Create(ctx, "a/File", "two")
	kept, _, _ := conn.Get(ctx, "a/File")
	return first(
		wantCode("get of a missing file", missing, topo.NoNode),
		equal[any]("contents", contents, "one"),
		equal("version", version, created),
		wantCode("second create", again, topo.NodeExists),
		equal[any]("contents after a refused create", kept, "one"),
	)
}

func checkUpdate(env *sim.Env, conn topo.Conn) error {
	ctx := env.Background()
	_, missing := conn.Update(ctx, "a/Missing", "x", 12345)
	if missing == nil {
		return fmt.Errorf("versioned update of a missing file succeeded")
	}
	v1, err := conn.Update(ctx, "a/File", "one", topo.AnyVersion) // creates
	if err != nil {
		return err
	}
	v2, err := conn.Update(ctx, "a/File", "two", v1)
	if err != nil {
		return err
	}
	_, stale := conn.Update(ctx, "a/File", "three", v1)
	contents, version, err := conn.Get(ctx, "a/File")
	if err != nil {
		return err
	}
	if v1 == v2 {
		return fmt.Errorf("two writes have the version %v", v1)
	}
	return first(
		wantCode("stale update", stale, topo.BadVersion),
		equal[any]("contents", contents, "two"),
		equal("version", version, v2),
	)
}

func checkDelete(env *sim.Env, conn topo.Conn) error {
	ctx := env.Background()
	missing := conn.Delete(ctx, "a/File", topo.AnyVersion)
	v1, err := conn.Create(ctx, "a/File", "one")
	if err != nil {
		return err
	}
	v2, err := conn.Update(ctx, "a/File", "two", v1)
	if err != nil {
		return err
	}
	stale := conn.Delete(ctx, "a/File", v1)
	if err := conn.Delete(ctx, "a/File", v2); err != nil {
		return err
	}
	_, _, gone := conn.Get(ctx, "a/File")
	if _, err := conn.Create(ctx, "a/File", "three"); err != nil {
		return err
	}
	if err := conn.Delete(ctx, "a/File", topo.AnyVersion); err != nil {
		return err
	}
	_, dir := conn.ListDir(ctx, "a", false)
	return first(
		wantCode("delete of a missing file", missing, topo.NoNode),
		wantCode("stale delete", stale, topo.BadVersion),
		wantCode("get after delete", gone, topo.NoNode),
		wantCode("the directory of a deleted file", dir, topo.NoNode), // spec: O-3
	)
}

func checkListDir(env *sim.Env, conn topo.Conn) error {
	ctx := env.Background()
	_, missing := conn.ListDir(ctx, "a", false)
	for _, path := range []string{"a/b/File", "a/b-c/File", "a/File", "ab/File"} {
		if _, err := conn.Create(ctx, path, path); err != nil {
			return err
		}
	}
	plain, err := conn.ListDir(ctx, "a", false)
	if err != nil {
		return err
	}
	full, err := conn.ListDir(ctx, "a", true)
	if err != nil {
		return err
	}
	var names []string
	for _, e := range plain {
		names = append(names, e.Name)
	}
	want := []topo.DirEntry{{Name: "File", Type: topo.TypeFile}, {Name: "b"}, {Name: "b-c"}}
	if !slices.Equal(full, want) {
		return fmt.Errorf("full listing: got %v, want %v", full, want)
	}
	return first(
		wantCode("listing of nothing", missing, topo.NoNode),
		equal("names", strings.Join(names, " "), "File b b-c"),
	)
}

func checkList(env *sim.Env, conn topo.Conn) error {
	ctx := env.Background()
	_, missing := conn.List(ctx, "ks")
	for _, path := range []string{"ks2/File", "ks/File", "other/File"} {
		if _, err := conn.Create(ctx, path, path); err != nil {
			return err
		}
	}
	list, err := conn.List(ctx, "ks")
	if err != nil {
		return err
	}
	var paths []string
	for _, kv := range list {
		paths = append(paths, kv.Path)
		if kv.Contents != kv.Path {
			return fmt.Errorf("contents of %s: %v", kv.Path, kv.Contents)
		}
	}
	return first(
		wantCode("list of nothing", missing, topo.NoNode),
		equal("paths", strings.Join(paths, " "), "ks/File ks2/File"), // spec: O-6
	)
}

func checkClosed(env *sim.Env, conn topo.Conn) error {
	ctx := env.Background()
	if _, err := conn.Create(ctx, "a/File", "x"); err != nil {
		return err
	}
	conn.Close()
	_, _, err := conn.Get(ctx, "a/File")
	return wantCode("get on a closed connection", err, topo.Interrupted)
}
