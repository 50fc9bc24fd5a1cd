// Package explain says why requests failed: what happened to each on its way through gate,
// buffer and tablets, which of a closed list of causes that was, and which smallest change of
// a setting would have saved it.
//
//   - [Watch] collects the events of a run, and [NewAccount] puts them together by request.
//   - A [Failure] is one statement that its client saw failing, with its [Cause]; [Account.Groups]
//     counts failures by cause.
//   - [Account.Chain] tells what happened to a request, in order, in plain words.
//   - [Search.Savers] finds remedies by counterfactual runs: the same scenario and seed with one thing
//     changed, the smallest change found by bisection, and played again to be sure.
//   - [Tell] puts any event in words; explanations of cases that package hunt has found are made of
//     these, and of the same searches.
//   - [FindTiming] moves an operation to and fro, to find the instants at which runs fail.
//   - [Account.Lanes] is what a timeline figure draws: one lane for each client.
//
// What is said follows from the trace alone, never from an error's text if an event tells the
// same. A failure that no rule explains is called unexplained, not guessed at.
//
// # Invariants
//
//   - Each failed statement of a run has exactly one cause.
//   - A remedy was played: with it, what it is for does not fail, and not more fails elsewhere.
//
// # Example
//
//	w := explain.NewWatch()
//	result, err := runner.Run(s, runner.Options{Sink: w})
//	...
//	account := explain.NewAccount(w, result, flags)
//	for _, g := range account.Groups() {
//		fmt.Println(len(g.Failures), g.Cause.Title)
//	}
package explain
