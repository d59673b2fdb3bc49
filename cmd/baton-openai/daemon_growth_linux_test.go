package main

import (
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sizeOf returns the smallest of some sizes of the process between two tasks. A request for a task is a connection with
// goroutines of its own.
func (d *daemon) sizeOf(process string) size {
	d.t.Helper()
	smallest := d.askSize(process)
	for range 9 {
		now := d.askSize(process)
		smallest.Goroutines = min(smallest.Goroutines, now.Goroutines)
		smallest.Descriptors = min(smallest.Descriptors, now.Descriptors)
		smallest.Heap = min(smallest.Heap, now.Heap)
		smallest.Resident = min(smallest.Resident, now.Resident)
	}
	return smallest
}

func (d *daemon) askSize(process string) size {
	d.t.Helper()
	connection, err := net.Dial("unix", d.socket()+process) //nolint:noctx // a process that does not answer ends the test
	require.NoError(d.t, err)
	defer func() { _ = connection.Close() }()
	var measured size
	require.NoError(d.t, json.NewDecoder(connection).Decode(&measured))
	return measured
}

// socket returns the prefix of the daemon's sockets. The port of the stand-in makes it unique.
func (d *daemon) socket() string {
	_, port, _ := strings.Cut(d.conductorOne.ClientID(), ":")
	port, _, _ = strings.Cut(port, "/")
	return "@baton-openai-" + port + "-"
}

// Neither process of a daemon grows with the number of its tasks.
func TestDaemonDoesNotGrow(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	d.api.OnRequest = nil
	d.environment = append(d.environment, measuredEnv+"="+d.socket())
	d.run(measuredBinary)
	// The first few tasks allocate what all tasks share.
	for range 3 {
		d.do(fullSync())
	}
	processes := []string{clientProcess, serviceProcess}
	before := map[string]size{}
	for _, process := range processes {
		before[process] = d.sizeOf(process)
	}
	began := time.Now()
	for range soakedSyncs {
		d.do(fullSync())
	}
	t.Logf("%d syncs in %s", soakedSyncs, time.Since(began).Round(time.Millisecond))
	for _, process := range processes {
		// The connector forgets a sync that has made no request for half a minute.
		assert.Eventually(t, func() bool { return d.sizeOf(process).Heap <= before[process].Heap*5/4 }, longestWait, time.Second, "heap of the %s", process)
		now := d.sizeOf(process)
		t.Logf("%s: before %s; after %s", process, before[process], now)
		assert.LessOrEqual(t, now.Goroutines, before[process].Goroutines+soakedSyncs/2, "goroutines of the %s", process)
		assert.LessOrEqual(t, now.Descriptors, before[process].Descriptors+soakedSyncs/2, "descriptors of the %s", process)
		assert.LessOrEqual(t, now.Resident, before[process].Resident*3/2, "memory of the %s", process)
	}
	d.stop()
}
