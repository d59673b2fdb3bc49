package conductoronetest

// Faults are faults of the service.
type Faults struct {
	// Unreachable resets all existing and new connections.
	Unreachable bool
	// TokensRefused refuses requests for tokens, as after the credentials were revoked. Issued tokens stay valid.
	TokensRefused bool
	// BrokenUploads is the number of uploads, from now on, that break off in the middle.
	BrokenUploads int
	// CallsRefused answers every call with Unavailable.
	CallsRefused bool
}

// SetFaults replaces the faults. The zero value ends all faults.
func (s *Service) SetFaults(faults Faults) {
	s.mu.Lock()
	s.faults = faults
	s.mu.Unlock()
	s.listener.setClosed(faults.Unreachable)
}

// TurnedAway is closed after the first refused connection since the service became unreachable.
func (s *Service) TurnedAway() <-chan struct{} {
	return s.listener.hasRefused()
}

func (s *Service) currentFaults() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults
}

// breaksUpload tells whether the next upload breaks off.
func (s *Service) breaksUpload() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.BrokenUploads == 0 {
		return false
	}
	s.faults.BrokenUploads--
	return true
}
