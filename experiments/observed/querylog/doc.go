// Package querylog reads and writes the query log of a vtgate: what
// --log_queries_to_file leaves behind, in its text and JSON forms of all releases. An
// operator's log says which statements came when, how long they took and which
// failed; bufsim derives its traffic from it.
//
// [Reader] tells the forms apart by themselves, line by line. A vtgate drops records
// when it is busy, and orders them by their end (spec: W-50), so that a log has holes
// and its starts are out of order; nothing here hides that. Times have no zone in the
// log; they are read as UTC, and only differences mean anything.
package querylog
