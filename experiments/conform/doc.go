// Package conform plays recorded schedules of Vitess's own code against ours and compares what
// came out. The recordings lie in testdata/conformance; its README describes them.
//
// Here are the recordings of the buffer: [CheckBuffer] plays a schedule of requests,
// cancellations, keyspace events and shutdowns in a world of its own; [CheckFlags] makes a
// start-up check; [CheckClassify] classifies an error. [CheckDiscovery] plays the recordings of the
// keyspace event watcher, alone or with health check, buffer and gateway. Each gives a [Result] that says, field
// by field, what differs and which rule is about it.
//
// [Play] reads files of any kind and gives a [Report]: what `bufsim conform` prints. A vector with
// steps at the same instant lists several outcomes; [MeasureReach] counts which of them random
// schedules bring about, and names the rule that allows an outcome which nobody recorded.
//
//	vectors, err := conform.Load[conform.BufferVector]("testdata/conformance/buffer/hand-drain.jsonl")
//	for _, v := range vectors {
//		if r := conform.CheckBuffer(v, conform.Newest()); !r.Passed {
//			fmt.Println(r)
//		}
//	}
package conform
