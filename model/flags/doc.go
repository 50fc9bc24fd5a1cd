// Package flags holds the Vitess flags that matter for failover buffering, as typed values:
// their names in every spelling, their defaults in every release, what they mean, how they
// are parsed and printed, and the start-up check of the buffer flags with its exact texts.
//
// One table (Descriptions) is the source of parsing, printing and documentation. A flag has
// one namespace for all components, as no two components use a name differently; what
// several programs share is in Common.
//
// Left out: flags without influence on the simulation. ParseCommandLine skips and names
// them, so that a real vtgate command line can be pasted.
//
// Invariants: Parse(Format(s)) gives s again; Defaults of every release pass Validate.
//
//	parsed, err := flags.Parse([]string{"--enable-buffer", "--buffer-window=3s"}, release.Latest())
//	fmt.Println(parsed.Flags.VTGate.BufferWindow, err) // 3s <nil>
package flags
