// Package health asks a running connector how it is.
//
// The SDK's own health-check tells the status of the answer and nothing else; whoever looks at a probe that failed needs
// the reason.
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

// maxAnswerBytes is far above any honest answer.
const maxAnswerBytes = 64 << 10

// Tell has the command health-check tell in one line what is wrong. Its flags stay what they are.
func Tell(ctx context.Context, root *cobra.Command, settings *viper.Viper) error {
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

// ask gives the error that the connector is in, if any.
func ask(ctx context.Context, address string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return fmt.Errorf("baton-openai: %s cannot be asked: %w", address, err)
	}
	// A proxy is no way to a process of this host.
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
	var said healthcheck.HealthResponse
	if json.Unmarshal(body, &said) != nil || said.Status == "" {
		return fmt.Errorf("baton-openai: %s answers %s, as no connector does", address, answer.Status)
	}
	return fmt.Errorf("baton-openai: the connector is %s: %s", strings.ReplaceAll(said.Status, "_", " "), reason(said))
}

// reason is what is wrong in one line, in the most telling of the answer's parts.
func reason(said healthcheck.HealthResponse) string {
	text := cmp.Or(said.Details["validation_error"], said.Details["error"], "it does not say why")
	// Of gRPC's frame and the SDK's words only the cause matters here.
	if _, cause, ok := strings.Cut(text, "baton-openai: "); ok {
		text = cause
	}
	return strings.Join(strings.Fields(text), " ")
}
