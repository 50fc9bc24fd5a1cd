package vterr

import "strconv"

// Code says what kind of failure an error is. The numbers are gRPC's, plus CLUSTER_EVENT.
type Code int32

// The codes.
const (
	OK                 Code = 0
	Canceled           Code = 1
	Unknown            Code = 2
	InvalidArgument    Code = 3
	DeadlineExceeded   Code = 4
	NotFound           Code = 5
	AlreadyExists      Code = 6
	PermissionDenied   Code = 7
	ResourceExhausted  Code = 8
	FailedPrecondition Code = 9
	Aborted            Code = 10
	OutOfRange         Code = 11
	Unimplemented      Code = 12
	Internal           Code = 13
	Unavailable        Code = 14
	DataLoss           Code = 15
	Unauthenticated    Code = 16
	// ClusterEvent says that the cluster is changing: the one code that starts buffering
	// whatever the text. spec: B-5
	ClusterEvent Code = 17
)

// codeName is one code in its two spellings.
type codeName struct{ vitess, grpc string }

func codeNames() []codeName {
	return []codeName{
		{"OK", "OK"},
		{"CANCELED", "Canceled"},
		{"UNKNOWN", "Unknown"},
		{"INVALID_ARGUMENT", "InvalidArgument"},
		{"DEADLINE_EXCEEDED", "DeadlineExceeded"},
		{"NOT_FOUND", "NotFound"},
		{"ALREADY_EXISTS", "AlreadyExists"},
		{"PERMISSION_DENIED", "PermissionDenied"},
		{"RESOURCE_EXHAUSTED", "ResourceExhausted"},
		{"FAILED_PRECONDITION", "FailedPrecondition"},
		{"ABORTED", "Aborted"},
		{"OUT_OF_RANGE", "OutOfRange"},
		{"UNIMPLEMENTED", "Unimplemented"},
		{"INTERNAL", "Internal"},
		{"UNAVAILABLE", "Unavailable"},
		{"DATA_LOSS", "DataLoss"},
		{"UNAUTHENTICATED", "Unauthenticated"},
		{"CLUSTER_EVENT", "Code(17)"},
	}
}

// String gives Vitess's name, such as CLUSTER_EVENT; a number without a name prints as a number.
func (c Code) String() string {
	if names := codeNames(); c >= 0 && int(c) < len(names) {
		return names[c].vitess
	}
	return strconv.Itoa(int(c))
}

// GRPC gives the name in gRPC's texts. CLUSTER_EVENT is unknown to gRPC and prints Code(17).
// spec: T-46
func (c Code) GRPC() string {
	if names := codeNames(); c >= 0 && int(c) < len(names) {
		return names[c].grpc
	}
	return "Code(" + strconv.Itoa(int(c)) + ")"
}

// ParseCode finds the code with a Vitess name.
func ParseCode(name string) (Code, bool) {
	for i, n := range codeNames() {
		if n.vitess == name {
			return Code(i), true
		}
	}
	return Unknown, false
}
