// Package conductoronetest is a stand-in for the part of ConductorOne that a connector talks to. It gives tasks to a daemon and
// receives its reports and uploads, over TLS on a free port of 127.0.0.1. A hosted connector it calls as an AWS Lambda function.
//
//	service := &conductoronetest.Service{}
//	err := service.Start(ctx)
//	defer service.Close()
//	certificate, err := service.CertificateFile(directory)
//	command.Env = append(os.Environ(), service.Environment(certificate)...)
//	// Start the command, the connector's binary.
//	task := service.Enqueue(v1.Task_builder{SyncFull: &v1.Task_SyncFullTask{}}.Build())
//	outcome, err := task.Wait(ctx)
//
// [Service.Follow] lets the daemon list the events of a feed, each time from where the last list ended, and [TargetedSync] is
// the task to sync the resources that the events name. [IssueAPIKey] is the task to issue a key, and [Task.Credential] its
// result, which the recipient decrypts.
//
// A hosted connector is configured with [Service.Configure]. Each of its processes has a [Runtime], AWS's side of it. All of
// them are one [Function], and a client of the connector uses its connection:
//
//	service.Configure(map[string]any{"openai-admin-key": key})
//	function := service.NewFunction()
//	runtime, err := service.StartRuntime(ctx)
//	command.Env = runtime.Environment(certificate)
//	// Start the command, the connector's binary with "lambda".
//	function.Add(runtime)
//	client := connectorclient.NewConnectorClient(ctx, function.Connection())
//
// It checks everything: the signature of an assertion, the token of a call, the constraints of the protocol, the checksum of an
// upload, and that a report belongs to a running task. [Service.Refused] lists the refusals; tests expect none. Faults of the
// service itself are fields of [Faults].
//
// A daemon reads the certificate from SSL_CERT_FILE, which Go ignores on macOS and Windows. A hosted connector has a variable of
// its own.
//
// # What was chosen
//
// ConductorOne's side of these is not public:
//
//   - After a retryable error a task returns to the end of the queue with the same id, [Service.Retries] times. The protocol
//     only says that it should be added to the queue again.
//   - A feed is listed in pages of 100 events, up to the last event.
//   - The resources that events name are synced in one task, each once.
//   - A Hello with the id of a task finishes the task.
//   - A report about a finished task is refused.
//   - Daemons have bearer tokens, hosted connectors have DPoP tokens (RFC 9449), and neither is accepted for the other. A nonce
//     is only required for the exchange of tokens.
//   - The process of a function that has waited longest gets the next request.
//   - A page of all values of a session has 100 values.
//
// # What is not modelled
//
//   - Time: the task of a daemon that is gone, or that sends no heartbeats, is not given to another daemon.
//   - Several daemons with the same credentials, which would share the tasks, and several connectors.
//   - The processing of an upload: it is kept unchanged.
//   - Limits on requests, sizes and the number of connections; the replay of an assertion within its two minutes.
//   - StartDebugging, and the web application.
//   - Hosted connectors: the signature of the AWS identity in an assertion, which only AWS can check; OAuth tokens; the policy of
//     allowed hosts; JWKs at a URL.
//   - AWS: the limits on memory and time, the init phase, the read-only file system outside of /tmp, extensions, streamed
//     answers and the log.
//   - Sessions: the maximum size of an answer, and expiry.
package conductoronetest
