package explore

// rotation are the strategies between which the portfolio takes turns. No strategy is best
// for every bug: random steps find what needs a certain order of a few close steps,
// priorities what needs a whole task to come early or late, stalls what needs time to pass
// within a task. One in four stalls.
func rotation() []string {
	return []string{
		"random", "pct:3", "pos", "random+stall",
		"priorities", "preempt:2", "random", "pct:3+stall",
		"uniform", "pos", "random", "pos+stall",
		"pct:2", "delay:3", "random", "priorities+stall:3",
		"urw", "pct:5", "random", "random+stall:2",
	}
}

// Portfolio is the strategy that takes turns with the others, by the seed: the default of
// a search. Seed 0 is the dull schedule.
func Portfolio() Strategy {
	all := bases()
	return Strategy{base: all[len(all)-1]}
}

// For is the strategy that the seed gets: s itself, or the portfolio's turn with what was
// put on top of the portfolio.
func (s Strategy) For(seed uint64) Strategy {
	if s.base == nil || s.base.make != nil {
		return s
	}
	text := "first"
	if seed > 0 {
		list := rotation()
		text = list[(seed-1)%uint64(len(list))]
	}
	turn, err := Parse(text)
	if err != nil {
		panic(err) // the list is ours
	}
	turn.stall = max(turn.stall, s.stall)
	turn.untimed, turn.pattern = s.untimed, s.pattern
	return turn
}
