package mutants

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// writeOverlay puts the faulty source into dir, and the file beside it that tells `go` to read
// it in place of the good one.
func (m Mutant) writeOverlay(root, dir string) (overlay string, err error) {
	good := filepath.Join(root, m.File)
	source, err := os.ReadFile(good)
	if err != nil {
		return "", err
	}
	faulty, err := m.Apply(source)
	if err != nil {
		return "", err
	}
	bad := filepath.Join(dir, filepath.Base(m.File))
	if err := os.WriteFile(bad, faulty, 0o644); err != nil {
		return "", err
	}
	table, err := json.Marshal(map[string]map[string]string{"Replace": {good: bad}})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, table, 0o644)
}
