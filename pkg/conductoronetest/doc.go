// Package conductoronetest is a stand-in of the part of ConductorOne that a connector talks to. To a daemon it gives out
// tasks, and takes what it reports and uploads, over TLS on a free port of 127.0.0.1. A connector that ConductorOne hosts it
// calls itself, as a Lambda.
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
// [Service.Follow] has the daemon list the events of a feed, as ConductorOne does, each time from where it was left, and
// [TargetedSync] is the task to sync what they name. [IssueAPIKey] is the task to give somebody a key, and [Task.Credential] what
// came back, which the recipient decrypts.
//
// A hosted connector is configured with [Service.Configure]. Each of its processes gets a [Runtime], which is AWS's side of
// it, and all of them are one [Function], whose connection a client of the connector calls:
//
//	service.Configure(map[string]any{"openai-admin-key": key})
//	function := service.NewFunction()
//	runtime, err := service.StartRuntime(ctx)
//	command.Env = runtime.Environment(certificate)
//	// Start the command, the connector's binary with "lambda".
//	function.Add(runtime)
//	client := connectorclient.NewConnectorClient(ctx, function.Connection())
//
// It believes nothing: a token is given for an assertion that the client secret has signed, a call is answered with such
// a token only, messages are held to the constraints of ConductorOne's protocol, an upload to its checksum, a report to a
// task that was given out and is not finished yet. What it refuses it remembers in [Service.Refused], which a test expects
// to be empty. What can go wrong with the service itself is a field of [Faults].
//
// A daemon finds the certificate through SSL_CERT_FILE, which Go reads on neither macOS nor Windows; a hosted connector has
// a variable of its own for it.
//
// # What was chosen
//
// ConductorOne's side of these is not public:
//
//   - A task whose report is an error that can be retried goes to the end of the queue, with its id, for
//     [Service.Retries] times. The protocol says no more than that it should be added to the queue again.
//   - A feed is asked for 100 events at a time, until there are no more for now.
//   - What the events of a feed name is synced with one task, each resource once.
//   - A Hello that names a task finishes it.
//   - A report about a task that is finished already is refused.
//   - The tokens of daemons are bearer tokens, those of hosted connectors DPoP tokens (RFC 9449), and neither will do for the
//     other; a nonce is asked for where a token is given, and there only.
//   - Of the processes of a function, the one that has waited longest gets a request.
//   - A page of all values of a session has 100.
//
// # What is not modelled
//
//   - Time: a task whose daemon is gone, or sends no heartbeats, is not given to another one.
//   - Several daemons with the same credentials, which would share the tasks, and several connectors.
//   - What becomes of an upload: it is kept as it came.
//   - Limits on requests, sizes and the number of connections; the replay of an assertion within its two minutes.
//   - StartDebugging, and the web service for people.
//   - Of a hosted connector: whether AWS has signed the identity that an assertion attests, which only AWS can tell; tokens
//     for OAuth, the policy of which hosts it may call, and JWKs behind an address.
//   - Of AWS: the limits on memory and time, which end a process there, the init phase, a file system that can be written to
//     in /tmp only, extensions, streamed answers and the log.
//   - Of a session: what is too much for one answer, and that it is forgotten after a time.
package conductoronetest
