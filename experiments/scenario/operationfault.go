package scenario

import (
	"strconv"
	"time"

	"bufsim/sim/fault"
)

// Fault is the fault that an operation of the timeline stands for; ok is false for the
// operator's own commands. Its When is not used.
func (o *Operation) Fault() (f fault.Fault, ok bool) {
	f.Target, f.Peer = string(o.Args.Target), string(o.Args.Peer)
	if o.Args.Component != "" && o.Args.Component != ComponentVTTablet {
		f.Target = string(o.Args.Component) + ":" + f.Target
	}
	if o.Args.For != nil {
		f.For = max(o.Args.For.Std(), time.Nanosecond) // at once, but not for ever
	}
	switch o.Do {
	case DoKill:
		f.Do = fault.DoCrash
	case DoRestart:
		f.Do = FaultRestart
	case DoPause:
		f.Do = fault.DoPause
	case DoPartition:
		f.Do = fault.DoPartition
		if f.Peer == "" {
			f.Do = fault.DoIsolate
		}
	case DoHeal:
		f.Do = fault.DoHeal
	case DoStopApplier:
		f.Do = FaultStopApplier
	case DoSetDelay:
		f.Do = FaultSetDelay
		f.Args = []fault.Arg{{Name: "delay", Value: o.Args.Delay.String()}}
	case DoSetWritable:
		f.Do = FaultSetWritable
		f.Args = []fault.Arg{{Name: "value", Value: strconv.FormatBool(*o.Args.Value)}}
	default:
		return fault.Fault{}, false
	}
	return f, true
}
