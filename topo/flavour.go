package topo

import (
	"time"

	"bufsim/sim"
	"bufsim/topo/wire"
)

// flavour is where the implementations differ as seen through a connection: one value
// for each, in a file of its own. The rest of this package is common to them.
// spec: O-44, topo 7
type flavour struct {
	name string
	// lazy: a connection opens whether or not the server answers.
	lazy bool
	// deaf: reads and writes of files ignore their contexts.
	deaf bool
	// lists, recursive, history and leaderNews say whether there are List,
	// WatchRecursive, GetVersion and WaitForNewLeader.
	lists, recursive, history, leaderNews bool
	// observers: an address may name read-only servers after a bar. spec: O-2
	observers bool
	// fileVersions: versions count the writes of each file from 0; otherwise they are
	// common to all files. spec: O-18
	fileVersions bool
	// updateMissing is the error of a versioned update of a missing file.
	updateMissing ErrorCode
	// calls bounds the calls in flight of one connection; zero does not.
	calls int
	// keepalive: a connection that is silent for so long is probed, and given up after
	// as long again; zero never is.
	keepalive time.Duration
	// call makes one call: what it waits for, and when it is repeated.
	call func(l *link, ctx *sim.Context, method string, req any, repeatable bool) (any, error)
	// convert makes the error that callers see of one of call; nil stays nil.
	convert func(err error, node string) error
	// redial is the pause before attempt n (from 0) to reconnect; nil if nothing
	// reconnects by itself.
	redial func(n int) time.Duration
	locks  lockFlavour
	watch  watchFlavour
}

// lockFlavour is how locks live. spec: O-35..O-41
type lockFlavour struct {
	// needsNoFile: locking a directory without files creates it. spec: O-35
	needsNoFile bool
	// tryWaits: TryLock is Lock. spec: O-40
	tryWaits bool
	// session gives the life of a lock; asked is zero unless the caller wants a TTL.
	session func(o Options, asked time.Duration) lockSession
	// check tells whether a lock is still held. spec: O-36
	check func(l *remoteLock, ctx *sim.Context) error
}

// lockSession is what a lock lives by.
type lockSession struct {
	ttl time.Duration
	// forever: no time ends it. spec: O-39
	forever bool
	// linger is for how long nobody else gets the lock of a session that ran out.
	linger time.Duration
	// kept: it is kept alive while the lock is held, otherwise only during the wait for
	// it. spec: O-38
	kept bool
	// monitored: the first trouble with the server counts as the loss of the lock.
	monitored bool
}

// watchFlavour is how watches run. spec: O-25..O-29
type watchFlavour struct {
	// sturdy: a broken stream is opened again without a word.
	sturdy bool
	// again: a change is only a reason to read the file again.
	again bool
	// poll is how long one wait for a change lasts at most; zero has no limit.
	poll func(Options) time.Duration
	// lost is the client library's error of a stream that broke; nil leaves it as it is.
	lost func(l *link, err error) error
	// ended makes the final error of a watch of it; nil: that of convert.
	ended func(err error, node string) error
	// closedError is the text of the last message of a watch whose connection was
	// closed, with the file in place of %v; empty: there is no message.
	closedError string
	// capacity of the channel of changes; zero is unbounded.
	capacity int
}

// flavourOf gives the implementation of that name; "" is etcd2. spec: O-7
func flavourOf(name string) (*flavour, error) {
	switch name {
	case "", wire.Etcd2:
		return flavourEtcd2(), nil
	case wire.ZK2:
		return flavourZK2(), nil
	case wire.Consul:
		return flavourConsul(), nil
	case wire.MemoryTopo:
		return flavourMemory(), nil
	default:
		return nil, NewError(NoImplementation, name)
	}
}

// Implementations lists the names of the implementations, the default first.
func Implementations() []string { return []string{wire.Etcd2, wire.ZK2, wire.Consul, wire.MemoryTopo} }
