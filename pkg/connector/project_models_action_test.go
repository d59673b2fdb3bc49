package connector_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	modifyModels = "POST /organization/projects/{project_id}/model_permissions"
	deleteModels = "DELETE /organization/projects/{project_id}/model_permissions"
)

// projectAnd are the arguments of an action with a project and others.
func projectAnd(id, others string) string {
	return `{"project":{"resource_type_id":"project","resource_id":"` + id + `"}` + others + `}`
}

// The results of actions on the two projects.
var (
	returnedAlpha = returnedResource("project:alpha", "organization:organization", "Alpha")
	returnedBeta  = returnedResource("project:beta", "organization:organization", "Default project")
)

// setModels sets the models of a project.
func setModels(project int, mode string, ids ...string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		o.Projects[project].Models = openaitest.ModelPermissions{Mode: mode, ModelIDs: ids}
	}
}

var modelActions = map[string]actionCase{
	"another list": {
		name: "set_project_models", arguments: projectAnd("alpha", `,"mode":"deny_list","model_ids":["o3","gpt-5","o3"]`),
		effect: setModels(0, "deny_list", "gpt-5", "o3"), sends: []string{modifyModels}, returns: returnedAlpha, logs: []string{"project_id:alpha"},
	},
	"one model more": {
		name: "set_project_models", arguments: projectAnd("alpha", `,"mode":"allow_list","model_ids":["o3","gpt-4.1","ada"]`),
		effect: setModels(0, "allow_list", "ada", "gpt-4.1", "o3"), sends: []string{modifyModels}, returns: returnedAlpha,
	},
	"the same models for the other mode": {
		name: "set_project_models", arguments: projectAnd("alpha", `,"mode":"deny_list","model_ids":["gpt-4.1","o3"]`),
		effect: setModels(0, "deny_list", "gpt-4.1", "o3"), sends: []string{modifyModels}, returns: returnedAlpha,
	},
	"the first list": {
		name: "set_project_models", arguments: projectAnd("beta", `,"mode":"allow_list","model_ids":["ada"]`),
		effect: setModels(1, "allow_list", "ada"), sends: []string{modifyModels}, returns: returnedBeta,
	},
	"every model": {
		name: "set_project_models", arguments: projectAnd("alpha", `,"mode":"all","model_ids":[]`),
		effect: setModels(0, ""), sends: []string{deleteModels}, returns: returnedAlpha,
	},
	"the same list in another order": {
		name: "set_project_models", arguments: projectAnd("alpha", `,"mode":"allow_list","model_ids":["o3"," gpt-4.1"]`), returns: returnedAlpha,
	},
	"every model already": {name: "set_project_models", arguments: projectAnd("beta", `,"mode":"all"`), returns: returnedBeta},
}

func TestSetProjectModels(t *testing.T) {
	t.Parallel()
	requireInvoked(t, modelActions)
}

func TestSetProjectModelsRefused(t *testing.T) {
	t.Parallel()
	set := func(project, others string) refusedCase {
		return refusedCase{do: invoked("set_project_models", projectAnd(project, others)), code: codes.InvalidArgument}
	}
	saying := func(c refusedCase, says ...string) refusedCase {
		c.says = says
		return c
	}
	archived := set("gone", `,"mode":"all"`)
	archived.code, archived.says = codes.FailedPrecondition, []string{"the project gone is archived"}
	nothing := set("delta", `,"mode":"all"`)
	nothing.code, nothing.says = codes.NotFound, []string{"setting the models of the project delta", "OpenAI does not know it"}
	requireAllRefused(t, map[string]refusedCase{
		"an archived project":          archived,
		"a project that is not there":  nothing,
		"another mode":                 saying(set("alpha", `,"mode":"none"`), "there is no such mode: give allow_list, deny_list or all"),
		"a list without models":        saying(set("alpha", `,"mode":"allow_list"`), "the mode allow_list needs the models in model_ids", "give the mode all"),
		"models with the mode all":     saying(set("alpha", `,"mode":"all","model_ids":["o3"]`), "the mode all is for every model: leave model_ids out"),
		"a model that no id can be of": saying(set("alpha", `,"mode":"deny_list","model_ids":["o\n3"]`), "model_ids has an id with a character that no id has"),
	})
}

// Only the API knows which models exist. Its refusal is reported in its own words.
func TestSetProjectModelsThatTheAPIDoesNotKnow(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.SetFault(modifyModels, openaitest.Fault{Status: 400, Body: object("model_not_found", "The model 'gpt-44' does not exist.")})
	err := invoked("set_project_models", projectAnd("alpha", `,"mode":"allow_list","model_ids":["gpt-44"]`))(t.Context(), connect(t, server))
	requireRefusal(t, err, "setting the models of the project alpha", "The model 'gpt-44' does not exist.")
	requireState(t, smallOrganization(), server)
}

// Each form in which the API says that nothing is set has the same result.
func TestControlsThatNobodyHasSet(t *testing.T) {
	t.Parallel()
	for _, unsetIsNull := range []bool{false, true} {
		server := newServer(func(o *openaitest.Organization) { o.SpendLimit = openaitest.SpendLimit{} })
		server.UnsetIsNull = unsetIsNull
		d := connect(t, server)
		for _, arguments := range []string{projectAnd("beta", `,"remove":true`), `{"whole_organization":true,"remove":true}`} {
			require.NoError(t, invoked("set_spend_limit", arguments)(t.Context(), d))
		}
		require.NoError(t, invoked("set_project_models", projectAnd("beta", `,"mode":"all"`))(t.Context(), d))
		require.Empty(t, writes(server))
		for _, arguments := range []string{projectAnd("beta", `,"amount_cents":7`), `{"whole_organization":true,"amount_cents":7}`} {
			require.NoError(t, invoked("set_spend_limit", arguments)(t.Context(), d))
			require.NoError(t, invoked("set_spend_limit", arguments)(t.Context(), d))
		}
		require.Equal(t, []string{modifyProjectSpend, modifySpend}, writes(server))
	}
}
