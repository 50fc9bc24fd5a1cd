package tune

// smallest finds the first of a list of settings, sorted by one flag, that meets the target.
// It bisects, and then plays the neighbours, and all of the list if these show that the
// target does not get easier from one end to the other. Without any the error is errNone.
func (s *search) smallest(flag string, list []Setting) (Setting, error) {
	at, err := s.bisect(list)
	if err != nil {
		return Setting{}, err
	}
	ordered, err := s.ordered(list, at)
	if err != nil {
		return Setting{}, err
	}
	if !ordered {
		if at, err = s.scan(flag, list); err != nil {
			return Setting{}, err
		}
	}
	if at == len(list) {
		return Setting{}, errNone
	}
	if at > 0 && s.missed(s.outcome(list[at-1])) != "" {
		s.shortfall(flag, valueOf(flag, list[at-1]), list[at-1])
	}
	// The result has all of its runs.
	return list[at], s.play(s.ctx, s.outcome(list[at]), s.first(), s.Seeds, nil)
}

// bisect gives the first setting that meets the target if all behind it do, or the length
// of the list.
func (s *search) bisect(list []Setting) (int, error) {
	low, high := 0, len(list)
	for low < high {
		middle := (low + high) / 2
		met, err := s.met(list[middle])
		if err != nil {
			return 0, err
		}
		if met {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low, nil
}

// neighbours is how many settings on either side of a result are played, too.
const neighbours = 2

// ordered plays the neighbours of a result and the last of the list, and reports whether
// all that is known misses the target before it and meets it from there on. A result that
// is none is never trusted.
func (s *search) ordered(list []Setting, at int) (bool, error) {
	if at == len(list) {
		return false, nil
	}
	for i := range list {
		near := i >= at-neighbours && i <= at+neighbours-1
		if o := s.known[list[i]]; !near && i != len(list)-1 && (o == nil || len(o.Runs) == 0) {
			continue
		}
		met, err := s.met(list[i])
		if err != nil {
			return false, err
		}
		if met != (i >= at) {
			return false, nil
		}
	}
	return true, nil
}

// scan plays all settings and gives the first from which on all meet the target; if the
// last one does not, the first that does; else the length of the list.
func (s *search) scan(flag string, list []Setting) (int, error) {
	first, from := len(list), len(list)
	for i := range list {
		met, err := s.met(list[i])
		switch {
		case err != nil:
			return 0, err
		case !met:
			from = len(list)
			continue
		}
		first, from = min(first, i), min(from, i)
	}
	if first == len(list) {
		return first, nil
	}
	s.advice.note("A larger --%s is not always better here: all %d candidates were played.", flag, len(list))
	if from < len(list) {
		return from, nil
	}
	return first, nil
}
