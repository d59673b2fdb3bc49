// Package service runs the SDK's connector service in a process whose end does not decide the exit status.
//
// The SDK starts the binary a second time, as "_connector-service", and kills that process as soon as a command is
// done. It also waits for it, and ends with status 0 when the wait returns: a race against the return of the command's
// own error, which a command that failed or was refused loses now and then. So the process that the SDK starts hands
// its work over and ends at once with success, which is the one answer that the SDK does nothing about:
//
//	baton-openai                      the SDK's client; the exit status is its own
//	└─ baton-openai _connector-service    ends at once
//	   └─ baton-openai _connector-service    serves, until the first process is gone
//
// The first and the last process hold the two ends of a connection, the lifeline. Where the first ends, in whatever
// way, the service ends; where the service ends while it is needed, the first process ends with an error, since its
// calls would otherwise be repeated for ever. Over it the service also says that a sync has failed, before the SDK hears
// of it: the SDK saves what a sync has when it is stopped, but not when it fails.
package service

// commandName is the SDK's hidden command for the service.
const commandName = "_connector-service"
