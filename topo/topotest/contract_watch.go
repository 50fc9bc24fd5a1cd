package topotest

import (
	"errors"
	"fmt"
	"time"

	"bufsim/sim"
	"bufsim/topo"
)

func watchCases() []Case {
	return []Case{
		{"watch of a missing file", checkWatchMissing},
		{"watch converges to the last value", checkWatchConverges},
		{"watch ends with a deletion", checkWatchDeletion},
		{"watch ends with its context", checkWatchCancel},
		{"watch of another file hears nothing", checkWatchOther},
	}
}

func checkWatchMissing(env *sim.Env, conn topo.Conn) error {
	_, changes, err := conn.Watch(env.Background(), "a/File")
	if changes != nil {
		return errors.New("watch of a missing file gave a channel")
	}
	return wantCode("watch of a missing file", err, topo.NoNode)
}

// receive waits a second for the next message.
func receive(env *sim.Env, changes *sim.Chan[topo.WatchData]) (data topo.WatchData, ok bool, err error) {
	if env.Select(sim.OnRecv(changes, &data, &ok), env.After(time.Second)) == 1 {
		return data, false, errors.New("no message within a second")
	}
	return data, ok, nil
}

// drain reads to the end of a watch and returns its final error; nothing may come
// after it.
func drain(env *sim.Env, changes *sim.Chan[topo.WatchData]) (final error, err error) {
	for {
		data, ok, err := receive(env, changes)
		if err != nil {
			return nil, err
		}
		if !ok {
			return final, nil
		}
		if final != nil {
			return nil, fmt.Errorf("message %v after the error %v", data, final)
		}
		final = data.Err
	}
}

func checkWatchConverges(env *sim.Env, conn topo.Conn) error {
	ctx := env.Background()
	if _, err := conn.Create(ctx, "a/File", 0); err != nil {
		return err
	}
	initial, changes, err := conn.Watch(ctx, "a/File")
	if err != nil {
		return err
	}
	var last topo.Version
	for i := 1; i <= 5; i++ {
		if last, err = conn.Update(ctx, "a/File", i, topo.AnyVersion); err != nil {
			return err
		}
	}
	seen := initial
	for seen.Version != last {
		data, ok, err := receive(env, changes)
		if err != nil || !ok || data.Err != nil {
			return fmt.Errorf("watch ended at %v: %v, %v", seen, err, data.Err)
		}
		if data.Contents.(int) < seen.Contents.(int) {
			return fmt.Errorf("watch went back from %v to %v", seen, data)
		}
		seen = data
	}
	return first(
		equal[any]("initial value", initial.Contents, 0),
		equal[any]("last value", seen.Contents, 5),
	)
}

func checkWatchDeletion(env *sim.Env, conn topo.Conn) error {
	ctx := env.Background()
	if _, err := conn.Create(ctx, "a/File", "x"); err != nil {
		return err
	}
	_, changes, err := conn.Watch(ctx, "a/File")
	if err != nil {
		return err
	}
	if err := conn.Delete(ctx, "a/File", topo.AnyVersion); err != nil {
		return err
	}
	final, err := drain(env, changes)
	return first(err, wantCode("end of the watch", final, topo.NoNode))
}

func checkWatchCancel(env *sim.Env, conn topo.Conn) error {
	if _, err := conn.Create(env.Background(), "a/File", "x"); err != nil {
		return err
	}
	ctx, cancel := env.WithCancel(env.Background())
	_, changes, err := conn.Watch(ctx, "a/File")
	if err != nil {
		return err
	}
	cancel()
	final, err := drain(env, changes)
	return first(err, wantCode("end of the watch", final, topo.Interrupted))
}

func checkWatchOther(env *sim.Env, conn topo.Conn) error {
	ctx := env.Background()
	for _, path := range []string{"a/File", "a/File2"} { // the last write is not the watched file's
		if _, err := conn.Create(ctx, path, "x"); err != nil {
			return err
		}
	}
	_, changes, err := conn.Watch(ctx, "a/File")
	if err != nil {
		return err
	}
	if _, err := conn.Update(ctx, "a/File2", "y", topo.AnyVersion); err != nil {
		return err
	}
	if data, ok, err := receive(env, changes); err == nil {
		return fmt.Errorf("watch of a file that did not change got %v, %v", data, ok)
	}
	return nil
}
