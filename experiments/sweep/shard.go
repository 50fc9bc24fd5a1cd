package sweep

import (
	"fmt"
	"strconv"
	"strings"
)

// Shard is one of Of equal parts of the runs of a plan, counted from 1. The zero
// Shard is all of them. Runs are dealt out one by one, so that parts take equally
// long.
type Shard struct{ Index, Of int }

// ParseShard reads `2/8`, the second of eight parts.
func ParseShard(text string) (Shard, error) {
	index, of, _ := strings.Cut(text, "/")
	i, err := strconv.Atoi(index)
	n, err2 := strconv.Atoi(of)
	if err != nil || err2 != nil || i < 1 || i > n {
		return Shard{}, fmt.Errorf("%q is not a part of a whole; write 2/8 for the second of eight parts", text)
	}
	return Shard{i, n}, nil
}

// arrays are the variables by which batch systems number the tasks of a job: the
// index, the number of tasks if it is there, and the number of the first task.
func arrays() []struct {
	name, index, of string
	first           int
} {
	return []struct {
		name, index, of string
		first           int
	}{
		{"a Kubernetes Indexed Job", "JOB_COMPLETION_INDEX", "", 0},
		{"a Slurm array", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", 0},
	}
}

// ShardFromEnvironment gives the shard of a task of a batch system: `auto/8`, or
// `auto` where the system tells how many tasks there are. env looks up a variable.
// Slurm's numbers may begin anywhere (SLURM_ARRAY_TASK_MIN); they must be without
// gaps.
//
// Kubernetes does not tell its pods how many completions the job has.
func ShardFromEnvironment(text string, env func(string) string) (Shard, error) {
	for _, a := range arrays() {
		if env(a.index) == "" {
			continue
		}
		i, err := strconv.Atoi(env(a.index))
		if err != nil {
			return Shard{}, fmt.Errorf("%s is %q, which is not a number", a.index, env(a.index))
		}
		if low, err := strconv.Atoi(env("SLURM_ARRAY_TASK_MIN")); err == nil && a.of != "" {
			i -= low
		}
		_, of, given := strings.Cut(text, "/")
		if !given && a.of != "" {
			of = env(a.of)
		}
		if of == "" {
			return Shard{}, fmt.Errorf("%s does not say how many tasks it has; write --shard auto/N", a.name)
		}
		return ParseShard(fmt.Sprintf("%d/%s", i+1, of))
	}
	return Shard{}, fmt.Errorf("--shard %s needs the variable JOB_COMPLETION_INDEX or SLURM_ARRAY_TASK_ID, and neither is set", text)
}

// String is the form that [ParseShard] reads, or "" for all runs.
func (s Shard) String() string {
	if s.Of == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Of)
}

// has reports whether the run with a number from 0 on belongs to the shard.
func (s Shard) has(run int) bool { return s.Of == 0 || run%s.Of == s.Index-1 }

// Size is how many of n runs belong to the shard.
func (s Shard) Size(n int) int {
	if s.Of == 0 {
		return n
	}
	return (n - s.Index + s.Of) / s.Of
}
