package mutants

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// answersFormat changes when old answers would mean something else.
const answersFormat = "2"

// key names the answer of a package on a mutant: it changes with the mutant and with whatever
// the package's tests are made of.
func (b *Battery) key(ctx context.Context, m Mutant, pkg string) (string, error) {
	tree, err := contents.of(ctx, b.Root, pkg)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n%s\n%q\n%q\n%s\n", answersFormat, pkg, m.File, m.Before, m.After, tree)
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (b *Battery) remembered(key string) (a answer, ok bool) {
	if b.CacheDir == "" {
		return a, false
	}
	text, err := os.ReadFile(filepath.Join(b.CacheDir, key))
	return a, err == nil && json.Unmarshal(text, &a) == nil
}

func (b *Battery) remember(key string, a answer) error {
	if b.CacheDir == "" {
		return nil
	}
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(b.CacheDir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.CacheDir, key), text, 0o644)
}

// contents remembers the hashes of packages for the life of the process.
var contents = &contentHashes{hash: map[string]string{}}

type contentHashes struct {
	mu   sync.Mutex
	hash map[string]string
}

// of hashes all files that the tests of a package may read: those of the packages of this
// module that they are made of, with their testdata but without their tests, and the module's
// own.
func (c *contentHashes) of(ctx context.Context, root, pkg string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if hash, ok := c.hash[root+pkg]; ok {
		return hash, nil
	}
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-test", "-f", "{{if not .Standard}}{{.Dir}}{{end}}", pkg)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go list %s: %w", pkg, err)
	}
	dirs := []string{filepath.Join(root, "testdata")}
	for dir := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(dir, root+string(filepath.Separator)) && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	sum := sha256.New()
	for _, dir := range dirs {
		if err := hashDir(sum, root, dir, dir == filepath.Join(root, pkg)); err != nil {
			return "", err
		}
	}
	c.hash[root+pkg] = hex.EncodeToString(sum.Sum(nil))
	return c.hash[root+pkg], nil
}

// hashDir adds a folder's files, its tests if they are asked for, and everything below its
// testdata. The mutants themselves are left out: one more changes nothing for the others.
func hashDir(sum io.Writer, root, dir string, tests bool) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (rel == filepath.Join("testdata", "mutants") || d.Name() == "rapid"):
			return filepath.SkipDir
		case d.IsDir() && path != dir && !strings.Contains(rel, "testdata"):
			return filepath.SkipDir
		case d.IsDir(), !tests && strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		fmt.Fprintf(sum, "%s %x\n", rel, sha256.Sum256(text))
		return err
	})
}
