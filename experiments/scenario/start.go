package scenario

// Start says what the world holds when the timeline begins.
type Start string

// The starts.
const (
	// StartInitialised is a cluster that has been up for a while: all processes run,
	// every shard has its primary, the gates answer.
	StartInitialised Start = "initialised"
	// StartFromNothing is an empty topology server and one empty MySQL server for each
	// tablet. The timeline brings up everything else. spec: topo 13
	StartFromNothing Start = "from-nothing"
)

// Values lists the starts.
func (Start) Values() []string {
	return []string{string(StartInitialised), string(StartFromNothing)}
}
