package connector_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	modifySpend        = "POST /organization/spend_limit"
	deleteSpend        = "DELETE /organization/spend_limit"
	modifyProjectSpend = "POST /organization/projects/{project_id}/spend_limit"
	deleteProjectSpend = "DELETE /organization/projects/{project_id}/spend_limit"
)

func limitSpending(cents int64) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) { o.Projects[0].SpendLimit = openaitest.SpendLimit{Cents: cents} }
}

func limitAllSpending(cents int64) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) { o.SpendLimit = openaitest.SpendLimit{Cents: cents} }
}

const onlySuccess = `{"success":true}`

var spendLimitActions = map[string]actionCase{
	"another one of a project": {
		name: "set_spend_limit", arguments: projectAnd("alpha", `,"amount_cents":100`),
		effect: limitSpending(100), sends: []string{modifyProjectSpend}, returns: returnedAlpha, logs: []string{"project_id:alpha"},
	},
	"the first one of a project": {
		name: "set_spend_limit", arguments: projectAnd("alpha", `,"amount_cents":100,"whole_organization":false,"remove":false`),
		prepare: limitSpending(0), effect: limitSpending(100), sends: []string{modifyProjectSpend}, returns: returnedAlpha,
	},
	"none for a project": {
		name: "set_spend_limit", arguments: projectAnd("alpha", `,"remove":true`),
		effect: limitSpending(0), sends: []string{deleteProjectSpend}, returns: returnedAlpha,
	},
	"one that is not enforced": {
		name: "set_spend_limit", arguments: projectAnd("alpha", `,"amount_cents":5000`),
		prepare: func(o *openaitest.Organization) { o.Projects[0].SpendLimit.Enforcement = "inactive" },
		effect:  limitSpending(5_000), sends: []string{modifyProjectSpend}, returns: returnedAlpha,
	},
	"another one of the organization": {
		name: "set_spend_limit", arguments: `{"whole_organization":true,"amount_cents":100}`,
		effect: limitAllSpending(100), sends: []string{modifySpend}, returns: onlySuccess, logs: []string{"whole_organization:true"},
	},
	"none for the organization": {
		name: "set_spend_limit", arguments: `{"whole_organization":true,"remove":true}`,
		effect: limitAllSpending(0), sends: []string{deleteSpend}, returns: onlySuccess,
	},
	"the same of a project":        {name: "set_spend_limit", arguments: projectAnd("alpha", `,"amount_cents":5000`), returns: returnedAlpha},
	"none where there is none":     {name: "set_spend_limit", arguments: projectAnd("beta", `,"remove":true`), returns: returnedBeta},
	"the same of the organization": {name: "set_spend_limit", arguments: `{"whole_organization":true,"amount_cents":90000}`, returns: onlySuccess},
}

func TestSetSpendLimit(t *testing.T) {
	t.Parallel()
	requireInvoked(t, spendLimitActions)
}

func TestSetSpendLimitRefused(t *testing.T) {
	t.Parallel()
	wrong := func(arguments string, says ...string) refusedCase {
		return refusedCase{do: invoked("set_spend_limit", arguments), code: codes.InvalidArgument, says: says}
	}
	requireAllRefused(t, map[string]refusedCase{
		"nobody":             wrong(`{"amount_cents":100}`, "nobody is named: give project, or whole_organization for all of them together"),
		"nobody, with a no":  wrong(`{"amount_cents":100,"whole_organization":false}`, "nobody is named"),
		"a project and all":  wrong(projectAnd("alpha", `,"whole_organization":true,"amount_cents":1`), "project and whole_organization exclude each other"),
		"nothing":            wrong(projectAnd("alpha", ""), "nothing is asked for: give amount_cents, or remove to take the limit away"),
		"an amount and none": wrong(projectAnd("alpha", `,"amount_cents":1,"remove":true`), "amount_cents and remove exclude each other"),
		"0":                  wrong(projectAnd("alpha", `,"amount_cents":0`), "amount_cents is below 1", "to take the limit away give remove"),
		"below 0":            wrong(`{"whole_organization":true,"amount_cents":-5}`, "amount_cents is below 1"),
		"an archived project": {
			do: invoked("set_spend_limit", projectAnd("gone", `,"amount_cents":100`)), says: []string{"the project gone is archived"},
		},
		"a project that is not there": {
			do:   invoked("set_spend_limit", projectAnd("delta", `,"amount_cents":100`)),
			code: codes.NotFound, says: []string{"setting the spend limit of the project delta"},
		},
	})
}

// A limit that is set but not enforced is an error.
func TestSpendLimitThatIsNotEnforced(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.SetFault("GET /organization/spend_limit", openaitest.Fault{
		After: 1, Body: `{"object":"organization.spend_limit","threshold_amount":100,"currency":"USD","interval":"month","enforcement":{"status":"inactive"}}`,
	})
	err := invoked("set_spend_limit", `{"whole_organization":true,"amount_cents":100}`)(t.Context(), connect(t, server))
	requireRefusal(t, err, "OpenAI answered that it was done, and shows 100 cents (USD) a month, which is not enforced where 100 cents (USD) a month was asked for")
	require.Equal(t, []string{modifySpend}, writes(server))
}
