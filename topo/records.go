package topo

import (
	"fmt"

	"bufsim/sim"
)

// record is a type of record: what is stored is a clone, and what is read is
// cloned again, so that nobody shares memory through the topology.
type record[T any] interface{ Clone() T }

// getRecord reads a record.
func getRecord[T record[T]](ctx *sim.Context, conn Conn, path string) (*T, Version, error) {
	contents, version, err := conn.Get(ctx, path)
	if err != nil {
		return nil, AnyVersion, err
	}
	rec, err := decode[T](contents)
	return rec, version, err
}

// decode gives a copy of the record that a file holds.
func decode[T record[T]](contents any) (*T, error) {
	stored, ok := contents.(*T)
	if !ok {
		return nil, fmt.Errorf("topology holds a %T where a %T belongs", contents, stored)
	}
	rec := (*stored).Clone()
	return &rec, nil
}

// encode gives what a file holds for a record.
func encode[T record[T]](rec *T) any {
	stored := (*rec).Clone()
	return &stored
}

// updateRecord reads, changes and writes a record, and starts again whenever
// somebody else wrote meanwhile; only the end of ctx limits that. If update
// returns NoUpdateNeeded nothing is written, and the result is the record as it
// was read. spec: O-19, T-4
func updateRecord[T record[T]](ctx *sim.Context, conn Conn, path string, update func(*T) error) (*T, error) {
	for {
		before, version, err := getRecord[T](ctx, conn, path)
		if err != nil {
			return nil, err
		}
		after := (*before).Clone()
		if err := update(&after); err != nil {
			if IsErrType(err, NoUpdateNeeded) {
				return before, nil
			}
			return nil, err
		}
		_, err = conn.Update(ctx, path, encode(&after), version)
		if err == nil {
			return &after, nil
		}
		if !IsErrType(err, BadVersion) {
			return nil, err
		}
	}
}

// listFiles reads the files of that name in the directories under a directory, with
// others that lie there; none is no error. Where there is no List it reads each of
// them. spec: O-6, O-76
func listFiles(ctx *sim.Context, conn Conn, dir, name string) ([]KeyValue, error) {
	list, err := conn.List(ctx, dir+"/")
	switch {
	case IsErrType(err, NoNode):
		return nil, nil
	case !IsErrType(err, NoImplementation):
		return list, err
	}
	dirs, err := names(conn.ListDir(ctx, dir, false))
	if err != nil {
		return nil, err
	}
	list = nil
	for _, d := range dirs {
		path := dir + "/" + d + "/" + name
		contents, version, err := conn.Get(ctx, path)
		if IsErrType(err, NoNode) {
			continue // deleted since the listing, or only other files lie there
		}
		if err != nil {
			return nil, err
		}
		list = append(list, KeyValue{Path: path, Contents: contents, Version: version})
	}
	return list, nil
}
