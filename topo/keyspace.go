package topo

import (
	"bufsim/model/topodata"
	"bufsim/sim"
)

// CreateKeyspace adds a keyspace; NodeExists if there is one of that name. An
// empty sidecar database name becomes the default. spec: O-4, O-46
func (s *Server) CreateKeyspace(ctx *sim.Context, keyspace string, ks *topodata.Keyspace) error {
	if err := topodata.ValidateName(keyspace); err != nil {
		return err
	}
	rec := ks.Clone()
	if rec.SidecarDBName == "" {
		rec.SidecarDBName = topodata.SidecarDBNameDefault
	}
	_, err := s.global.Create(ctx, keyspacePath(keyspace), encode(&rec))
	return err
}

// GetKeyspace reads a keyspace's record; NoNode if there is none.
func (s *Server) GetKeyspace(ctx *sim.Context, keyspace string) (*topodata.Keyspace, error) {
	ks, _, err := getRecord[topodata.Keyspace](ctx, s.global, keyspacePath(keyspace))
	return ks, err
}

// GetKeyspaces lists the keyspaces, sorted; none is no error.
func (s *Server) GetKeyspaces(ctx *sim.Context) ([]string, error) {
	return names(s.global.ListDir(ctx, keyspacesDir, false))
}

// UpdateKeyspaceFields changes a keyspace's record by read-modify-write. ctx must
// hold the keyspace's lock. spec: O-19, O-22
func (s *Server) UpdateKeyspaceFields(ctx *sim.Context, keyspace string, update func(*topodata.Keyspace) error) (*topodata.Keyspace, error) {
	if err := s.CheckKeyspaceLocked(ctx, keyspace); err != nil {
		return nil, err
	}
	return updateRecord(ctx, s.global, keyspacePath(keyspace), update)
}

// VSchema is a keyspace's sharding schema; bufsim models only that there is one.
type VSchema struct{}

// Clone gives a copy.
func (v VSchema) Clone() VSchema { return v }

// EnsureVSchema writes a blank schema, unless the keyspace has one. spec: topo 13
func (s *Server) EnsureVSchema(ctx *sim.Context, keyspace string) error {
	_, _, err := s.global.Get(ctx, vschemaPath(keyspace))
	if !IsErrType(err, NoNode) {
		return err
	}
	_, err = s.global.Update(ctx, vschemaPath(keyspace), encode(&VSchema{}), AnyVersion)
	return err
}

// SaveVSchema stores a keyspace's schema whatever was there before. It reaches the gates by
// RebuildSrvVSchema. spec: O-20, topo 13
func (s *Server) SaveVSchema(ctx *sim.Context, keyspace string, v *VSchema) error {
	_, err := s.global.Update(ctx, vschemaPath(keyspace), encode(v), AnyVersion)
	return err
}
