// Package health asks a running connector for its state.
//
// The SDK's command health-check prints only the status. Operators need the reason of a failed probe.
package health

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/conductorone/baton-sdk/pkg/healthcheck"
	"github.com/spf13/cobra"
	"github.com/spf13/viper"
)

// maxAnswerBytes is far above the size of any real answer.
const maxAnswerBytes = 64 << 10

// ExplainFailure lets the command health-check print the reason of a failure in one line. Its flags do not change.
func ExplainFailure(ctx context.Context, root *cobra.Command, settings *viper.Viper) error {
	command, _, err := root.Find([]string{"health-check"})
	if err != nil {
		return fmt.Errorf("finding the command health-check: %w", err)
	}
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := settings.BindPFlags(command.Flags()); err != nil {
			return fmt.Errorf("reading the flags: %w", err)
		}
		endpoint := settings.GetString("endpoint")
		if !slices.Contains([]string{"health", "ready", "live"}, endpoint) {
			return fmt.Errorf("baton-openai: there is no endpoint %q: --endpoint is health, ready or live", endpoint)
		}
		address := url.URL{
			Scheme: "http",
			Host:   net.JoinHostPort(settings.GetString("health-check-bind-address"), strconv.Itoa(settings.GetInt("health-check-port"))),
			Path:   "/" + endpoint,
		}
		return ask(ctx, address.String(), time.Duration(settings.GetInt("timeout"))*time.Second)
	}
	return nil
}

// ask returns the error of the connector, if any.
func ask(ctx context.Context, address string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return fmt.Errorf("baton-openai: %s cannot be asked: %w", address, err)
	}
	// The connector runs on this host, so that no proxy is needed.
	client := http.Client{Transport: &http.Transport{Proxy: nil}}
	answer, err := client.Do(request)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("baton-openai: %s did not answer within %s: %w", address, timeout, ctx.Err())
	case err != nil:
		return fmt.Errorf("baton-openai: no connector answers, or it runs without --health-check: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswerBytes))
	if err != nil {
		return fmt.Errorf("baton-openai: %s broke off: %w", address, err)
	}
	var health healthcheck.HealthResponse
	if json.Unmarshal(body, &health) != nil || health.Status == "" {
		return fmt.Errorf("baton-openai: %s answers %s, as no connector does", address, answer.Status)
	}
	return fmt.Errorf("baton-openai: the connector is %s: %s", strings.ReplaceAll(health.Status, "_", " "), reason(health))
}

// reason gives the reason in one line, from the most specific field of the answer.
func reason(health healthcheck.HealthResponse) string {
	text := cmp.Or(health.Details["validation_error"], health.Details["error"], "it does not say why")
	// This removes the texts of gRPC and the SDK before the connector's message.
	if _, cause, ok := strings.Cut(text, "baton-openai: "); ok {
		text = cause
	}
	return strings.Join(strings.Fields(text), " ")
}
