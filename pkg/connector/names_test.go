package connector_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// Names and descriptions that are too long are cut after a character, and the profile has the whole text. A text
// without a visible character counts as none, and control characters become blanks.
func TestNamesOfAnyLength(t *testing.T) {
	t.Parallel()
	long, umlauts := strings.Repeat("n", 1_100), "x"+strings.Repeat("ü", 600)
	tests := map[string]struct {
		name, shown string
		whole       any
	}{
		"of 1,024 bytes":       {long[:1_024], long[:1_024], nil},
		"of 1,025 bytes":       {long[:1_025], long[:1_024], long[:1_025]},
		"cut behind a rune":    {umlauts, umlauts[:1_023], umlauts},
		"blanks":               {" \t\u00a0\u3000", "", nil},
		"nothing to be seen":   {"\u200b\ufeff\u202e\x00\x1b", "", nil},
		"control characters":   {"a\nb\x1b[31mc\u0085d\u2028e", "a b [31mc d e", "a\nb\x1b[31mc\u0085d\u2028e"},
		"blanks at both ends":  {" Ada ", " Ada ", nil},
		"from right to left":   {"\u202bعدا\u202c", "\u202bعدا\u202c", nil},
		"no UTF-8, as JSON is": {"a\ufffdb", "a\ufffdb", nil},
	}
	o := openaitest.Organization{ID: "org-1"}
	for title, test := range tests {
		o.Users = append(o.Users, openaitest.User{ID: title, Email: title + "@example.com", Name: test.name, Role: "reader", AddedAt: 1})
	}
	synced := runSync(t, &openaitest.Server{Organization: o}, syncOptions{})
	require.NoError(t, synced.err)
	want := expected(o)
	for title, test := range tests {
		shown := cmp.Or(test.shown, title+"@example.com")
		want = want.withProfile("user:"+title, "name", test.whole).withResource("user:"+title, func(row *resourceRow) { row.Name = shown })
	}
	requireSame(t, want, readRows(t, synced.store))
}

// A resource that is larger than any message of the SDK fails the sync, with its id.
func TestResourceThatIsTooLarge(t *testing.T) {
	t.Parallel()
	organization := pinned()
	organization.Roles[0].Description = strings.Repeat("d", 2<<20)
	synced := runSync(t, &openaitest.Server{Organization: organization}, syncOptions{})
	require.ErrorContains(t, synced.err, "baton-openai: ")
	require.ErrorContains(t, synced.err, `the organization_role "role_1" has `)
	require.ErrorContains(t, synced.err, "bytes, and 3145728 can be stored")
}

// scripts are letters of many scripts, and other characters.
var scripts = []string{
	"abcdefghijklmnopqrstuvwxyz", "äöüßéñ", "жщыдон", "漢字仮名交じり", "한국어", "עברית", "العربية", "हिन्दी", "ไทย", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
	"e\u0301a\u0308o\u0302\u0327", "👩\u200d🚀🏳\ufe0f\u200d🌈👍🏽", "\u202e\u202b\u200f\u200e\u2066\u2069", "\ufffd", "\x00\x01\x1b\x7f\u0085\u009b", "\t\n\r\u2028\u2029",
	" \u00a0\u2003\u3000", "\u200b\u2060\ufeff", `"'\<>&%{}`, "*-_.:/",
}

// anyText generates texts of every length and script.
type anyText struct{ rng *rand.Rand }

func (a anyText) any() string {
	lengths := []int{0, 1, 2, 20, 1_000, 1_023, 1_024, 1_025, 1_030, 2_047, 2_048, 2_049, 5_000}
	length := lengths[a.rng.IntN(len(lengths))]
	runes := []rune(scripts[a.rng.IntN(len(scripts))])
	for range a.rng.IntN(3) {
		runes = append(runes, []rune(scripts[a.rng.IntN(len(scripts))])...)
	}
	var b strings.Builder
	for b.Len() < length {
		b.WriteRune(runes[a.rng.IntN(len(runes))])
	}
	return b.String()
}

// everyText is an organization of the size with a random text in every free-text field.
func everyText(seed uint64, size int) openaitest.Organization {
	text := anyText{rand.New(rand.NewPCG(seed, 7))}
	o := openaitest.Organization{ID: "org-1", Users: many(size, userRow)}
	for i := range o.Users {
		o.Users[i].Name = text.any()
		if i%3 == 0 {
			o.Users[i].Email = text.any()
		}
		o.Invites = append(o.Invites, openaitest.Invite{ID: fmt.Sprintf("invite-%d", i), Email: text.any(), Status: "pending"})
		o.Roles = append(o.Roles, openaitest.Role{ID: fmt.Sprintf("role_%d", i), Name: text.any(), Description: text.any()})
		o.Groups = append(o.Groups, openaitest.Group{ID: fmt.Sprintf("group_%d", i), Name: text.any(), GroupType: "group"})
		o.AdminKeys = append(o.AdminKeys, openaitest.AdminAPIKey{
			ID: fmt.Sprintf("key_%d", i), Name: text.any(), RedactedValue: "sk-admin-***1", OwnerType: "user", OwnerID: "user-1",
		})
		o.Projects = append(o.Projects, openaitest.Project{
			ID: fmt.Sprintf("proj_%d", i), Name: text.any(), Status: "active",
			Roles:           []openaitest.Role{{ID: "role_p", Name: text.any(), Description: text.any()}},
			ServiceAccounts: []openaitest.ServiceAccount{{ID: fmt.Sprintf("svc_acct_%d", i), Name: text.any(), Role: "member", RoleIDs: []string{"role_p"}}},
		})
	}
	return o
}

// Each text is kept, or cut to the SDK's maximal length.
func TestNamesOfEveryScript(t *testing.T) {
	t.Parallel()
	for seed := range seedsOfTexts {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			requireSyncedWhole(t, everyText(uint64(seed), 30))
		})
	}
}

// unseen are the invisible characters of these tests.
const unseen = "\x00\x01\t\n\r\x1b\x7f\u0085\u009b\u2028\u2029" + " \u00a0\u2003\u3000" +
	"\u200b\u200d\u200e\u200f\u202b\u202c\u202e\u2060\u2066\u2069\ufeff"

// written is the first of the texts with a visible character.
func written(texts ...string) string {
	for _, text := range texts {
		if strings.Trim(text, unseen) != "" {
			return text
		}
	}
	return ""
}

// shortened is the displayed form of a text, in at most so many bytes.
func shortened(text string, most int) string {
	var b strings.Builder
	for _, r := range text {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 {
			r = ' '
		}
		if b.Len()+len(string(r)) > most {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}
