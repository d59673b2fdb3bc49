package connector_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	createProject  = "POST /organization/projects"
	archiveProject = "POST /organization/projects/{project_id}/archive"
	modifyProject  = "POST /organization/projects/{project_id}"

	archiveAlpha = `{"project":{"resource_type_id":"project","resource_id":"alpha"},"confirm_name":" Alpha\n"}`
	renameAlpha  = `{"project":{"resource_type_id":"project","resource_id":"alpha"},"name":"Omega"}`
)

// madeProject adds the first project that the stand-in creates.
func madeProject(project openaitest.Project) func(*openaitest.Organization) {
	project.ID, project.Status, project.CreatedAt = "proj_Made000000000001", "active", now
	return func(o *openaitest.Organization) {
		o.Projects = append(o.Projects, project)
	}
}

func archived(id string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		project(o, id).Status, project(o, id).ArchivedAt = "archived", now
	}
}

func returnedProject(id, name string) string {
	return returnedResource("project:"+id, "organization:organization", name)
}

var projectActions = map[string]actionCase{
	"by name": {
		name: "create_project", arguments: `{"name":" Omega "}`, effect: madeProject(openaitest.Project{Name: "Omega"}),
		sends: []string{createProject}, returns: returnedProject("proj_Made000000000001", "Omega"), logs: []string{"project_id:proj_Made000000000001"},
	},
	"with everything": {
		name: "create_project", arguments: `{"name":"Omega","residency":"eu","external_key_id":"ek_1"}`,
		effect: madeProject(openaitest.Project{Name: "Omega", Residency: "eu", ExternalKeyID: "ek_1"}),
		sends:  []string{createProject}, returns: returnedProject("proj_Made000000000001", "Omega"),
	},
	"of a name that others have": {
		name: "create_project", arguments: `{"name":"Alpha"}`, effect: madeProject(openaitest.Project{Name: "Alpha"}),
		prepare: func(o *openaitest.Organization) { project(o, "beta").Name = "Alpha" },
		sends:   []string{createProject}, returns: returnedProject("proj_Made000000000001", "Alpha"),
	},
	"by its name": {
		name: "archive_project", arguments: archiveAlpha, effect: archived("alpha"),
		sends: []string{archiveProject}, returns: returnedProject("alpha", "Alpha"), logs: []string{"project_id:alpha"},
	},
	"by the name that a sync shows": {
		name: "archive_project", arguments: `{"project":{"resource_type_id":"project","resource_id":"alpha"},"confirm_name":"Al pha"}`,
		prepare: func(o *openaitest.Organization) { project(o, "alpha").Name = "Al\tpha\n" }, effect: archived("alpha"),
		sends: []string{archiveProject}, returns: returnedProject("alpha", "Al pha "),
	},
	"without a name, by the id that a sync shows": {
		name: "archive_project", arguments: `{"project":{"resource_type_id":"project","resource_id":"beta"},"confirm_name":"beta"}`,
		prepare: func(o *openaitest.Organization) { project(o, "beta").Name = "" }, effect: archived("beta"),
		sends: []string{archiveProject}, returns: returnedProject("beta", "beta"),
	},
	"archived already": {
		name: "archive_project", arguments: `{"project":{"resource_type_id":"project","resource_id":"gone"},"confirm_name":"Gone"}`,
		returns: returnedProject("gone", "Gone"),
	},
	"the name": {
		name: "update_project", arguments: renameAlpha, effect: func(o *openaitest.Organization) { project(o, "alpha").Name = "Omega" },
		sends: []string{modifyProject}, returns: returnedProject("alpha", "Omega"),
	},
	"the external key": {
		name: "update_project", arguments: `{"project":{"resource_type_id":"project","resource_id":"alpha"},"name":" ","external_key_id":"ek_1"}`,
		effect: func(o *openaitest.Organization) { project(o, "alpha").ExternalKeyID = "ek_1" },
		sends:  []string{modifyProject}, returns: returnedProject("alpha", "Alpha"),
	},
	"nothing new": {
		name: "update_project", arguments: renameAlpha, prepare: func(o *openaitest.Organization) { project(o, "alpha").Name = "Omega" },
		returns: returnedProject("alpha", "Omega"),
	},
}

func TestProjectActions(t *testing.T) {
	t.Parallel()
	requireInvoked(t, projectActions)
}

