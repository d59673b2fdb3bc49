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

// sizeOf is the smallest of some sizes of the process, which is between two tasks: a question for work is a connection
// with goroutines of its own.
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

// socket begins the names of the daemon's sockets; the stand-in's port is nobody else's.
func (d *daemon) socket() string {
	_, port, _ := strings.Cut(d.conductorOne.ClientID(), ":")
	port, _, _ = strings.Cut(port, "/")
	return "@baton-openai-" + port + "-"
}

// Neither process of a daemon grows with what it has done.
func TestDaemonDoesNotGrow(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	d.api.OnRequest = nil
	d.environment = append(d.environment, measuredEnv+"="+d.socket())
	d.run(measuredBinary)
	// What is there once for all tasks is there after the first few.
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
		// The connector lets go of what it knows of a sync that has asked for nothing for half a minute.
		assert.Eventually(t, func() bool { return d.sizeOf(process).Heap <= before[process].Heap*5/4 }, longestWait, time.Second, "heap of the %s", process)
		now := d.sizeOf(process)
		t.Logf("%s: before %s; after %s", process, before[process], now)
		assert.LessOrEqual(t, now.Goroutines, before[process].Goroutines+soakedSyncs/2, "goroutines of the %s", process)
		assert.LessOrEqual(t, now.Descriptors, before[process].Descriptors+soakedSyncs/2, "descriptors of the %s", process)
		assert.LessOrEqual(t, now.Resident, before[process].Resident*3/2, "memory of the %s", process)
	}
	d.stop()
}
