package tune

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"bufsim/experiments/scenario"
)

// Target is what failovers must keep. The zero Target is: no failed statement.
type Target struct {
	// ErrorsMax bounds the failed statements of each run, unless Rate is set.
	ErrorsMax int `json:"max_errors"`
	// RateMax bounds the mean over runs of the share of failed statements; 0 is not asked.
	RateMax float64 `json:"max_error_rate,omitempty"`
	// PauseP99 bounds the 99th percentile of the pauses, PauseMax the longest; 0 is not
	// asked. See [Outcome.Pauses].
	PauseP99 time.Duration `json:"p99_pause_ns,omitempty"`
	PauseMax time.Duration `json:"max_pause_ns,omitempty"`
}

// ParseErrors reads a number of failed statements a run, or a share such as 0.1%.
func (t *Target) ParseErrors(text string) error {
	if strings.HasSuffix(text, "%") {
		var share scenario.Share
		if err := share.UnmarshalText([]byte(text)); err != nil || share == 0 {
			return fmt.Errorf("%q is not a share such as 0.1%%; for none write 0", text)
		}
		t.RateMax = float64(share)
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is neither a number of failed statements such as 0 nor a share such as 0.1%%", text)
	}
	t.ErrorsMax = n
	return nil
}

// String says the target in words.
func (t Target) String() string {
	var parts []string
	switch {
	case t.RateMax > 0:
		parts = append(parts, fmt.Sprintf("at most %s of the statements fail", share(t.RateMax)))
	case t.ErrorsMax == 0:
		parts = append(parts, "no statement fails")
	default:
		parts = append(parts, fmt.Sprintf("at most %d statements of a run fail", t.ErrorsMax))
	}
	if t.PauseP99 > 0 {
		parts = append(parts, fmt.Sprintf("99 %% of the pauses are at most %v", t.PauseP99))
	}
	if t.PauseMax > 0 {
		parts = append(parts, fmt.Sprintf("no pause is longer than %v", t.PauseMax))
	}
	return strings.Join(parts, ", ")
}

func share(x float64) string { return strconv.FormatFloat(100*x, 'g', 3, 64) + " %" }

// Missed says in words what an outcome breaks, "" if it meets the target.
func (t Target) Missed(o *Outcome) string { return t.missed(o, (*Run).all) }

// missed counts the failed statements of a run as count says.
func (t Target) missed(o *Outcome, count func(*Run) int) string {
	p99, longest := o.PauseP99(), o.LongestPause()
	switch {
	case o.Stuck > 0:
		return fmt.Sprintf("%d statements had no answer when their run ended", o.Stuck)
	case t.RateMax > 0 && o.rate(count) > t.RateMax:
		return fmt.Sprintf("%s of the statements failed", share(o.rate(count)))
	case t.RateMax == 0 && o.worst(count) > t.ErrorsMax:
		return fmt.Sprintf("%d of %d runs had failed statements, up to %d", o.Hit(), len(o.Runs), o.worst((*Run).all))
	case t.PauseP99 > 0 && p99 > t.PauseP99:
		return fmt.Sprintf("the 99th percentile of the pauses was %v", round(p99))
	case t.PauseMax > 0 && longest > t.PauseMax:
		return fmt.Sprintf("the longest pause was %v", round(longest))
	}
	return ""
}
