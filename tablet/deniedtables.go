package tablet

import (
	"slices"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// deniedTables are the tables that the shard record takes away from the tablet's type. The
// record is remembered from its last reading, so that a change of type needs no topology.
// spec: T-47
type deniedTables struct {
	t          *Tablet
	mu         *sim.Mutex
	controls   []topodata.TabletControl
	own        topodata.TabletType
	tables     []string
	allowReads bool
}

func newDeniedTables(t *Tablet) *deniedTables {
	return &deniedTables{t: t, mu: t.env.NewMutex("denied-tables")}
}

// load takes the rules from the shard record.
func (d *deniedTables) load(shard *topodata.Shard) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.controls = shard.Clone().TabletControls
	d.compile()
}

// enter takes the rules of a tablet type.
func (d *deniedTables) enter(own topodata.TabletType) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.own = own
	d.compile()
}

func (d *deniedTables) compile() {
	d.tables, d.allowReads = nil, false
	for _, c := range d.controls {
		if c.TabletType == d.own && (len(c.Cells) == 0 || slices.Contains(c.Cells, d.t.opts.Alias.Cell)) {
			d.tables, d.allowReads = c.DeniedTables, c.AllowReads && d.t.behaviors.DeniedTablesAllowReads
		}
	}
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
