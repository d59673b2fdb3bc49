package connector_test

import (
	"testing"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// An older payload has invited_at in place of created_at. Projects are shown as the API sends them. An invitation of
// unknown status is kept, without a status; an accepted one is left out.
func TestInvitations(t *testing.T) {
	t.Parallel()
	ada := openaitest.Invite{Email: "ada@example.com", Role: "reader", Status: "pending", CreatedAt: 1_740_000_000, ExpiresAt: 1_750_000_000}
	later := ada
	later.CreatedAt = 1_745_000_000
	status := func(shown string) func(*resourceRow) {
		return func(row *resourceRow) {
			row.Status = "RESOURCE_STATUS_UNSPECIFIED/" + shown
			delete(row.Profile, "status")
			if shown != "" {
				row.Profile["status"] = shown
			}
		}
	}
	projects := func(list []any) func(*resourceRow) {
		return func(row *resourceRow) {
			delete(row.Profile, "projects")
			if list != nil {
				row.Profile["projects"] = list
			}
		}
	}
	cases := map[string]struct {
		json  openaitest.Fields
		want  openaitest.Invite
		amend func(*resourceRow)
	}{
		"invited_at only":  {openaitest.Fields{"created_at": openaitest.Absent{}, "invited_at": 1_745_000_000}, later, nil},
		"both times":       {openaitest.Fields{"invited_at": 1_745_000_000}, ada, nil},
		"projects missing": {openaitest.Fields{"projects": openaitest.Absent{}}, ada, projects(nil)},
		"projects null":    {openaitest.Fields{"projects": nil}, ada, projects(nil)},
		"projects empty":   {openaitest.Fields{"projects": []any{}}, ada, projects([]any{})},
		"without role":     {openaitest.Fields{"projects": []any{map[string]any{"id": "proj_gone"}}}, ada, projects([]any{"proj_gone"})},
		"unknown status":   {openaitest.Fields{"status": "revoked"}, ada, status("revoked")},
		"status null":      {openaitest.Fields{"status": nil}, ada, status("")},
		"same e-mail":      {nil, ada, nil},
		"e-mail null": {openaitest.Fields{"email": nil}, ada, func(row *resourceRow) {
			row.Name, row.Account.Email, row.Account.Login = row.RawID, "", ""
		}},
		"accepted": {openaitest.Fields{"status": "accepted"}, openaitest.Invite{Status: "accepted"}, nil},
	}
	invitations := quirk{
		prepare: func(s *openaitest.Server) {
			for name, test := range cases {
				served := ada
				served.ID, served.JSON = "invite-"+name, test.json
				s.Organization.Invites = append(s.Organization.Invites, served)
			}
		},
		effect: func(o *openaitest.Organization) {
			for name, test := range cases {
				test.want.ID = "invite-" + name
				o.Invites = append(o.Invites, test.want)
			}
		},
		amend: func(f file) file {
			for name, test := range cases {
				if test.amend != nil {
					f = f.withResource("invitation:invite-"+name, test.amend)
				}
			}
			return f
		},
	}
	requireQuirks(t, map[string]quirk{"invitations": invitations})
}
