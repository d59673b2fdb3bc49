package conductoronetest

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/conductorone/baton-sdk/pkg/crypto/providers/jwk"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// configuration has the values of ConductorOne's form for a hosted connector.
type configuration struct {
	values  map[string]any
	version int
	since   time.Time
}

// Configure sets the configuration of a hosted connector, by the names of the fields. A running process uses it from the next
// request on.
func (s *Service) Configure(values map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.configuration = configuration{values: values, version: s.configuration.version + 1, since: time.Now()}
}

func (s *Service) configurationVersion() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strconv.Itoa(s.configuration.version)
}

// configService serves the configuration, which a hosted connector requests when it starts.
type configService struct {
	v1.UnimplementedConnectorConfigServiceServer

	service *Service
}

// GetConnectorConfig encrypts the configuration for the key of the caller.
func (c *configService) GetConnectorConfig(ctx context.Context, _ *v1.GetConnectorConfigRequest) (*v1.GetConnectorConfigResponse, error) {
	key, err := c.service.keyOfCaller(ctx)
	if err != nil {
		return nil, err
	}
	c.service.mu.Lock()
	current := c.service.configuration
	c.service.mu.Unlock()
	text, err := json.Marshal(current.values)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "the configuration is no JSON: %v", err)
	}
	encrypted, err := jwk.EncryptED25519(key, text)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "encrypting the configuration: %v", err)
	}
	version := strconv.Itoa(current.version)
	return v1.GetConnectorConfigResponse_builder{
		Config: encrypted, LastUpdated: timestamppb.New(current.since), ConfigVersion: &version,
	}.Build(), nil
}
