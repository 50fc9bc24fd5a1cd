package scenario

import "time"

// MySQL says how a MySQL server behaves.
type MySQL struct {
	// ReadTime and WriteTime are the service times of one statement, without
	// the wait for a semi-sync acknowledgement.
	// spec: W-40
	ReadTime  Dist `json:"read_time" jsonschema:"service time of a read"`
	WriteTime Dist `json:"write_time" jsonschema:"service time of a write, without the semi-sync wait"`
	// AckTime is what an acknowledgement costs on top of the round trip.
	AckTime Dist `json:"ack_time" jsonschema:"what a semi-sync acknowledgement costs on top of the round trip"`
	// ApplyTime is from the receipt of a transaction to its end on a replica
	// that is not behind.
	ApplyTime Dist `json:"apply_time" jsonschema:"time a replica takes to apply one transaction when it is not behind"`
	// ApplyRate bounds the transactions that a replica's applier gets done; a
	// primary that commits more of them leaves the replica behind.
	ApplyRate Rate `json:"apply_rate" jsonschema:"most transactions a replica applies, such as 40/s, or unlimited"`
	// ReplicationDelay holds every transaction back on a replica (SOURCE_DELAY).
	ReplicationDelay Duration `json:"replication_delay" jsonschema:"how long a replica holds each transaction back"`
	// SemiSyncSwitch is how long switching semi-sync off on a primary takes.
	SemiSyncSwitch SemiSyncSwitch `json:"semi_sync_switch" jsonschema:"how switching semi-sync off on a primary behaves"`
}

func (m *MySQL) setDefaults(d *decoder) {
	if d.mysql != (MySQL{}) {
		*m = d.mysql
		return
	}
	*m = MySQL{
		ReadTime:       Lognormal(500*time.Microsecond, 5*time.Millisecond),
		WriteTime:      Lognormal(1200*time.Microsecond, 8*time.Millisecond),
		AckTime:        Constant(300 * time.Microsecond),
		ApplyTime:      Lognormal(2*time.Millisecond, 20*time.Millisecond),
		ApplyRate:      Unlimited(),
		SemiSyncSwitch: SemiSyncSwitchPoll,
	}
}

// SemiSyncSwitch is a model of the switch.
//
// spec: T-117a
type SemiSyncSwitch string

// The models.
const (
	// SemiSyncSwitchPoll waits for the next acknowledgement or the end of the
	// receiver thread's one-second poll, as MySQL does.
	SemiSyncSwitchPoll SemiSyncSwitch = "poll"
	// SemiSyncSwitchInstant takes no time.
	SemiSyncSwitchInstant SemiSyncSwitch = "instant"
)

// Values lists the models.
func (SemiSyncSwitch) Values() []string {
	return []string{string(SemiSyncSwitchPoll), string(SemiSyncSwitchInstant)}
}
