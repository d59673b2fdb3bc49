package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// troubleshooting is the page that explains the connector's messages.
const troubleshooting = "troubleshooting.md"

// notTheConnector are the packages that the binary does not contain.
var notTheConnector = []string{"conductoronetest", "gen", "openaitest", "release"}

// notMessages are functions whose texts nobody is told.
var notMessages = []string{
	// What ConductorOne shows: names and descriptions.
	"WithDescription", "WithDisplayName", "WithHelpUrl",
	// What answers are searched for.
	"MustCompile", "Contains", "HasPrefix",
	// Nobody sees these unless a programmer made a mistake, which a test finds.
	"panic",
}

// notOnThePage are the texts of three words or more that are no message of their own, each with the reason.
var notOnThePage = map[string]string{
	// pkg/client
	"OpenAI Admin API: no answer":         "a line of the log at level debug, which the error behind it explains",
	"OpenAI Admin API":                    "a line of the log at level debug: each request",
	"service account named ":              "what is being created, which an error says with the name",
	"the name %q and the external key %q": "what is shown and wanted of a project, in a message of its own",
	"the owners of the organization":      "what changes exclude each other by",
	// pkg/service
	"created by github.com/conductorone/baton-sdk/pkg/connectorrunner.(*connectorRunner).run in ": "what a goroutine is known by",
	// cmd/baton-openai
	"what was to be done is done": "what stands for a connector where the SDK is to start none",
	// pkg/connector
	"The API key. OpenAI does not show it again.": "what ConductorOne says of the key that it hands over",
	"it is not there": "never shown: a targeted sync makes another message of it",
	"Syncs the users, invitations, roles, groups, projects, service accounts and API keys of an OpenAI organization.": "the connector's description",
	"Sees the project without using the API in it":                                                                    "the description of an entitlement",
	"Uses the API in the project":                                                                                     "the description of an entitlement",
	"Manages the project: its members, keys and settings":                                                             "the description of an entitlement",
	"The address that the invitation is sent to":                                                                      "the description of an account's field",
	"reader (the default) or owner":                                                                                   "the description of an account's field",
	"Projects to join, each as <project id> or <project id>:<role> with the role member (the default) or owner; none by default": "the description of an account's field",
}

// sources are the connector's Go files.
func sources(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, root := range []string{"../pkg", "../cmd/baton-openai"} {
		require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && slices.Contains(notTheConnector, entry.Name()):
				return filepath.SkipDir
			case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
				files = append(files, path)
			}
			return nil
		}))
	}
	require.NotEmpty(t, files)
	return files
}

// texts are the string literals of a file that may be shown to somebody, each with its place.
func texts(t *testing.T, path string, source any) map[string]token.Position {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, source, parser.ParseComments)
	require.NoError(t, err)
	found := map[string]token.Position{}
	if ast.IsGenerated(file) {
		return found
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			return node.Tag == nil
		case *ast.KeyValueExpr:
			// What ConductorOne shows of an action: docs/actions.md has it.
			key, isName := node.Key.(*ast.Ident)
			return !isName || key.Name != "description" && key.Name != "displayName"
		case *ast.CallExpr:
			return !slices.Contains(notMessages, calledName(node.Fun))
		case *ast.BasicLit:
			if node.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(node.Value)
			require.NoError(t, err)
			found[text] = set.Position(node.Pos())
		}
		return true
	})
	return found
}

func calledName(function ast.Expr) string {
	switch function := function.(type) {
	case *ast.Ident:
		return function.Name
	case *ast.SelectorExpr:
		return function.Sel.Name
	default:
		return ""
	}
}

var (
	verb = regexp.MustCompile(`"?%[-+#0-9.]*[a-z]…?"?`)
	// words tells a sentence from a name, a key or a fragment.
	words = regexp.MustCompile(`(?:[A-Za-z'-]+\S*\s+\S*){2}[A-Za-z'-]+`)
	span  = regexp.MustCompile("`[^`\n]+`")
)

// constantPart is what a message has in common with every other one of its kind, with an ellipsis where they differ.
func constantPart(text string) string {
	text = strings.TrimPrefix(text, "baton-openai: ")
	return strings.Trim(verb.ReplaceAllString(text, "…"), " …:;")
}

// messages are the constant parts of everything that the connector may tell somebody; the second map has those of all its
// texts.
func messages(t *testing.T) (map[string]token.Position, map[string]token.Position) {
	t.Helper()
	told, all := map[string]token.Position{}, map[string]token.Position{}
	unused := map[string]bool{}
	for text := range notOnThePage {
		unused[text] = true
	}
	for _, path := range sources(t) {
		for text, place := range texts(t, path, nil) {
			delete(unused, text)
			part := constantPart(text)
			all[part] = place
			if notOnThePage[text] == "" && words.MatchString(strings.ReplaceAll(part, "…", "")) {
				told[part] = place
			}
		}
	}
	require.Empty(t, unused, "exceptions that are not in the source any more")
	return told, all
}

// explained are the messages that a page has, which stand in backquotes.
func explained(text string) []string {
	found := span.FindAllString(text, -1)
	for i := range found {
		found[i] = strings.Trim(found[i], "`")
	}
	return found
}

// Whatever the connector tells somebody is explained.
func TestEveryMessageIsExplained(t *testing.T) {
	t.Parallel()
	page := explained(read(t, troubleshooting))
	told, _ := messages(t)
	require.Greater(t, len(told), 100, "the source is searched in the wrong way")
	for part, place := range told {
		has := func(message string) bool { return strings.Contains(message, part) }
		assert.True(t, slices.ContainsFunc(page, has), "%s: %s does not explain %q: add it there, or say in notOnThePage why not", place, troubleshooting, part)
	}
}

// othersMessages are explained on the page and come from somebody else.
var othersMessages = map[string]string{
	"insufficient_quota":      "OpenAI's code",
	"payment_method_required": "OpenAI's code",
	"not found":               "the SDK's",
	"no current sync":         "of the SDK's store",
	"resource type … does not have resource Delete() configured": "the SDK's",
}

// What is explained is what the connector still says.
func TestEveryExplanationHasItsMessage(t *testing.T) {
	t.Parallel()
	told, all := messages(t)
	rows := 0
	for line := range strings.Lines(read(t, troubleshooting)) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		rows++
		first, _, _ := strings.Cut(line[1:], " | ")
		for _, message := range explained(first) {
			text := constantPart(message)
			_, whole := all[text]
			said := whole || othersMessages[message] != ""
			for part := range told {
				said = said || strings.Contains(text, part) || strings.Contains(part, text)
			}
			assert.True(t, said, "%s explains %q, which the connector does not say", troubleshooting, message)
		}
	}
	require.Greater(t, rows, 50, "the page is searched in the wrong way")
}

// The search finds what it is for.
func TestMessagesAreFound(t *testing.T) {
	t.Parallel()
	const source = "package p\n" +
		"import \"a b c d\"\n" +
		"type s struct { A int `json:\"a b c d\"` }\n" +
		"var errOne = errors.New(\"the first of them\")\n" +
		"func f() error { return refuse(codes.Internal, fmt.Errorf(\"baton-openai: the second %q of %d: %w\", a, b, err)) }\n" +
		"func g() string { e.Message = \"the third of them\"; a := action{description: \"not one of them\"}; return ent.WithDescription(\"not one of them\") }\n"
	found := texts(t, "p.go", source)
	parts := make([]string, 0, len(found))
	for text := range found {
		parts = append(parts, constantPart(text))
	}
	slices.Sort(parts)
	require.Equal(t, []string{"the first of them", "the second … of", "the third of them"}, parts)
}
