package topotest

import (
	"fmt"
	"time"

	"bufsim/sim"
	"bufsim/topo"
)

func lockCases() []Case {
	return []Case{
		{"locks exclude each other", checkLockExcludes},
		{"a wait for a lock ends with its context", checkLockTimeout},
		{"try-lock", checkTryLock},
		{"locks do not block writes", checkLockAdvisory},
		{"a lock cannot be given up twice", checkUnlocked},
		{"named locks need no file", checkLockName},
	}
}

// lockNewDir makes the directory a and locks it.
func lockNewDir(env *sim.Env, conn topo.Conn) (topo.LockDescriptor, error) {
	if _, err := conn.Create(env.Background(), "a/File", "x"); err != nil {
		return nil, err
	}
	return conn.Lock(env.Background(), "a", "me")
}

func checkLockExcludes(env *sim.Env, conn topo.Conn) error {
	ctx := env.Background()
	lock, err := lockNewDir(env, conn)
	if err != nil {
		return err
	}
	var second topo.LockDescriptor
	var secondErr error
	got := env.NewEvent("second")
	env.Go("second", func() {
		second, secondErr = conn.Lock(ctx, "a", "other")
		got.Set()
	})
	env.Sleep(5 * time.Second)
	if got.IsSet() {
		return fmt.Errorf("two hold the lock; the second's error: %v", secondErr)
	}
	if err := lock.Check(ctx); err != nil {
		return fmt.Errorf("check of a held lock: %w", err)
	}
	if err := lock.Unlock(ctx); err != nil {
		return err
	}
	if env.Select(sim.OnEvent(got), env.After(time.Second)) == 1 {
		return fmt.Errorf("the second does not get the lock when it is free")
	}
	if secondErr != nil {
		return secondErr
	}
	return second.Unlock(ctx)
}

func checkLockTimeout(env *sim.Env, conn topo.Conn) error {
	lock, err := lockNewDir(env, conn)
	if err != nil {
		return err
	}
	short, stop := env.WithTimeout(env.Background(), time.Second)
	defer stop()
	_, timeout := conn.Lock(short, "a", "other")
	cancelled, cancel := env.WithCancel(env.Background())
	env.AfterFunc(time.Second, "cancel", cancel)
	_, interrupted := conn.Lock(cancelled, "a", "other")
	if err := lock.Unlock(env.Background()); err != nil {
		return err
	}
	began := env.Now()
	after, err := conn.Lock(env.Background(), "a", "third")
	if err != nil {
		return err
	}
	if waited := env.Now().Sub(began); waited > time.Second {
		return fmt.Errorf("those who left were still in the queue for %v", waited)
	}
	return first(
		wantCode("wait with a deadline", timeout, topo.Timeout),
		wantCode("cancelled wait", interrupted, topo.Interrupted),
		after.Unlock(env.Background()),
	)
}

func checkTryLock(env *sim.Env, conn topo.Conn) error {
	ctx := env.Background()
	lock, err := lockNewDir(env, conn)
	if err != nil {
		return err
	}
	if err := lock.Unlock(ctx); err != nil {
		return err
	}
	again, err := conn.TryLock(ctx, "a", "other")
	if err != nil {
		return fmt.Errorf("try-lock of a free lock: %w", err)
	}
	return again.Unlock(ctx)
}

func checkLockAdvisory(env *sim.Env, conn topo.Conn) error {
	if _, err := lockNewDir(env, conn); err != nil {
		return err
	}
	_, err := conn.Update(env.Background(), "a/File", "y", topo.AnyVersion)
	return err
}

func checkUnlocked(env *sim.Env, conn topo.Conn) error {
	ctx := env.Background()
	lock, err := lockNewDir(env, conn)
	if err != nil {
		return err
	}
	if err := lock.Unlock(ctx); err != nil {
		return err
	}
	return wantCode("second unlock", lock.Unlock(ctx), topo.NoNode)
}

func checkLockName(env *sim.Env, conn topo.Conn) error {
	ctx := env.Background()
	lock, err := conn.LockName(ctx, "internal/named_locks/copy", "me")
	if err != nil {
		return err
	}
	env.Sleep(30 * time.Minute) // it lives for a day
	short, cancel := env.WithTimeout(ctx, time.Second)
	defer cancel()
	_, held := conn.LockName(short, "internal/named_locks/copy", "other")
	return first(wantCode("lock of a held name", held, topo.Timeout), lock.Unlock(ctx))
}
