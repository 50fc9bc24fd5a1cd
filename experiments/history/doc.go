// Package history plays bugs that releases of Vitess really had, each in a small world of real
// components: a buffer alone, or health check, keyspace event watcher, buffer and gateway over
// stand-ins for tablets and topology. The pages in docs/bugs tell about each.
//
// A [Bug] says which releases have it, by their switches, and how to bring it about. [Bug.Hunt]
// plays its story under one schedule after the other until the bug shows, and gives the
// timeline in words. With the switches of a release that has the fix, no schedule shows it.
//
//	for _, bug := range history.All() {
//		if run, found := bug.Hunt(release.Latest().Behaviors); found {
//			fmt.Println(bug.Name, run.Schedule, run.Seen)
//		}
//	}
package history
