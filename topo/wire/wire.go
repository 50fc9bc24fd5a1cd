// Package wire is the protocol between a topology client (package topo) and the
// topology server (package toposerver): a small subset of etcd's, with keys,
// modification revisions, leases and watches of keys. The other implementations
// speak it too: what they do otherwise is up to client and server.
//
// Values are opaque: they travel by reference, and whoever stored one never
// changes it again.
package wire

import (
	"errors"
	"time"
)

// The names of the implementations, as the programs' flags have them. spec: O-44
const (
	Etcd2      = "etcd2"
	ZK2        = "zk2"
	Consul     = "consul"
	MemoryTopo = "memorytopo"
)

var (
	// ErrNoLeader: the servers have no leader, or no quorum, and gave up on a request.
	ErrNoLeader = errors.New("etcdserver: no leader")
	// ErrCompacted ends a watch, or a read of the past, that begins before what the
	// server still knows.
	ErrCompacted = errors.New("etcdserver: mvcc: required revision has been compacted")
)

// Methods of the server.
const (
	MethodStatus    = "etcd.status"
	MethodRange     = "etcd.range"
	MethodPut       = "etcd.put"
	MethodDelete    = "etcd.delete"
	MethodGrant     = "etcd.grant"
	MethodKeepAlive = "etcd.keepalive"
	MethodRevoke    = "etcd.revoke"
	MethodWatch     = "etcd.watch"
)

// LeaseID names a lease; zero is no lease.
type LeaseID int64

// StatusRequest asks whether the server answers; the answer is a StatusResponse.
type StatusRequest struct{}

// StatusResponse tells the store's revision.
type StatusResponse struct{ Revision int64 }

// RangeRequest reads the key, or with Prefix all keys that begin with Key.
type RangeRequest struct {
	Op     Operation
	Key    string
	Prefix bool
	// At, unless zero, asks for the key's value at that revision; without Prefix.
	At int64
}

// KeyValue is one key of an answer. Revision is that of its last change, Created
// that of its creation; Writes counts its changes, the creation included.
type KeyValue struct {
	Key      string
	Value    any
	Revision int64
	Created  int64
	Writes   int64
	Lease    LeaseID
}

// RangeResponse holds the keys found, sorted, and the store's revision.
type RangeResponse struct {
	Revision int64
	KVs      []KeyValue
}

// Compare is the condition of a write.
type Compare struct {
	// Active says whether there is a condition.
	Active bool
	// Revision is what the key's must be; zero: the key must not exist.
	Revision int64
	// Writes, unless zero, stands instead of Revision: what the key's count of changes
	// must be.
	Writes int64
}

// PutRequest stores a value.
type PutRequest struct {
	Op      Operation
	Key     string
	Value   any
	Lease   LeaseID
	Compare Compare
}

// WriteResponse answers a put or delete. Existed says whether the key existed
// before; Applied is false if the condition did not hold (or, for a delete, if
// there was nothing to delete).
type WriteResponse struct {
	Revision         int64
	Writes           int64 // of the key, after a put
	Existed, Applied bool
	// LeaseMissing says that the put named a lease that does not exist.
	LeaseMissing bool
}

// DeleteRequest deletes a key.
type DeleteRequest struct {
	Op      Operation
	Key     string
	Compare Compare
}

// GrantRequest asks for a lease that lives for TTL after each keep-alive.
type GrantRequest struct {
	TTL time.Duration
	// Forever: the lease ends only when it is revoked.
	Forever bool
	// Linger is for how long the keys of an expired lease stay.
	Linger time.Duration
}

// GrantResponse tells its name.
type GrantResponse struct{ ID LeaseID }

// LeaseRequest keeps alive or revokes a lease.
type LeaseRequest struct{ ID LeaseID }

// LeaseResponse says whether the lease was there.
type LeaseResponse struct{ Found bool }

// WatchRequest follows one key from revision From on; the key existed then. With
// Prefix it follows all keys that begin with Key.
type WatchRequest struct {
	Key    string
	Prefix bool
	From   int64
}

// WatchEvent is a value of the key at Revision, or its deletion. Cancelled is neither
// but the server's last word, with the reason or none in Err; Err alone is an error
// that does not end the watch.
type WatchEvent struct {
	Key      string
	Revision int64
	Writes   int64
	Value    any
	Deleted  bool

	Cancelled bool
	Err       error
}
