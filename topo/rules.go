package topo

import (
	"bufsim/model/topodata"
	"bufsim/sim"
)

// GetRoutingRules reads the global routing rules; none is no error.
func (s *Server) GetRoutingRules(ctx *sim.Context) ([]topodata.RoutingRule, error) {
	rec, err := s.getRules(ctx, routingRulesPath)
	return rec.RoutingRules, err
}

// SaveRoutingRules stores the global routing rules whatever was there before; no
// rules delete the record. They reach the gates by RebuildSrvVSchema.
// spec: O-20, O-21
func (s *Server) SaveRoutingRules(ctx *sim.Context, rules []topodata.RoutingRule) error {
	return s.saveRules(ctx, routingRulesPath, len(rules) == 0, &topodata.SrvVSchema{RoutingRules: rules})
}

// GetShardRoutingRules reads the global shard routing rules; none is no error.
func (s *Server) GetShardRoutingRules(ctx *sim.Context) ([]topodata.ShardRoutingRule, error) {
	rec, err := s.getRules(ctx, shardRoutingRulePath)
	return rec.ShardRoutingRules, err
}

// SaveShardRoutingRules is SaveRoutingRules for the shard routing rules.
func (s *Server) SaveShardRoutingRules(ctx *sim.Context, rules []topodata.ShardRoutingRule) error {
	return s.saveRules(ctx, shardRoutingRulePath, len(rules) == 0, &topodata.SrvVSchema{ShardRoutingRules: rules})
}

// GetMirrorRules reads the global mirror rules; none is no error.
func (s *Server) GetMirrorRules(ctx *sim.Context) ([]topodata.MirrorRule, error) {
	rec, err := s.getRules(ctx, mirrorRulesPath)
	return rec.MirrorRules, err
}

// SaveMirrorRules is SaveRoutingRules for the mirror rules.
func (s *Server) SaveMirrorRules(ctx *sim.Context, rules []topodata.MirrorRule) error {
	return s.saveRules(ctx, mirrorRulesPath, len(rules) == 0, &topodata.SrvVSchema{MirrorRules: rules})
}

// GetKeyspaceRoutingRules reads the global keyspace routing rules; none is no error.
func (s *Server) GetKeyspaceRoutingRules(ctx *sim.Context) ([]topodata.KeyspaceRoutingRule, error) {
	rec, err := s.getRules(ctx, keyspaceRulesPath)
	return rec.KeyspaceRoutingRules, err
}

// SaveKeyspaceRoutingRules is SaveRoutingRules for the keyspace routing rules, except
// that the record stays when there are no rules. spec: O-21
func (s *Server) SaveKeyspaceRoutingRules(ctx *sim.Context, rules []topodata.KeyspaceRoutingRule) error {
	return s.saveRules(ctx, keyspaceRulesPath, false, &topodata.SrvVSchema{KeyspaceRoutingRules: rules})
}

// A file of rules holds a routing record of which only its own rules are set.
func (s *Server) getRules(ctx *sim.Context, path string) (topodata.SrvVSchema, error) {
	rec, _, err := getRecord[topodata.SrvVSchema](ctx, s.global, path)
	if IsErrType(err, NoNode) {
		return topodata.SrvVSchema{}, nil
	}
	if err != nil {
		return topodata.SrvVSchema{}, err
	}
	return *rec, nil
}

func (s *Server) saveRules(ctx *sim.Context, path string, empty bool, rec *topodata.SrvVSchema) error {
	if !empty {
		_, err := s.global.Update(ctx, path, encode(rec), AnyVersion)
		return err
	}
	if err := s.global.Delete(ctx, path, AnyVersion); err != nil && !IsErrType(err, NoNode) {
		return err
	}
	return nil
}
