package connector

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

// everyKind is an action with an argument of each kind.
var everyKind = action{
	name: "try",
	arguments: []actionField{
		{name: "text", kind: kindText, required: true},
		{name: "number", kind: kindNumber},
		{name: "is", kind: kindYesNo},
		{name: "texts", kind: kindTexts},
		{name: "project", kind: kindResourceID, types: types(resourceTypeProject, resourceTypeOrganization)},
	},
}

func TestActionArguments(t *testing.T) {
	t.Parallel()
	const noID = `the argument project of the action try is not an id such as {"resource_type_id":"project","resource_id":"..."}`
	tests := map[string]struct {
		given string
		// want has the arguments, each of its kind; refused is part of the error.
		want    map[string]any
		refused string
	}{
		"all": {
			given: `{"text":" a b\n","number":-3,"is":false,"texts":[" a","b "],"project":{"resource_type_id":"project","resource_id":"proj_1"}}`,
			want:  map[string]any{"text": "a b", "number": int64(-3), "is": false, "texts": []string{"a", "b"}, "project": resourceID(resourceTypeProject, "proj_1")},
		},
		"what is required": {given: `{"text":"a"}`, want: map[string]any{"text": "a"}},
		"a form that is left empty": {
			given: `{"text":"a","number":null,"is":null,"texts":[],"project":{"resource_type_id":"","resource_id":""}}`, want: map[string]any{"text": "a"},
		},
		"zero and a large number": {given: `{"text":"a","number":9007199254740992}`, want: map[string]any{"text": "a", "number": int64(1 << 53)}},
		"an id in the SDK's other words": {
			given: `{"text":"a","project":{"resource_type":"organization","resource":"organization"}}`,
			want:  map[string]any{"text": "a", "project": resourceID(resourceTypeOrganization, "organization")},
		},
		"an id as an action returns it": {
			given: `{"text":"a","project":{"resourceTypeId":"project","resourceId":"proj_1"}}`,
			want:  map[string]any{"text": "a", "project": resourceID(resourceTypeProject, "proj_1")},
		},

		"nothing":                     {given: `{}`, refused: "the action try needs the argument text"},
		"null":                        {given: `{"text":null}`, refused: "the action try needs the argument text"},
		"blanks":                      {given: `{"text":" \t\u200b"}`, refused: "the action try needs the argument text"},
		"a name that nobody knows":    {given: `{"text":"a","Text":"sk-secret"}`, refused: "its arguments are text, number, is, texts, project"},
		"a number for a text":         {given: `{"text":7}`, refused: "the argument text of the action try is not a text"},
		"a list for a text":           {given: `{"text":["a"]}`, refused: "the argument text of the action try is not a text"},
		"a text for a number":         {given: `{"text":"a","number":"7"}`, refused: "the argument number of the action try is not a whole number"},
		"a part of a number":          {given: `{"text":"a","number":7.5}`, refused: "is not a whole number"},
		"a number that is too large":  {given: `{"text":"a","number":1e300}`, refused: "is not a whole number"},
		"a word for yes":              {given: `{"text":"a","is":"true"}`, refused: "the argument is of the action try is neither true nor false"},
		"a text for a list":           {given: `{"text":"a","texts":"b"}`, refused: "the argument texts of the action try is not a list of texts"},
		"a list with a number":        {given: `{"text":"a","texts":["b",1]}`, refused: "is not a list of texts"},
		"a list with a blank":         {given: `{"text":"a","texts":["b"," "]}`, refused: "is not a list of texts"},
		"a text for an id":            {given: `{"text":"a","project":"proj_1"}`, refused: noID},
		"an object that is no id":     {given: `{"text":"a","project":{"id":"proj_1"}}`, refused: noID},
		"an id of another type":       {given: `{"text":"a","project":{"resource_type_id":"user","resource_id":"proj_1"}}`, refused: "takes an id of the type project or organization only"},
		"an id without its type":      {given: `{"text":"a","project":{"resource_type_id":"","resource_id":"proj_1"}}`, refused: "takes an id of the type project or organization only"},
		"an id that is empty":         {given: `{"text":"a","project":{"resource_type_id":"project","resource_id":""}}`, refused: "has an id that cannot be one of the type project"},
		"an id with a line break":     {given: `{"text":"a","project":{"resource_type_id":"project","resource_id":"a\nb"}}`, refused: "has an id that cannot be one of the type project"},
		"an id that is no object yet": {given: `{"text":"a","project":[]}`, refused: noID},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := &structpb.Struct{}
			require.NoError(t, protojson.Unmarshal([]byte(test.given), given))
			found, err := everyKind.parse(given)
			if test.refused != "" {
				require.ErrorContains(t, err, test.refused)
				require.Equal(t, codes.InvalidArgument, status.Code(err))
				require.NotContains(t, err.Error(), "secret")
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, found.values)
			require.Equal(t, test.want["number"] != nil, found.has("number"))
			require.Equal(t, test.want["is"] != nil, found.yesNo("is") != nil)
			text, _ := test.want["text"].(string)
			require.Equal(t, text, found.text("text"))
			number, _ := test.want["number"].(int64)
			require.Equal(t, number, found.number("number"))
			texts, _ := test.want["texts"].([]string)
			require.Equal(t, texts, found.texts("texts"))
		})
	}
}
