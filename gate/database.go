package gate

import (
	"strings"

	"bufsim/model/topodata"
	"bufsim/model/vterr"
)

// database is what a client may name in place of a MySQL database.
type database struct {
	keyspace, shard string
	tabletType      topodata.TabletType
}

// parseDatabase reads keyspace, keyspace@type, keyspace:shard and keyspace:shard@type. Without
// a type it is PRIMARY.
func parseDatabase(text string) (database, error) {
	d := database{tabletType: topodata.Primary}
	name, typeName, typed := strings.Cut(strings.Trim(text, "`"), "@")
	if typed {
		t, err := topodata.ParseTabletType(typeName)
		if err != nil {
			return d, vterr.New(vterr.InvalidArgument, err.Error())
		}
		if t == topodata.Unknown {
			return d, vterr.New(vterr.InvalidArgument, "unknown TabletType "+typeName)
		}
		d.tabletType = t
	}
	d.keyspace, d.shard, _ = strings.Cut(name, ":")
	return d, nil
}
