package groundtruth_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/groundtruth"
)

const folder = "../../testdata/groundtruth"

// records reads all recorded runs.
func records(t *testing.T) []*groundtruth.Measured {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	require.NoError(t, err)
	var list []*groundtruth.Measured
	for _, p := range paths {
		if !groundtruth.IsRun(p) {
			continue
		}
		m, err := groundtruth.Read(p)
		require.NoError(t, err)
		list = append(list, m)
	}
	require.Len(t, list, 49)
	return list
}

// Every record is understood: it becomes a scenario that passes all checks.
func TestRecordsAreUnderstood(t *testing.T) {
	for _, m := range records(t) {
		s, err := m.Shape()
		require.NoError(t, err, m.Name)
		require.NotEmpty(t, s.Workload)
	}
}

// edited reads a record with changes in its JSON.
func edited(t *testing.T, name string, change func(map[string]any)) (*groundtruth.Measured, error) {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(folder, name+".json"))
	require.NoError(t, err)
	var record map[string]any
	require.NoError(t, json.Unmarshal(src, &record))
	change(record)
	src, err = json.Marshal(record)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "edited.json")
	require.NoError(t, os.WriteFile(path, src, 0o600))
	return groundtruth.Read(path)
}

func load(record map[string]any) map[string]any { return record["load"].([]any)[0].(map[string]any) }

// What a record says and the loader does not know is an error that names it.
func TestUnknownThingsAreRefused(t *testing.T) {
	for mistake, change := range map[string]func(map[string]any){
		`unknown field "weather"`:                func(r map[string]any) { r["weather"] = "rain" },
		`kind "xa": want auto, sql or tx`:        func(r map[string]any) { load(r)["kind"] = "xa" },
		`kind sql without a statement`:           func(r map[string]any) { load(r)["kind"] = "sql" },
		`mode "hope": want exit, retry, fast`:    func(r map[string]any) { load(r)["mode"] = "hope" },
		`0 workers`:                              func(r map[string]any) { load(r)["n"] = 0 },
		`a pause from 50 to 5 ms`:                func(r map[string]any) { load(r)["smax"] = 5 },
		`it has both mode and load`:              func(r map[string]any) { r["mode"] = "fast" },
		`it has neither mode (first series) nor`: func(r map[string]any) { delete(r, "load") },
		`it lasts 0 s`:                           func(r map[string]any) { r["seconds"] = 0 },
		`1 tablets: a reparent needs two`:        func(r map[string]any) { r["tablets"] = 1 },
		`cannot unmarshal string into Go struct`: func(r map[string]any) { r["seconds"] = "ten" },
	} {
		_, err := edited(t, "kill-tablet-on", change)
		require.ErrorContains(t, err, mistake)
	}
}

// Operations are understood by the structure of their sentences.
// A kill happens at the end of its operation, the rest at the beginning.
func TestSentences(t *testing.T) {
	const drained = "after tablet.step call=DemotePrimary step=drained wait "
	for sentence, want := range map[string]string{
		"PlannedReparentShard":                                              "planned_reparent_shard ",
		"EmergencyReparentShard":                                            "emergency_reparent_shard ",
		"TabletExternallyReparented":                                        "tablet_externally_reparented zone1-100",
		"SetWritable false":                                                 "set_writable primary:commerce/0",
		"SetWritable true on zone1-101":                                     "set_writable zone1-101",
		"MySQL-level switch":                                                "at 7s switch-mysql zone1-100",
		"kill -9 of the vttablet of the primary (its mysqld lives)":         "at 8.009s crash zone1-102",
		"kill -9 of mysqld_safe and mysqld of zone1-101":                    "at 8.107s crash mysqld:zone1-101",
		"kill -9 of the mysqld of the primary":                              "at 8.107s crash mysqld:zone1-102 for 500ms",
		"kill -9 of etcd when the old primary is seen not serving":          drained + "17ms crash topo",
		"kill -9 of vtctld 2.5 s after the old primary is seen not serving": drained + "2.517s crash vtctld",
		"SIGTERM of the vttablet of the primary":                            "at 7s restart zone1-102 for 275ms",
		"STOP REPLICA SQL_THREAD on the candidate as soon as the old primary is seen not serving": drained + "17ms stop-applier zone1-100",
		"START REPLICA SQL_THREAD on zone1-101":                                                   "at 7s heal zone1-101",
	} {
		m, err := edited(t, "kill-tablet-on", func(r map[string]any) {
			r["ops"] = []any{map[string]any{"op": sentence, "start": 6, "end": 7}}
		})
		require.NoError(t, err)
		s, err := m.Shape()
		require.NoError(t, err, sentence)
		have := ""
		if n := len(s.Faults); n > 0 {
			have = s.Faults[n-1].String()
		} else {
			have = string(s.Timeline[0].Do) + " " + string(s.Timeline[0].Args.Target)
		}
		require.Equal(t, want, have, sentence)
	}
	for sentence, mistake := range map[string]string{
		"Reboot of the machine":                             "is not understood; known are sentences such as: PlannedReparentShard",
		"PlannedReparentShard --dry-run now":                "flag --dry-run is not played",
		"PlannedReparentShard --wait-replicas-timeout soon": "invalid duration",
		"kill -9 of the coffee machine":                     "is no process that is known here",
		"SetWritable true on zone1-900":                     "there is no tablet zone1-900",
		"etcd started":                                      "etcd was not killed before",
	} {
		m, err := edited(t, "kill-tablet-on", func(r map[string]any) {
			r["ops"] = []any{map[string]any{"op": sentence, "start": 6, "end": 7}}
		})
		require.NoError(t, err)
		_, err = m.Shape()
		require.ErrorContains(t, err, mistake, sentence)
	}
}

// What only a note tells: broken replicas and another health interval.
func TestNotes(t *testing.T) {
	for note, want := range map[string]string{
		"another replica (zone1-100) has a stopped applier (duplicate key)": "at 1s break-applier zone1-100",
		"One replica (zone1-100) is out with an errant GTID":                "at 1s write-errant zone1-100",
	} {
		m, err := edited(t, "kill-tablet-on", func(r map[string]any) { r["note"] = note })
		require.NoError(t, err)
		s, err := m.Shape()
		require.NoError(t, err)
		require.Equal(t, want, s.Faults[0].String())
	}
}
