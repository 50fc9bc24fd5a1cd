package conform

import (
	"bufsim/gate/buffer"
	"bufsim/model/release"
	"bufsim/model/vterr"
)

// ClassifyVector is an error and how Vitess classifies it.
type ClassifyVector struct {
	ID             string `json:"id"`
	Group          string `json:"group"`
	Upstream       string `json:"upstream"`
	Note           string `json:"note"`
	Code           string `json:"code"`
	Message        string `json:"message"`
	ExpectFailover bool   `json:"expect_failover"`
	ExpectReparent bool   `json:"expect_reparent"`
	ExpectReason   string `json:"expect_reason"`
}

// classification is the part that is compared.
type classification struct {
	Failover bool   `json:"failover"`
	Reparent bool   `json:"reparent"`
	Reason   string `json:"reason"`
}

// CheckClassify classifies the error of a vector.
func CheckClassify(v ClassifyVector, b release.Behaviors) Result {
	code, known := vterr.ParseCode(v.Code)
	err := error(vterr.New(code, v.Message))
	if !known {
		err = plainError(v.Message)
	}
	got := classification{buffer.CausedByFailover(err, b), buffer.DueToReparent(err), buffer.FailoverReason(err, b)}
	want := classification{v.ExpectFailover, v.ExpectReparent, v.ExpectReason}
	r := Result{ID: v.ID, Note: v.Note, Schedule: "default"}
	r.Diffs = Compare(want, got, []FieldRule{{"failover", "B-5"}, {"reparent", "B-7"}, {"reason", "B-6"}})
	r.Passed = len(r.Diffs) == 0
	return r
}
