package flags_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/model/flags"
	"bufsim/model/release"
)

func profile(t testing.TB, name string) release.Profile {
	t.Helper()
	p, err := release.Lookup(name)
	require.NoError(t, err)
	return p
}

// Every spelling that some release takes is taken for every release.
// spec: buffer 2.1
func TestSpellings(t *testing.T) {
	for _, args := range []string{
		"--buffer-window=3s", "--buffer_window 3s", "-buffer_window=3s", "-buffer-window 3s", "--buffer_window=3000ms",
	} {
		for _, p := range release.All() {
			parsed, err := flags.Parse(strings.Fields(args), p)
			require.NoError(t, err, args)
			require.Equal(t, 3*time.Second, parsed.Flags.VTGate.BufferWindow, args)
			require.Equal(t, []string{"buffer-window"}, parsed.Given)
		}
	}
	for _, arg := range []string{"-enable_buffer", "-enable_buffer=1", "--enable-buffer", "--enable-buffer=true", "--enable_buffer=T"} {
		parsed, err := flags.Parse([]string{arg}, release.Latest())
		require.NoError(t, err, arg)
		require.True(t, parsed.Flags.VTGate.EnableBuffer, arg)
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ release, args, want string }{
		{"v24", "--bufer-window=3s", "unknown flag --bufer-window: did you mean --buffer-window?"},
		{"v24", "-buffer_windw 3s", "unknown flag -buffer_windw: did you mean --buffer-window?"},
		{"v24", "--buffer_max-failover-duration=3s", "unknown flag --buffer_max-failover-duration: did you mean --buffer-max-failover-duration?"},
		{"v24", "--zzz", "unknown flag --zzz: bufsim knows the flags that matter for buffering; pass a whole vtgate command line as a file to skip the others"},
		{"v24", "--buffer-window=3", `invalid value "3" for --buffer-window: want a duration with a unit, such as 3s or 500ms`},
		{"v19", "--buffer-window=x", `invalid value "x" for --buffer_window: want a duration with a unit, such as 3s or 500ms`},
		{"v12", "--buffer-size=4k", `invalid value "4k" for -buffer_size: want a whole number`},
		{"v24", "--enable-buffer=yes", `invalid value "yes" for --enable-buffer: want true or false`},
		{"v24", "--shutdown-grace-period=x", `invalid value "x" for --shutdown-grace-period: want a duration with a unit, such as 3s or 500ms, or a number of seconds`},
		{"v24", "--buffer-size", "flag --buffer-size needs a value (int)"},
		{"v24", "--enable-buffer true", `unexpected argument "true": flags look like --buffer-window=3s, and a switch takes its value after '=', as in --enable-buffer=true`},
		{"v24", "--", `unexpected argument "--": flags look like --buffer-window=3s, and a switch takes its value after '=', as in --enable-buffer=true`},
	} {
		_, err := flags.Parse(strings.Fields(c.args), profile(t, c.release))
		require.EqualError(t, err, c.want)
	}
}

// A user is told what his own release would have said.
// spec: buffer 2.1
func TestHints(t *testing.T) {
	for _, c := range []struct{ release, arg, want string }{
		{"v24", "--buffer_window=3s", "Flag --buffer_window has been deprecated, use --buffer-window instead"},
		{"v24", "--buffer-window=3s", ""},
		{"v24", "-buffer-window=3s", "v24 wants two dashes: --buffer-window"},
		{"v19", "--buffer-window=3s", "v19 spells --buffer-window as --buffer_window"},
		{"v19", "--buffer_window=3s", ""},
		{"v12", "-buffer_window=3s", ""},
		{"v12", "--buffer_window=3s", ""},
		{"v17", "--buffer_implementation=healthcheck", ""},
		{"v18", "--buffer_implementation=healthcheck", "The 'healthcheck' buffer implementation has been removed in v18 and this option will be removed in v19"},
	} {
		parsed, err := flags.Parse([]string{c.arg}, profile(t, c.release))
		require.NoError(t, err)
		require.Equal(t, c.want, strings.Join(parsed.Hints, "; "), "%s %s", c.release, c.arg)
	}
}

func TestSetByName(t *testing.T) {
	p := release.Latest()
	s := flags.Defaults(p)
	require.NoError(t, s.Set("buffer_size", "4", p))
	require.NoError(t, s.Set("--shutdown-grace-period", "1.5", p))
	require.Equal(t, 4, s.VTGate.BufferSize)
	require.Equal(t, 1500*time.Millisecond, s.VTTablet.ShutdownGracePeriod)
	require.ErrorContains(t, s.Set("buffer-siz", "4", p), "did you mean --buffer-size?")
	require.ErrorContains(t, s.Set("buffer-size", "", p), "want a whole number")
}

