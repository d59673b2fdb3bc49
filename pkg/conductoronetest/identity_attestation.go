package conductoronetest

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

const (
	region            = "us-west-2"
	getCallerIdentity = "Action=GetCallerIdentity&Version=2011-06-15"
)

// identity is the AWS identity of the processes of a hosted connector.
type identity struct {
	accessKeyID, secretAccessKey, sessionToken string
}

func newIdentity() identity {
	return identity{"ASIA" + rand.Text()[:16], rand.Text(), rand.Text()}
}

// checkAttestation checks the attestation of the client's AWS identity: a signed request to AWS for the identity of its sender.
// The client does not send it; ConductorOne does.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func (i identity) checkAttestation(text string) error {
	if text == "" {
		return errors.New("the assertion has no attestation")
	}
	encoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return fmt.Errorf("the attestation is broken: %w", err)
	}
	var wrapped anypb.Any
	if err := proto.Unmarshal(encoded, &wrapped); err != nil {
		return fmt.Errorf("the attestation is broken: %w", err)
	}
	var request v1.Sigv4SignedRequestSTSGetCallerIdentity
	if err := wrapped.UnmarshalTo(&request); err != nil {
		return fmt.Errorf("the attestation is another one: %w", err)
	}
	if request.GetMethod() != "POST" || request.GetEndpoint() != "https://sts."+region+".amazonaws.com" || string(request.GetBody()) != getCallerIdentity {
		return fmt.Errorf("the attestation asks for something else: %s %s %q", request.GetMethod(), request.GetEndpoint(), request.GetBody())
	}
	headers := map[string]string{}
	for _, header := range request.GetHeaders() {
		headers[strings.ToLower(header.GetKey())] = strings.Join(header.GetValue(), ",")
	}
	if headers["x-amz-security-token"] != i.sessionToken || !strings.HasPrefix(headers["authorization"], "AWS4-HMAC-SHA256 Credential="+i.accessKeyID+"/") {
		return errors.New("the attestation is of another identity")
	}
	return nil
}
