package conform

import (
	"fmt"
	"slices"

	"bufsim/model/topodata"
)

// checkStep refuses a step that the player does not know, or that names a tablet which is not
// there.
func (v *DiscoveryVector) checkStep(s DiscoveryStep) error {
	switch s.Op {
	case "srv_keyspace", "srv_keyspace_error", "denied_tables", "vschema", "mark_not_serving", "query":
		return nil
	case "health":
		if err := checkType(s.Type); err != nil {
			return err
		}
		return v.checkTablet(s.Tablet)
	case "tablet_mode":
		if !knownMode(s.Mode) {
			return fmt.Errorf("unknown mode of a tablet %q", s.Mode)
		}
		return v.checkTablet(s.Tablet)
	case "stream_end", "stream_up", "remove_tablet", "request":
		if len(v.Tablets) == 0 {
			return fmt.Errorf("op %s needs tablets, and the vector lists none", s.Op)
		}
		if s.Op == "request" {
			return nil
		}
		return v.checkTablet(s.Tablet)
	default:
		return fmt.Errorf("unknown op %q", s.Op)
	}
}

// checkTablet wants an alias, and one of the listed tablets if there are any.
func (v *DiscoveryVector) checkTablet(name string) error {
	if err := checkAlias(name); err != nil {
		return err
	}
	same := func(t ScriptedTablet) bool { return checkAlias(t.Alias) == nil && alias(t.Alias) == alias(name) }
	if len(v.Tablets) > 0 && !slices.ContainsFunc(v.Tablets, same) {
		return fmt.Errorf("tablet %s is not one of the vector's tablets", name)
	}
	return nil
}

func checkAlias(text string) error {
	_, err := topodata.ParseTabletAlias(text)
	return err
}

func checkType(text string) error {
	_, err := topodata.ParseTabletType(text)
	return err
}

func knownMode(mode string) bool {
	switch mode {
	case "ok", "wrong_type", "denied", "app_error":
		return true
	default:
		_, known := cause(mode)
		return known && mode != "" && mode != "none"
	}
}
