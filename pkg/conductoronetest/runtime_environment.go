package conductoronetest

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// Environment has the variables of a process in AWS, and those by which it finds the service and authenticates. AWS sets no
// HOME. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
func (r *Runtime) Environment(certificateFile string) []string {
	s := r.service
	signer, err := json.Marshal(jose.JSONWebKey{Key: s.callKey.Public().(ed25519.PublicKey)}) //nolint:errcheck,forcetypeassert // Ed25519 has no other public key
	if err != nil {
		panic(fmt.Sprintf("conductoronetest: the key of the calls is no JSON: %v", err))
	}
	return []string{
		"AWS_ACCESS_KEY_ID=" + s.identity.accessKeyID,
		"AWS_DEFAULT_REGION=" + region,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
		"AWS_LAMBDA_FUNCTION_NAME=" + functionName,
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + functionName,
		"AWS_LAMBDA_LOG_STREAM_NAME=2026/01/31/[$LATEST]0123456789abcdef0123456789abcdef",
		"AWS_LAMBDA_RUNTIME_API=" + r.listener.Addr().String(),
		"AWS_REGION=" + region,
		"AWS_SECRET_ACCESS_KEY=" + s.identity.secretAccessKey,
		"AWS_SESSION_TOKEN=" + s.identity.sessionToken,
		"LAMBDA_RUNTIME_DIR=/var/runtime",
		"LAMBDA_TASK_ROOT=/var/task",
		"LANG=en_US.UTF-8",
		"PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin",
		"TZ=:UTC",
		"BATON_LAMBDA_CA_CERT_PATH=" + certificateFile,
		"BATON_LAMBDA_CLIENT_ID=" + s.ClientID(),
		"BATON_LAMBDA_CLIENT_SECRET=" + s.ClientSecret(),
		"BATON_LAMBDA_CONFIGURATION_HOST=" + s.address(),
		"BATON_LAMBDA_TOKEN_HOST=" + s.address(),
		"BATON_LAMBDA_AUTH_JWT_SIGNER=" + string(signer),
		"BATON_LAMBDA_AUTH_JWT_EXPECTED_ISSUER=" + callIssuer,
		"BATON_LAMBDA_AUTH_JWT_EXPECTED_SUBJECT=" + callSubject,
		"BATON_LAMBDA_AUTH_JWT_EXPECTED_AUDIENCE=" + callAudience,
	}
}
