package conductoronetest

// Faults are what is wrong with the service.
type Faults struct {
	// Unreachable resets every connection that is there, and each new one.
	Unreachable bool
	// TokensRefused refuses whoever asks for a token, as after the credentials were revoked. Tokens that were given stay good.
	TokensRefused bool
	// BrokenUploads is how many uploads, from now on, break off in the middle.
	BrokenUploads int
	// CallsRefused answers every call with Unavailable.
	CallsRefused bool
}

// SetFaults replaces the faults; the zero value mends the service.
func (s *Service) SetFaults(faults Faults) {
	s.mu.Lock()
	s.faults = faults
	s.mu.Unlock()
	s.listener.setClosed(faults.Unreachable)
}

// TurnedAway is closed once somebody has tried to connect to a service that is unreachable since then.
func (s *Service) TurnedAway() <-chan struct{} {
	return s.listener.hasRefused()
}

func (s *Service) currentFaults() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults
}

// breaksUpload tells whether the upload that begins breaks.
func (s *Service) breaksUpload() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.BrokenUploads == 0 {
		return false
	}
	s.faults.BrokenUploads--
	return true
}
