package gtid

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
)

// UUID identifies a MySQL server. It is comparable; the zero value is no server's.
// spec: T-100
type UUID [16]byte

// uuidLength is the length of the text form.
const uuidLength = 36

// ServerUUID makes the uuid of a simulated server from a number such as its tablet's uid.
// Different numbers give different uuids, in the order of the numbers.
func ServerUUID(number uint32) UUID {
	return UUID{
		byte(number >> 24), byte(number >> 16), byte(number >> 8), byte(number),
		0, 0, 0x11, 0xec, 0x80, 0,
		0, 0, byte(number >> 24), byte(number >> 16), byte(number >> 8), byte(number),
	}
}

// ParseUUID reads 8-4-4-4-12 hexadecimal digits in any case.
func ParseUUID(text string) (UUID, error) {
	var u UUID
	bare := strings.ReplaceAll(text, "-", "")
	if len(text) != uuidLength || len(bare) != 2*len(u) || !dashesInPlace(text) {
		return UUID{}, fmt.Errorf("invalid server uuid %q: want 8-4-4-4-12 hexadecimal digits", text)
	}
	if _, err := hex.Decode(u[:], []byte(bare)); err != nil {
		return UUID{}, fmt.Errorf("invalid server uuid %q: %w", text, err)
	}
	return u, nil
}

func dashesInPlace(text string) bool {
	return text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-'
}

// String gives the lower-case text form.
// spec: T-101
func (u UUID) String() string {
	h := hex.EncodeToString(u[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// Compare orders uuids as their texts are ordered.
func (u UUID) Compare(o UUID) int { return bytes.Compare(u[:], o[:]) }
