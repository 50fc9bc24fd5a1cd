package vterr

import (
	"slices"
	"strings"
)

// priority lists the codes from the least to the most telling.
// spec: G-72
func priority() []Code {
	return []Code{
		OK, Canceled, AlreadyExists, OutOfRange, Unavailable, DeadlineExceeded, Aborted,
		FailedPrecondition, ClusterEvent, ResourceExhausted, Unknown, Unauthenticated,
		PermissionDenied, InvalidArgument, NotFound, Unimplemented, Internal, DataLoss,
	}
}

// Aggregate merges the errors of several shards. No error gives nil and one is passed as it
// is; several become a new fundamental error with the sorted texts, one per line, and the
// code of highest priority. The merged error has lost the identity of its parts. Nil entries
// are skipped.
// spec: G-72, G-73
func Aggregate(errs []error) error {
	errs = slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return err == nil })
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	}
	order := priority()
	highest := 0
	texts := make([]string, 0, len(errs))
	for _, err := range errs {
		highest = max(highest, slices.Index(order, CodeOf(err)))
		texts = append(texts, err.Error())
	}
	slices.Sort(texts)
	return New(order[highest], strings.Join(texts, "\n"))
}

// TransactionFatal reports whether an error inside a transaction dooms the transaction, so
// that the gate re-makes it as VT15001 (see FatalTransaction).
// spec: G-62
func TransactionFatal(err error) bool {
	if err == nil {
		return false
	}
	text := err.Error()
	switch CodeOf(err) {
	case Unavailable:
		return strings.Contains(text, "connection refused")
	case FailedPrecondition:
		return strings.Contains(text, TextWrongTabletType)
	case ClusterEvent:
		return strings.Contains(text, TextNotServing) || strings.Contains(text, TextShuttingDown)
	default:
		return false
	}
}

// IsShardMissing reports whether the root cause is the buffer's shard-missing error, which
// the plan executor answers by resolving the shards again.
// spec: G-73
func IsShardMissing(err error) bool { return RootCause(err) == error(ErrShardMissing) }
