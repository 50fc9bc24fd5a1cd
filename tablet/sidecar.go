package tablet

import (
	"bufsim/model/query"
	"bufsim/model/topodata"
)

// sidecarSchema stands for all tables of the sidecar database: one table that is there once
// they are.
const sidecarSchema = topodata.SidecarDBNameDefault + ".schema"

// syncSidecar makes sure that the sidecar database and its tables are there before a primary
// serves. They usually are, made by the shard's first primary and replicated; else these are
// writes, which a read-only server refuses and which wait for acknowledgements under
// semi-sync, in the middle of the promotion. No release of the model changes the tables.
// spec: T-22, T-88, T-122
func (sm *stateManager) syncSidecar() error {
	if there, _ := sm.t.mysql.Server().Table(sidecarSchema); there.Writes > 0 {
		return nil
	}
	for _, sql := range []string{
		"CREATE DATABASE IF NOT EXISTS " + topodata.SidecarDBNameDefault,
		"CREATE TABLE IF NOT EXISTS " + sidecarSchema,
	} {
		st := query.Statement{Verb: query.VerbDDL, Table: sidecarSchema, SQL: sql}
		if err := sm.t.tm.execute(sm.env.Background(), st); err != nil {
			return err
		}
	}
	return nil
}
