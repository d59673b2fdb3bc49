package client

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// Timestamp is a time in Unix seconds. 0 means that it is not known: the API omits the field, or sends null or 0.
type Timestamp int64

// maxTimestamp is the end of the year 9999, the last that RFC 3339 can express.
const maxTimestamp = 253402300799

// UnmarshalJSON accepts a number of seconds, with or without a fraction, and null.
func (t *Timestamp) UnmarshalJSON(data []byte) error {
	var seconds *float64
	if err := json.Unmarshal(data, &seconds); err != nil {
		return fmt.Errorf("a time is not a number of seconds: %w", err)
	}
	if seconds == nil || *seconds <= 0 || *seconds > maxTimestamp {
		*t = 0
		return nil
	}
	*t = Timestamp(math.Floor(*seconds))
	return nil
}

// Time gives the time in UTC, and false if it is not known.
func (t Timestamp) Time() (time.Time, bool) {
	if t <= 0 {
		return time.Time{}, false
	}
	return time.Unix(int64(t), 0).UTC(), true
}
