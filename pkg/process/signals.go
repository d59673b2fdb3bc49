package process

import (
	"os"
	"os/signal"
	"syscall"
)

// StopSignals are those that stop a run or a daemon. The system sends SIGHUP when a terminal or a connection ends; for a process of
// nohup it is none.
func StopSignals() []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return []os.Signal{os.Interrupt, syscall.SIGTERM}
	}
	return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}
}

// IgnoreHangup is for a process that is stopping: a shell that ends sends SIGHUP, and then the system once more.
func IgnoreHangup() { signal.Ignore(syscall.SIGHUP) }

// OutliveReader keeps this process from ending when nobody reads its log any more: Ctrl-C ends the other side of a pipe as well,
// before what was read is saved.
func OutliveReader() { signal.Ignore(syscall.SIGPIPE) }