// The defaults that the specification names.
// spec: buffer 2.1, gateway 2, discovery 1, tablet 11, reparent 12
func TestDefaults(t *testing.T) {
	v24, v12 := flags.Defaults(profile(t, "v24")), flags.Defaults(profile(t, "v12"))
	require.Equal(t, 1000, v24.VTGate.BufferSize)
	require.Equal(t, 10, v12.VTGate.BufferSize)
	require.Equal(t, "healthcheck", v12.VTGate.BufferImplementation)
	require.Equal(t, 10*time.Second, v24.VTGate.BufferWindow)
	require.Equal(t, 20*time.Second, v24.VTGate.BufferMaxFailoverDuration)
	require.Equal(t, time.Minute, v24.VTGate.BufferMinTimeBetweenFailovers)
	require.Equal(t, 1, v24.VTGate.BufferDrainConcurrency)
	require.Equal(t, 2, v24.VTGate.RetryCount)
	require.Equal(t, 2*time.Millisecond, v24.VTGate.HealthCheckRetryDelay)
	require.True(t, v24.VTGate.TabletRefreshKnownTablets)
	require.False(t, v24.VTGate.LegacyReplicationLagAlgorithm)
	require.True(t, v12.VTGate.LegacyReplicationLagAlgorithm)
	require.Equal(t, 3*time.Second, v24.VTTablet.ShutdownGracePeriod)
	require.Zero(t, v12.VTTablet.ShutdownGracePeriod)
	require.Equal(t, 20, v24.VTTablet.TransactionCap)
	require.Equal(t, 30*time.Second, v24.VTTablet.QueryTimeout)
	require.Equal(t, 15*time.Second, v24.Common.RemoteOperationTimeout)
	require.Equal(t, 30*time.Second, v12.Common.RemoteOperationTimeout)
	require.Equal(t, 45*time.Second, v24.Common.LockTimeout)
	require.Equal(t, 15*time.Second, v24.VTCtld.WaitReplicasTimeout)
	for _, p := range release.All() {
		require.NoError(t, flags.Validate(flags.Defaults(p), p), p.Name)
	}
}

// Each flag has its own field and each field its flag; names and texts are complete.
func TestTableIsComplete(t *testing.T) {
	fields := 0
	for _, group := range []any{flags.Common{}, flags.VTGate{}, flags.VTTablet{}, flags.VTCtld{}, flags.VTOrc{}} {
		fields += reflect.TypeOf(group).NumField()
	}
	all := flags.Descriptions()
	require.Len(t, all, fields)
	p := release.Latest()
	names := map[string]bool{}
	for _, d := range all {
		require.False(t, names[d.Name], d.Name)
		names[d.Name] = true
		require.NotContains(t, d.Name, "_")
		require.True(t, strings.HasSuffix(d.Help, "."), d.Name)
		require.NotEmpty(t, d.Rule, d.Name)

		changed := flags.Defaults(p)
		require.NoError(t, changed.Set(d.Name, otherValue(d, p), p))
		differing := 0
		for _, other := range all {
			if other.Value(changed) != other.Value(flags.Defaults(p)) {
				differing++
			}
		}
		require.Equal(t, 1, differing, "%s has a field of its own", d.Name)
	}
}

// otherValue gives a value that is not the flag's default.
func otherValue(d flags.Description, p release.Profile) string {
	switch d.Kind {
	case flags.KindBool:
		if d.Default(p) == "true" {
			return "false"
		}
		return "true"
	case flags.KindInt:
		return "7777"
	case flags.KindString:
		return "other"
	default:
		return "77s"
	}
}

// What Format prints, Parse reads back, in every release and without hints about spelling.
func TestFormatRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(release.All()).Draw(t, "release")
		s := flags.Defaults(p)
		for _, d := range flags.Descriptions() {
			if !rapid.Bool().Draw(t, d.Name) {
				continue
			}
			var value string
			switch d.Kind {
			case flags.KindBool:
				value = rapid.SampledFrom([]string{"true", "false"}).Draw(t, "value")
			case flags.KindInt:
				value = rapid.SampledFrom([]string{"0", "1", "-3", "1000000"}).Draw(t, "value")
			case flags.KindString:
				value = rapid.SampledFrom([]string{"", "a", "ks/0,ks2", "a b"}).Draw(t, "value")
			default:
				value = time.Duration(rapid.Int64().Draw(t, "value")).String()
			}
			require.NoError(t, s.Set(d.Name, value, p))
		}
		printed := flags.Format(s, p)
		back, err := flags.Parse(printed, p)
		require.NoError(t, err)
		require.Equal(t, s, back.Flags)
		for _, hint := range back.Hints {
			require.Contains(t, hint, "buffer implementation")
		}
	})
	require.Empty(t, flags.Format(flags.Defaults(release.Latest()), release.Latest()))
}

func TestFormatSpelling(t *testing.T) {
	for name, want := range map[string]string{
		"v12": "-enable_buffer -buffer_size=4 -retry-count=5",
		"v19": "--enable_buffer --buffer_size=4 --retry-count=5",
		"v24": "--enable-buffer --buffer-size=4 --retry-count=5",
	} {
		p := profile(t, name)
		s := flags.Defaults(p)
		s.VTGate.EnableBuffer, s.VTGate.BufferSize, s.VTGate.RetryCount = true, 4, 5
		require.Equal(t, want, strings.Join(flags.Format(s, p), " "))
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"--buffer-window=3s", "-enable_buffer", "--x y", "--", "-", "--=", "--buffer_size"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		p := release.Latest()
		parsed, err := flags.Parse(strings.Fields(line), p)
		if err != nil {
			return
		}
		back, err := flags.Parse(flags.Format(parsed.Flags, p), p)
		require.NoError(t, err)
		require.Equal(t, parsed.Flags, back.Flags)
	})
}
