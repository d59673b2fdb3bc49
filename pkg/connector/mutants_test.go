//go:build mutants

package connector_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mutant is one mistake in the connector that would remove access, or show access that nobody has.
type mutant struct {
	// file is the path of the mistake from the repository's root. before occurs there once, and becomes after.
	file, before, after string
	// tests are the arguments of go test for a test that has to fail.
	tests []string
}

var mutants = map[string]mutant{
	"an error is an empty list of resources": {
		"pkg/connector/list_resources.go",
		"	page, err := getPage(ctx, s, l, token.Cursor)\n	if err != nil {\n		return nil, nil, readError(doing, err)\n	}\n",
		"	page, err := getPage(ctx, s, l, token.Cursor)\n	if err != nil {\n		return nil, nil, nil\n	}\n",
		[]string{"-run", "^TestFaultTable$", "./pkg/connector"},
	},
	"an error is an empty list of grants": {
		"pkg/connector/page_token.go",
		"		case err != nil:\n			return nil, nil, err\n		case next == nil:\n",
		"		case err != nil:\n			return nil, nil, nil\n		case next == nil:\n",
		[]string{"-run", "^TestFaultTable$", "./pkg/connector"},
	},
	"an error is an empty list in a targeted sync": {
		"pkg/connector/targeted_sync.go",
		"	case errors.Is(err, errNotThere), isGone(err):\n",
		"	case err != nil, errors.Is(err, errNotThere), isGone(err):\n",
		[]string{"-run", "^TestTargetedSyncFails$", "./pkg/connector"},
	},
	"the scope of a sync is ignored": {
		"pkg/connector/sync_types.go",
		"	return s.hasBegunType(resourceType)\n",
		"	return true\n",
		[]string{"-run", "^TestSyncOfSomeTypes$", "./pkg/connector"},
	},
	"a role without sources is taken for a group's": {
		"pkg/connector/assignment_grants.go",
		"	return !given, err\n",
		"	return given && false, err\n",
		[]string{"-run", "^TestSecondPredefinedRole$", "./pkg/connector"},
	},
	"a group's role is taken for one that is held directly": {
		"pkg/connector/assignment_grants.go",
		"	return !given, err\n",
		"	return given || true, err\n",
		[]string{"-run", "^TestSecondPredefinedRole$", "./pkg/connector"},
	},
	"a list that begins again is two": {
		"pkg/connector/all_pages.go",
		"		if page.Again {\n			all = nil\n		}\n",
		"",
		[]string{"-run", "^TestNextRunBeginsAListAgain$", "./pkg/connector"},
	},
	"changes that exclude each other run at once": {
		"pkg/connector/change_lock.go",
		"turn: make(chan struct{}, 1)",
		"turn: make(chan struct{}, 9)",
		[]string{"-run", "^TestLastTwoOwnersAtOnce$", "./pkg/connector"},
	},
	"a success is one whatever shows": {
		"pkg/connector/consistency.go",
		"	case seen != c.before && seen != stateUnknown:\n",
		"	case false:\n",
		[]string{"-run", "^TestSuccessWithAnotherState$", "./pkg/connector"},
	},
	"a deletion is one whatever it says": {
		"pkg/client/write.go",
		"&& !*answered.Deleted {\n",
		"&& *answered.Deleted && false {\n",
		[]string{"-run", "^TestDeletionThatSaysNothingWasDeleted$", "./pkg/connector"},
	},
	"a 404 of something on the way is believed": {
		"pkg/client/error_kind.go",
		"	case !body.own:\n		return KindNoAnswer, ReasonForeign\n",
		"	case !body.own && statusCode != http.StatusNotFound:\n		return KindNoAnswer, ReasonForeign\n",
		[]string{"-run", "^TestGateway404", "./pkg/connector"},
	},
	"an inherited role is held directly": {
		"pkg/connector/assignment_grants.go",
		"	case !heldDirectly(held, a.principal.GetResource(), a.principal.GetResourceType() == resourceTypeGroup.GetId()):\n",
		"	case !heldDirectly(held, a.principal.GetResource(), a.principal.GetResourceType() == resourceTypeGroup.GetId()) && false:\n",
		[]string{"-run", "^TestFullSyncEqualsTheOrganization$", "./pkg/connector"},
	},
	"an unfinished sync of another organization is continued": {
		"pkg/continuation/continuation.go",
		"	case before != now:\n",
		"	case before != now && false:\n",
		[]string{"-run", "^TestScripts$/^organization$", "./cmd/baton-openai"},
	},
	"an unfinished sync of other types is continued": {
		"pkg/continuation/continuation.go",
		"	if !maps.Equal(earlier.Settings, c.settings) {\n",
		"	if !maps.Equal(earlier.Settings, c.settings) && false {\n",
		[]string{"-run", "^TestScripts$/^continued$", "./cmd/baton-openai"},
	},
	"the words of a refusal say that a project is archived": {
		"pkg/connector/project_archived.go",
		"	return project.Status == client.ProjectArchived, err\n",
		"	return project.Status != \"\", err\n",
		[]string{"-run", "^TestRefusalByAnActiveProjectIsAnError$", "./pkg/connector"},
	},
	"an answer about another object is believed": {
		"pkg/connector/creation.go",
		"err == nil && before[id] {\n",
		"err == nil && before[id] && false {\n",
		[]string{"-run", "^TestAnswerThatNamesAnOlderObject$", "./pkg/connector"},
	},
	"a page of resources is dropped": {
		"pkg/connector/page_token.go",
		"	if page.Next.IsZero() {\n		return nil, leftOut, nil\n	}\n	return &pageToken{",
		"	if page.Next.IsZero() || true {\n		return nil, leftOut, nil\n	}\n	return &pageToken{",
		[]string{"-run", "^TestFullSyncEqualsTheOrganization$", "./pkg/connector"},
	},
}

// A test fails for each of the mistakes.
func TestMutants(t *testing.T) { //nolint:paralleltest // each is a run of go test, which takes every processor
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	for name, m := range mutants {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // as above
			path := filepath.Join(root, m.file)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, 1, strings.Count(string(text), m.before), "the place of the mistake in %s", m.file)
			mutated := filepath.Join(t.TempDir(), filepath.Base(m.file))
			require.NoError(t, os.WriteFile(mutated, []byte(strings.Replace(string(text), m.before, m.after, 1)), 0o600))
			overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: mutated}})
			require.NoError(t, err)
			overlayFile := filepath.Join(t.TempDir(), "overlay.json")
			require.NoError(t, os.WriteFile(overlayFile, overlay, 0o600))

			command := exec.CommandContext(t.Context(), "go", append([]string{"test", "-count=1", "-overlay", overlayFile}, m.tests...)...)
			command.Dir = root
			output, err := command.CombinedOutput()
			require.Error(t, err, "no test has found it: %s", output)
			require.Contains(t, string(output), "--- FAIL: ", "it is no test that failed")
			t.Logf("found by %d failures", strings.Count(string(output), "--- FAIL: "))
		})
	}
}
