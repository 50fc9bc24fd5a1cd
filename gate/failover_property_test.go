package gate_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/gate"
	"bufsim/gate/gatetest"
	"bufsim/model/flags"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/explore"
)

// turn is one thing that happens to one of the tablets.
type turn struct {
	tablet  int
	what    string
	refusal error
	pause   time.Duration
}

func turns() *rapid.Generator[[]turn] {
	refusals := []error{
		vterr.ShuttingDown(), vterr.NotServing(), vterr.ServerReadOnly("--super-read-only", "", ""), vterr.StreamBroken(),
		vterr.WrongTabletType("PRIMARY", "REPLICA", "[]"), vterr.StatementKilled(time.Second, 7, "", release.Latest().Behaviors),
	}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) turn {
		return turn{
			tablet:  rapid.IntRange(0, 1).Draw(t, "tablet"),
			what:    rapid.SampledFrom([]string{"serve", "stop", "refuse", "refuse", "obey", "crash", "up", "replica"}).Draw(t, "what"),
			refusal: rapid.SampledFrom(refusals).Draw(t, "refusal"),
			pause:   time.Duration(rapid.IntRange(0, 4000).Draw(t, "pause")) * time.Millisecond,
		}
	}), 1, 12)
}

// fate notes how each call for a row ended.
type fates map[int64][]error

// take makes a tablet answer with a refusal, or well, and note it.
func (f fates) take(tablet *gatetest.Tablet, refusal error) {
	tablet.Answer = func(_ *sim.Context, method string, req any) (any, error) {
		if r, ok := req.(*query.ExecuteRequest); ok {
			f[r.Statement.Key] = append(f[r.Statement.Key], refusal)
		}
		if refusal != nil {
			return nil, refusal
		}
		return tablet.Open(method), nil
	}
}

// happen makes a turn; term counts the primary terms.
func (f fates) happen(c *cluster, turn turn, term *int64) {
	tablet := c.tablets[[]string{"zone1-100", "zone1-101"}[turn.tablet]]
	switch turn.what {
	case "serve", "stop":
		if tablet.Type != topodata.Primary {
			*term++
		}
		tablet.Type = topodata.Primary
		tablet.Say(turn.what == "serve", *term)
	case "replica":
		tablet.Type = topodata.Replica
		tablet.Say(true, 0)
	case "refuse":
		f.take(tablet, turn.refusal)
	case "obey":
		f.take(tablet, nil)
	case "crash":
		tablet.Crash()
	case "up":
		tablet.Down = false
	}
	c.env.Sleep(turn.pause)
}

// Clients of a shard that fails over in any manner, under any schedule: each gets one of a few
// error numbers; what was acknowledged was done by the last call that was made for it; and no
// row is sent more often than there are attempts. spec: GI-1, GI-10, GI-11, G-69, G-78, G-79
func TestFailoversAsClientsSeeThem(t *testing.T) {
	acknowledged, numbers := 0, map[int]int{}
	rapid.Check(t, func(rt *rapid.T) {
		script, seed := turns().Draw(rt, "turns"), rapid.Uint64().Draw(rt, "schedule")
		limit := rapid.SampledFrom([]int{0, 500}).Draw(rt, "query-timeout")
		calls, answers := fates{}, map[int64]string{}
		cfg := sim.Config{Seed: seed, Chooser: explore.NewRandom(seed, true)}
		playUnder(rt, cfg, gate.Timings{}, unsharded(), []string{"0"}, func(c *cluster) {
			term := int64(1000)
			for _, tablet := range c.tablets {
				calls.take(tablet, nil)
			}
			group := c.env.NewWaitGroup("clients")
			for client := range int64(3) {
				group.Go("client", func() {
					m := c.connect("commerce")
					for i := range int64(4) {
						row := 10*client + i + 1
						answers[row] = m.do(query.VerbInsert, func(s *query.Statement) { s.Key = row })
						c.env.Sleep(time.Duration(client+1) * 700 * time.Millisecond)
					}
				})
			}
			for _, turn := range script {
				calls.happen(c, turn, &term)
			}
			group.Wait()
		}, buffering, func(f *flags.Set, _ *release.Profile) { f.VTGate.QueryTimeout = limit })
		for row, answer := range answers {
			made := calls[row]
			require.LessOrEqual(rt, len(made), 3, "GI-1")
			if answer == "ok" {
				acknowledged++
				require.NoError(rt, made[len(made)-1], "GI-11")
				continue
			}
			number, _, _ := strings.Cut(answer, " ")
			n, err := strconv.Atoi(number)
			require.NoError(rt, err, answer)
			require.True(rt, slices.Contains([]int{1105, 1290, 1317}, n), "GI-10: %s", answer)
			numbers[n]++
		}
	})
	require.Positive(t, acknowledged)
	require.Len(t, numbers, 3, fmt.Sprint(numbers))
}
