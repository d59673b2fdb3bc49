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
	// measuredBinary is the binary, and reports the size of its processes on request.
	measuredBinary = "baton-openai-measured"
	// measuredEnv has the prefix of the sockets for such requests.
	measuredEnv = "BATON_OPENAI_MEASURED"
)

// The two processes of a daemon.
const (
	clientProcess  = "client"
	serviceProcess = "service"
)

// size is how large a process is.
type size struct {
	Goroutines int
	// Heap is in use after a garbage collection. Resident is the system's count after everything else was returned to
	// it. Both are in bytes.
	Heap, Resident uint64
	Descriptors    int
}

func mainMeasured() {
	switch {
	case !slices.Contains(os.Args, "_connector-service"):
		serveSize(clientProcess)
	default:
		serveSize(serviceProcess)
	}
	main()
}

// serveSize answers each connection to an abstract socket, which needs no file, with the size.
func serveSize(process string) {
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
			// the caller may have gone
			_, _ = connection.Write(text)
			_ = connection.Close()
		}
	}()
}

func ownSize() size {
	// The second collection frees what the first one finalized.
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
