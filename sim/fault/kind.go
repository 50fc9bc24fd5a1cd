package fault

import "slices"

// Kind describes one kind of fault: what its lines take. What it does is an
// [Effect]; those of the kinds of [Kinds] are in this package.
type Kind struct {
	Name string
	// Meaning is one sentence for the list of kinds.
	Meaning string
	// Target, Peer and For say whether lines of this kind have these parts.
	Target, Peer, For Need
	Args              []ArgSpec
	// Machine is set where a target means all hosts of its machine, not one process.
	Machine bool
	// Sorts are the sorts of targets that it can act on, by the domain's names; none
	// is all.
	Sorts []string
	// Blocks is set if the effect waits, as one does that calls a server: it then
	// runs in a proc of its own.
	Blocks bool
	// Example is a line of this kind.
	Example string
}

// Need says whether a part of a line may or must be there.
type Need uint8

// The needs.
const (
	None Need = iota
	Optional
	Required
)

// ArgSpec describes one argument of a kind.
type ArgSpec struct {
	Name     string
	Form     Form
	Required bool
	// Words are the values of an argument of the form Word; none is any.
	Words   []string
	Meaning string
}

// Form says what the values of an argument look like.
type Form uint8

// The forms.
const (
	// Word is one word.
	Word Form = iota
	// Duration is a time from 0 on, such as 250ms.
	Duration
	// Signed is a duration that may be negative.
	Signed
	// Percent is a whole number from 0 on with a percent sign.
	Percent
	// Number is a whole number, which may be negative.
	Number
)

// String names the form in messages and lists.
func (f Form) String() string {
	return [...]string{"a word", "a duration such as 250ms", "a duration such as 2s or -2s", "a share such as 30%", "a whole number"}[f]
}

// Table is a list of kinds.
type Table []Kind

// Find returns the kind of that name; ok is false if there is none.
func (t Table) Find(name string) (k *Kind, ok bool) {
	i := slices.IndexFunc(t, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return nil, false
	}
	return &t[i], true
}

// Names lists the names of the kinds in the order of the table.
func (t Table) Names() []string {
	names := make([]string, len(t))
	for i := range t {
		names[i] = t[i].Name
	}
	return names
}

// words lists what may follow the target in a line of this kind.
func (k *Kind) words() []string {
	var list []string
	if k.Peer != None {
		list = append(list, "peer")
	}
	for _, a := range k.Args {
		list = append(list, a.Name)
	}
	if k.For != None {
		list = append(list, "for")
	}
	return list
}
