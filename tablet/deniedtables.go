package tablet

import (
	"slices"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// deniedTables are the tables that the shard record takes away from the tablet's type.
// spec: T-47
type deniedTables struct {
	t          *Tablet
	mu         *sim.Mutex
	tables     []string
	allowReads bool
}

func newDeniedTables(t *Tablet) *deniedTables {
	return &deniedTables{t: t, mu: t.env.NewMutex("denied-tables")}
}

// load takes the rules from the shard record for a tablet type.
func (d *deniedTables) load(shard *topodata.Shard, own topodata.TabletType) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tables, d.allowReads = nil, false
	control, found := shard.TabletControl(own)
	if !found || len(control.Cells) > 0 && !slices.Contains(control.Cells, d.t.opts.Alias.Cell) {
		return
	}
	d.tables = slices.Clone(control.DeniedTables)
	d.allowReads = control.AllowReads && d.t.behaviors.DeniedTablesAllowReads
}

// check refuses a statement that touches a denied table.
func (d *deniedTables) check(st query.Statement, caller string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.tables) == 0 || st.Table == "" || d.allowReads && st.Verb.IsRead() || !slices.Contains(d.tables, st.Table) {
		return nil
	}
	return vterr.DeniedTables(caller)
}
