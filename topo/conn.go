package topo

import (
	"time"

	"bufsim/sim"
)

// Version is the version of a file. Versions may be compared for equality only.
// spec: O-18
type Version int64

// AnyVersion makes a write unconditional: Update creates or overwrites, Delete
// deletes whatever is there.
const AnyVersion Version = -1

// Conn is a connection to one topology server (the global one or a cell's): the
// contract that every implementation fulfils and package topotest checks. Paths
// are relative to the root of the connection. Contents are opaque; a stored value
// must never be changed again. All methods block until the server answers or ctx
// ends; an unreachable server shows as a Timeout error at the end of ctx. That is
// etcd2; what other implementations do is said in their flavour.
// spec: O-3, O-7, topo 2, topo 7
type Conn interface {
	// ListDir gives what lies directly under a directory, sorted by name; with
	// full also types. NoNode if nothing lies under it.
	ListDir(ctx *sim.Context, dir string, full bool) ([]DirEntry, error)
	// Create stores a new file; NodeExists if it exists.
	Create(ctx *sim.Context, path string, contents any) (Version, error)
	// Update stores a file. With a version it fails with BadVersion unless that is
	// the file's present version.
	Update(ctx *sim.Context, path string, contents any, version Version) (Version, error)
	// Get reads a file; NoNode if there is none.
	Get(ctx *sim.Context, path string) (any, Version, error)
	// GetVersion reads what a file held at a version, also if it has been changed or
	// deleted since; NoNode if it did not exist then, NoImplementation except in etcd2.
	GetVersion(ctx *sim.Context, path string, version Version) (any, error)
	// List reads all files whose path begins with the string prefix, sorted by
	// path; NoNode if there are none, NoImplementation in zk2. spec: O-6
	List(ctx *sim.Context, prefix string) ([]KeyValue, error)
	// Delete deletes a file: NoNode if there is none, BadVersion if version is not
	// AnyVersion and not the file's.
	Delete(ctx *sim.Context, path string, version Version) error
	// Lock waits for the advisory lock of a directory, first come, first served.
	// NoNode if no file lies under the directory; Timeout or Interrupted if ctx
	// ends first. contents is what others see of the holder. spec: O-31, O-35, O-37
	Lock(ctx *sim.Context, dir, contents string) (LockDescriptor, error)
	// LockWithTTL is Lock for a lock that lives for ttl, in whole seconds, instead of
	// the default; zk2 and memorytopo take no notice of it. spec: O-38, O-41
	LockWithTTL(ctx *sim.Context, dir, contents string, ttl time.Duration) (LockDescriptor, error)
	// LockName is LockWithTTL with 24 h for a directory without files. spec: O-35, O-38
	LockName(ctx *sim.Context, dir, contents string) (LockDescriptor, error)
	// TryLock is Lock, except that it fails at once with NodeExists if it sees that
	// somebody holds or awaits the lock. spec: O-40
	TryLock(ctx *sim.Context, dir, contents string) (LockDescriptor, error)
	// Watch gives a file's present value and a channel of later ones, or an error
	// (NoNode if there is no file). Values may be skipped or come twice; the last
	// one comes. An error is the last message, then the channel closes. Ending ctx
	// ends the watch with Interrupted, a deletion with NoNode; closing the
	// connection closes the channel without an error. spec: O-23, O-25, O-26
	Watch(ctx *sim.Context, path string) (WatchData, *sim.Chan[WatchData], error)
	// WatchRecursive is Watch for all files under a directory, of which there may be
	// none. The deletion of a file is a message with NoNode that does not end the watch.
	// NoImplementation in zk2 and consul. spec: O-30
	WatchRecursive(ctx *sim.Context, dir string) ([]KeyValue, *sim.Chan[WatchDataRecursive], error)
	// NewLeaderParticipation lets the process take part in the election of that name as
	// id. It does nothing yet. spec: O-42
	NewLeaderParticipation(name, id string) (LeaderParticipation, error)
	// Close ends the connection; later calls fail with Interrupted.
	Close()
}

// DirEntry is one name in a directory.
type DirEntry struct {
	Name string
	// Type and Ephemeral are set only in a full listing. An ephemeral file goes
	// away with the lock that it stands for.
	Type      EntryType
	Ephemeral bool
}

// EntryType tells files from directories.
type EntryType uint8

// The types of directory entries.
const (
	TypeDirectory EntryType = iota
	TypeFile
)

// KeyValue is one file of a List; Path is relative to the connection's root.
type KeyValue struct {
	Path     string
	Contents any
	Version  Version
}

// WatchData is one message of a watch.
type WatchData struct {
	Contents any
	Version  Version
	Err      error
}

// WatchDataRecursive is one message of a recursive watch; Path is relative to the
// connection's root, and empty in the error that ends the watch.
type WatchDataRecursive struct {
	Path string
	WatchData
}

// LockDescriptor is a lock that was obtained.
type LockDescriptor interface {
	// Check tells whether the lock is still held and renews it to its full
	// lifetime; NoNode if it is lost. While the server is unreachable it blocks
	// until ctx ends. spec: O-36
	Check(ctx *sim.Context) error
	// Unlock gives the lock up; NoNode if it was lost before.
	Unlock(ctx *sim.Context) error
}
