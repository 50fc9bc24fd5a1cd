// Package gtid holds MySQL's global transaction identifiers: server uuids, sets of
// transactions, and the position texts of Vitess's MySQL56 flavour.
//
// A Set is mutable, because a simulated server adds a transaction to its executed set for
// every commit and that must cost nothing. Add, AddRange, AddSet and Remove change their
// receiver; every other method leaves its operands alone and gives a fresh set. Assigning
// a Set shares its storage: Clone a set before you keep it or send it.
//
// Left out: tagged transactions (MySQL 8.3), MariaDB and file positions.
//
// Invariants: uuids are sorted and occur once; the intervals of a uuid are sorted, not
// empty, and neither overlap nor touch; no uuid has no interval. So equal sets have equal
// texts.
//
//	var executed gtid.Set
//	executed.Add(gtid.ServerUUID(100), 1)
//	fmt.Println(gtid.EncodePosition(executed)) // MySQL56/00000064-0000-11ec-8000-000000000064:1
package gtid
