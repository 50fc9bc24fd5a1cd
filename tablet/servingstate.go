package tablet

// ServingState is a state of the state manager.
// spec: T-10
type ServingState uint8

// The states.
const (
	NotConnected ServingState = iota
	NotServing
	Serving
)

// String gives Vitess's words.
func (s ServingState) String() string {
	return [...]string{"Not connected to mysql", "Not Serving", "Serving"}[s]
}
