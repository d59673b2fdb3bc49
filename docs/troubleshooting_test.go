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

// notMessages are functions whose texts are no messages.
var notMessages = []string{
	// Names and descriptions, which ConductorOne shows.
	"WithDescription", "WithDisplayName", "WithHelpUrl",
	// Parts of answers.
	"MustCompile", "Contains", "HasPrefix",
	// Mistakes of a programmer, which a test finds.
	"panic",
}

// notOnThePage are texts of three words or more that need no row, each with the reason.
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

// texts gives the string literals of a file that may be messages, each with its place.
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
			// ConductorOne shows this of an action; docs/actions.md has it.
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
	// words matches a sentence, but not a name, a key or a fragment.
	words = regexp.MustCompile(`(?:[A-Za-z'-]+\S*\s+\S*){2}[A-Za-z'-]+`)
	span  = regexp.MustCompile("`[^`\n]+`")
)

// constantPart gives the text of a message with an ellipsis for each part that varies.
func constantPart(text string) string {
	text = strings.TrimPrefix(text, "baton-openai: ")
	return strings.Trim(verb.ReplaceAllString(text, "…"), " …:;")
}

// messages gives the constant parts of the connector's messages, and those of all its texts.
func messages(t *testing.T) (map[string]token.Position, map[string]token.Position) {
	t.Helper()
	shown, all := map[string]token.Position{}, map[string]token.Position{}
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
				shown[part] = place
			}
		}
	}
	require.Empty(t, unused, "exceptions that are not in the source any more")
	return shown, all
}

// explained gives the messages of a page: the texts in backquotes.
func explained(text string) []string {
	found := span.FindAllString(text, -1)
	for i := range found {
		found[i] = strings.Trim(found[i], "`")
	}
	return found
}

// The page explains every message of the connector.
func TestEveryMessageIsExplained(t *testing.T) {
	t.Parallel()
	page := explained(read(t, troubleshooting))
	shown, _ := messages(t)
	require.Greater(t, len(shown), 100, "the source is searched in the wrong way")
	for part, place := range shown {
		has := func(message string) bool { return strings.Contains(message, part) }
		assert.True(t, slices.ContainsFunc(page, has), "%s: %s does not explain %q: add it there, or say in notOnThePage why not", place, troubleshooting, part)
	}
}

// othersMessages are messages on the page that the connector does not make.
var othersMessages = map[string]string{
	"insufficient_quota":      "OpenAI's code",
	"payment_method_required": "OpenAI's code",
	"not found":               "the SDK's",
	"the specified c1z temp dir does not exist: …": "the SDK's",
	"pebble FATAL: …":                        "the SDK's",
	"invalid client id":                      "the SDK's",
	"invalid client secret":                  "the SDK's",
	"failed to start health check server: …": "the SDK's",
	"resource type … does not have resource Delete() configured": "the SDK's",
}

// The connector still has every message that the page explains.
func TestEveryExplanationHasItsMessage(t *testing.T) {
	t.Parallel()
	shown, all := messages(t)
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
			for part := range shown {
				said = said || strings.Contains(text, part) || strings.Contains(part, text)
			}
			assert.True(t, said, "%s explains %q, which the connector does not say", troubleshooting, message)
		}
	}
	require.Greater(t, rows, 50, "the page is searched in the wrong way")
}

// The search finds messages and nothing else.
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
