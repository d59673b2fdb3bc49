package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
)

const (
	// measuredBinary is the binary, but tells those who ask how large its processes are.
	measuredBinary = "baton-openai-measured"
	// measuredEnv names the sockets where they are asked.
	measuredEnv = "BATON_OPENAI_MEASURED"
)

// The two processes of a daemon that stay.
const (
	clientProcess  = "client"
	serviceProcess = "service"
)

// size is how large a process is.
type size struct {
	Goroutines int
	// Heap is what is in use after a garbage collection, Resident what the system counts when all else was given back, in
	// bytes.
	Heap, Resident uint64
	Descriptors    int
}

func mainMeasured() {
	switch {
	case !slices.Contains(os.Args, "_connector-service"):
		tellSize(clientProcess)
	default:
		tellSize(serviceProcess)
	}
	main()
}

// tellSize answers each connection to an abstract socket, which leaves no file, with the size.
func tellSize(process string) {
	listener, err := net.Listen("unix", os.Getenv(measuredEnv)+process) //nolint:noctx // it listens as long as the process lives
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				panic(err)
			}
			text, err := json.Marshal(ownSize())
			if err != nil {
				panic(err)
			}
			// The caller may be gone, which is no fault of this server.
			_, _ = connection.Write(text)
			_ = connection.Close()
		}
	}()
}

func ownSize() size {
	// The second time frees what was finalized the first time.
	debug.FreeOSMemory()
	debug.FreeOSMemory()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	measured := size{Goroutines: runtime.NumGoroutine(), Heap: memory.HeapAlloc}
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, _ := strconv.ParseUint(strings.Fields(value)[0], 10, 64)
			measured.Resident = kilobytes << 10
		}
	}
	descriptors, _ := os.ReadDir("/proc/self/fd")
	measured.Descriptors = len(descriptors)
	return measured
}

func (s size) String() string {
	const megabyte = 1 << 20
	return fmt.Sprintf("%d goroutines, %d descriptors, heap %.1f MB, resident %.0f MB",
		s.Goroutines, s.Descriptors, float64(s.Heap)/megabyte, float64(s.Resident)/megabyte)
}
