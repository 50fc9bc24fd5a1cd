// Package report renders results for people: the text of `bufsim run`, the
// guide's figures beside ours for `bufsim scenario`, and lists. Text fits 100
// columns.
package report

// Columns is the width that all text output fits.
const Columns = 100
