package gtid_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/model/gtid"
)

const (
	uuidA = "4fb7c72c-62c8-11ec-8287-8cae4cdeeda4"
	uuidB = "5fb7c72c-62c8-11ec-8287-8cae4cdeeda4"
)

func parse(t *testing.T, text string) gtid.Set {
	t.Helper()
	s, err := gtid.ParseSet(text)
	require.NoError(t, err)
	return s
}

// spec: T-101
func TestParseSet(t *testing.T) {
	for _, c := range []struct{ text, printed, wantErr string }{
		{text: "", printed: ""},
		{text: "  ", printed: ""},
		{text: uuidA + ":1-1677", printed: uuidA + ":1-1677"},
		{text: uuidA + ":5", printed: uuidA + ":5"},
		{text: uuidA + ":5-5", printed: uuidA + ":5"},
		{text: uuidA + ":8:1-5", printed: uuidA + ":1-5:8"},
		{text: uuidA + ":1-5:6-8", printed: uuidA + ":1-8"},
		{text: uuidA + ":1-5:3-9:7", printed: uuidA + ":1-9"},
		{text: uuidB + ":3,\n" + uuidA + ":1-5", printed: uuidA + ":1-5," + uuidB + ":3"},
		{text: uuidA + ":1," + uuidA + ":2", printed: uuidA + ":1-2"},
		{text: "4FB7C72C-62C8-11EC-8287-8CAE4CDEEDA4:1", printed: uuidA + ":1"},
		{text: uuidA, wantErr: "has no intervals"},
		{text: uuidA + ":", wantErr: "transaction number"},
		{text: uuidA + ":0", wantErr: "transaction number"},
		{text: uuidA + ":-5", wantErr: "transaction number"},
		{text: uuidA + ":5-3", wantErr: "ends before it starts"},
		{text: uuidA + ":9223372036854775807", wantErr: "transaction number"},
		{text: "4fb7c72c:1", wantErr: "invalid server uuid"},
		{text: "4fb7c72c-62c8-11ec-8287-8cae4cdeedaX:1", wantErr: "invalid server uuid"},
		{text: "4fb7c72c62c8-11ec-8287-8cae4cdeeda4-:1", wantErr: "invalid server uuid"},
		{text: uuidA + ":1,", wantErr: "has no intervals"},
	} {
		s, err := gtid.ParseSet(c.text)
		if c.wantErr != "" {
			require.ErrorContains(t, err, c.wantErr, c.text)
			continue
		}
		require.NoError(t, err, c.text)
		require.Equal(t, c.printed, s.String())
	}
}

// spec: T-101
func TestPosition(t *testing.T) {
	s := parse(t, uuidA+":1-1677")
	require.Equal(t, "MySQL56/"+uuidA+":1-1677", gtid.EncodePosition(s))
	require.Equal(t, "MySQL56/", gtid.EncodePosition(gtid.Set{}))
	back, err := gtid.DecodePosition(gtid.EncodePosition(s))
	require.NoError(t, err)
	require.True(t, back.Equal(s))
	_, err = gtid.DecodePosition(uuidA + ":1")
	require.ErrorContains(t, err, "MySQL56/")
}

// Two sets can each lack something of the other.
// spec: T-102
func TestIncomparable(t *testing.T) {
	a, b := parse(t, uuidA+":1-5,"+uuidB+":1"), parse(t, uuidA+":1-6")
	require.False(t, a.Contains(b))
	require.False(t, b.Contains(a))
	require.True(t, a.Contains(gtid.Set{}))
	require.True(t, a.Union(b).Contains(a))
}

// spec: T-100
func TestNext(t *testing.T) {
	var s gtid.Set
	server := gtid.ServerUUID(100)
	require.EqualValues(t, 1, s.Next(server))
	s.Add(server, 1)
	s.Add(server, 9)
	require.EqualValues(t, 10, s.Next(server))
	require.EqualValues(t, 0, s.Last(gtid.ServerUUID(101)))
	require.EqualValues(t, 2, s.Count())
	require.Equal(t, []gtid.UUID{server}, s.Servers())
	s.Add(server, 0)
	s.AddRange(server, 5, 4)
	require.EqualValues(t, 2, s.Count(), "numbers that do not exist are ignored")
	s.Remove(server)
	require.True(t, s.IsEmpty())
}

// Server uuids sort as their numbers do and read back.
func TestServerUUID(t *testing.T) {
	for _, n := range []uint32{0, 1, 100, 1 << 20, 1<<32 - 1} {
		u := gtid.ServerUUID(n)
		back, err := gtid.ParseUUID(u.String())
		require.NoError(t, err)
		require.Equal(t, u, back)
		if n > 0 {
			require.Equal(t, 1, u.Compare(gtid.ServerUUID(n-1)))
		}
	}
}

func FuzzParseSet(f *testing.F) {
	for _, seed := range []string{"", uuidA + ":1-5:8", uuidA + ":1," + uuidB + ":2", ",", ":", "MySQL56/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := gtid.ParseSet(text)
		if err != nil {
			return
		}
		back, err := gtid.ParseSet(s.String())
		require.NoError(t, err)
		require.True(t, s.Equal(back))
		require.Equal(t, s.String(), back.String())
	})
}

func BenchmarkAddNext(b *testing.B) {
	var s gtid.Set
	s.Add(gtid.ServerUUID(1), 1)
	server := gtid.ServerUUID(2)
	b.ReportAllocs()
	for i := range b.N {
		s.Add(server, int64(i)+1)
	}
}

func BenchmarkContains(b *testing.B) {
	s := gtid.Set{}
	s.AddRange(gtid.ServerUUID(1), 1, 1000)
	s.AddRange(gtid.ServerUUID(2), 1, 1000)
	o := s.Clone()
	b.ReportAllocs()
	for b.Loop() {
		if !s.Contains(o) {
			b.Fatal("equal sets contain each other")
		}
	}
}

// The simulator adds a transaction per commit and per replica; it must not cost memory.
func TestAddNextAllocatesNothing(t *testing.T) {
	var s gtid.Set
	server := gtid.ServerUUID(1)
	next := int64(1)
	s.Add(server, next)
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		next++
		s.Add(server, next)
	}))
	require.EqualValues(t, next, s.Count())
}