func TestProjectActionsRefused(t *testing.T) {
	t.Parallel()
	requireAllRefused(t, map[string]refusedCase{
		"archiving by another name": {
			do:   invoked("archive_project", `{"project":{"resource_type_id":"project","resource_id":"alpha"},"confirm_name":"alpha"}`),
			says: []string{"the project alpha has another name than confirm_name says"},
		},
		"archiving the default project": {
			do:   invoked("archive_project", `{"project":{"resource_type_id":"project","resource_id":"beta"},"confirm_name":"Default project"}`),
			says: []string{"the project beta is called Default project"},
		},
		"archiving what is archived, by another name": {
			do:   invoked("archive_project", `{"project":{"resource_type_id":"project","resource_id":"gone"},"confirm_name":"Alpha"}`),
			says: []string{"the project gone has another name than confirm_name says"},
		},
		"archiving nothing": {
			do:   invoked("archive_project", `{"project":{"resource_type_id":"project","resource_id":"nothing"},"confirm_name":"Alpha"}`),
			code: codes.NotFound, says: []string{"archiving the project nothing: OpenAI does not know it, or not any more"},
		},
		"updating nothing of a project": {
			do:   invoked("update_project", `{"project":{"resource_type_id":"project","resource_id":"alpha"},"name":""}`),
			code: codes.InvalidArgument, says: []string{"the action update_project needs the argument name or external_key_id"},
		},
		"renaming the default project": {
			do:    invoked("update_project", `{"project":{"resource_type_id":"project","resource_id":"beta"},"name":"Omega"}`),
			sends: []string{modifyProject}, says: []string{"updating the project beta", "The default project cannot be updated or archived"},
		},
		"renaming an archived project": {
			do:    invoked("update_project", `{"project":{"resource_type_id":"project","resource_id":"gone"},"name":"Omega"}`),
			sends: []string{modifyProject}, says: []string{"updating the project gone", "archived"},
		},
	})
}

// A project counts as archived although the API reports that as an error, and also if the state shows late.
func TestArchiveThatReportsAnError(t *testing.T) {
	t.Parallel()
	for _, lag := range []int{0, 3} {
		server := newServer()
		server.ArchiveReportsError, server.WriteLag = true, lag
		want := server.Snapshot()
		archived("alpha")(&want)
		require.NoError(t, invoked("archive_project", archiveAlpha)(t.Context(), connect(t, server)))
		requireState(t, want, server)
		require.Equal(t, []string{archiveProject}, writes(server))
	}
}

// If the answer is lost and another project of the name was created at the same time, neither is taken for the created
// one.
func TestLostProjectNextToAnother(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.SetFault(createProject, openaitest.Fault{Status: 500, AfterEffect: true})
	made := false
	server.OnRequest = func(request openaitest.Request) {
		if request.Route == createProject && !made {
			made = true
			server.Update(func(o *openaitest.Organization) {
				o.Projects = append(slices.Clone(o.Projects), openaitest.Project{ID: "theirs", Name: "Omega", Status: "active", CreatedAt: now})
			})
		}
	}
	err := invoked("create_project", `{"name":"Omega"}`)(t.Context(), connect(t, server))
	require.ErrorContains(t, err, "creating the project named Omega")
	require.ErrorContains(t, err, mayBeMade)
	require.Equal(t, []string{createProject}, writes(server))
}

// A project whose data stays elsewhere, or that is encrypted with another key, is not the requested one. An answer need not show it.
func TestProjectThatIsMadeOtherwise(t *testing.T) {
	t.Parallel()
	for shown, says := range map[string]string{
		`"residency":"us","external_key_id":"ek_1"`: "OpenAI made the project proj_1 with the residency us where eu was asked for",
		`"residency":"eu","external_key_id":"ek_2"`: "OpenAI made the project proj_1 with the external_key_id ek_2 where ek_1 was asked for",
		`"residency":"EU","external_key_id":null`:   "",
	} {
		t.Run(shown, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			made := openaitest.Fault{Body: `{"id":"proj_1","name":"Omega","status":"active",` + shown + `}`}
			server.SetFault(createProject, made)
			server.SetFault("GET /organization/projects/{project_id}", made)
			d := connect(t, server)
			returned, err := d.invoke(t.Context(), "create_project", `{"name":"Omega","residency":"eu","external_key_id":"ek_1"}`)
			require.Contains(t, returned.GetFields(), "project")
			if says != "" {
				requireRefusal(t, err, says)
				return
			}
			require.NoError(t, err)
			warnings := d.logs.FilterMessageSnippet("does not show what was asked for").All()
			require.Len(t, warnings, 1)
			require.Equal(t, "ek_1", warnings[0].ContextMap()["external_key_id"])
		})
	}
}
