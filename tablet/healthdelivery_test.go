package tablet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/tablet"
)

// A subscriber that does not read is cut off when its buffer is full, with a text that asks
// it to come back; another one that reads is not.
// spec: T-71, D-5
func TestSlowSubscriberIsCutOff(t *testing.T) {
	play(t, setting{change: func(f *flags.Set) { f.VTTablet.StreamHealthBufferSize = 3 }}, func(x *stage) {
		tb := x.tablets[primary]
		messages := x.watchHealth(primary)
		var end error
		done := x.env.NewEvent("ended")
		x.env.Go("slow", func() {
			stream, err := x.dial(primary, topodata.Primary).conn.Stream(x.env.Background(), query.MethodStreamHealth, &query.StreamHealthRequest{})
			for err == nil {
				_, err = stream.Recv()
			}
			end = err
			done.Set()
		})
		x.env.Sleep(10 * time.Millisecond)
		tb.SetHealthDelivery(tablet.HealthHeld)
		for range 4 {
			tb.RunHealthCheck()
			x.env.Sleep(time.Millisecond)
		}
		x.env.Sleep(time.Second)
		require.False(x, done.IsSet(), "one in the hand and three in the buffer")
		require.Len(x, *messages, 1)
		tb.RunHealthCheck()
		done.Wait()
		require.Equal(x, vterr.ResourceExhausted, vterr.CodeOf(end))
		require.ErrorContains(x, end, "stream health buffer overflowed. client should reconnect for up-to-date status")

		tb.SetHealthDelivery(tablet.HealthDelivered)
		messages = x.watchHealth(primary)
		x.env.Sleep(10 * time.Millisecond)
		for range 30 {
			tb.RunHealthCheck()
			x.env.Sleep(time.Millisecond)
		}
		x.env.Sleep(time.Second)
		require.Len(x, *messages, 31)
	})
}

// Held messages come in their order when the subscriber reads again; dropped ones never come,
// though the stream goes on.
// spec: T-71, T-156
func TestHealthDelivery(t *testing.T) {
	for way, want := range map[tablet.HealthDelivery][]bool{
		tablet.HealthHeld:    {true, false, true, true},
		tablet.HealthDropped: {true, true},
	} {
		play(t, setting{release: "v21"}, func(x *stage) {
			messages := x.watchHealth(primary)
			x.env.Sleep(10 * time.Millisecond)
			x.tablets[primary].SetHealthDelivery(way)
			x.demote()
			x.env.Sleep(10 * time.Millisecond)
			require.NoError(x, x.tmc.UndoDemotePrimary(x.within(remoteTimeout), alias(primary), false))
			x.env.Sleep(10 * time.Millisecond)
			require.Len(x, *messages, 1)
			x.tablets[primary].SetHealthDelivery(tablet.HealthDelivered)
			x.tablets[primary].RunHealthCheck()
			x.env.Sleep(10 * time.Millisecond)
			var serving []bool
			for _, m := range *messages {
				serving = append(serving, m.msg.Serving)
			}
			require.Equal(x, want, serving, way)
		})
	}
}
