// Package gateslap reads the configuration of gateslap, the traffic generator
// of the published buffering scenarios, so that bufsim can replay the same
// files with the same effect.
//
// What is here: the .ini reader with the rules of Python's configparser, the
// typed [Config] with gateslap's idea of truth and of retry counts, the load
// that the original has mysqlslap generate (as verbs, without texts), the
// reader of custom SQL files, and the numbers of the connection pool.
//
// What is left out: the clients themselves. A [Config] says what each worker
// does; who plays the workers is the business of the workload.
//
// Invariants kept:
//   - An original file loads unchanged; unknown keys are reported, never fatal.
//   - Every error names file, line and column, the section and the key.
//   - A value is taken as gateslap takes it, including where that surprises:
//     `blocking=false` blocks, because a string that is not empty is true.
//
// Example:
//
//	cfg, err := gateslap.Builtin("01_light_traffic")
//	if err != nil {
//		return err
//	}
//	for verb := range cfg.Statements() {
//		fmt.Println(verb) // insert, insert, ... select
//	}
package gateslap
