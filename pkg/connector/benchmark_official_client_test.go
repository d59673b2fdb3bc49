//go:build bench

package connector_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// walkOfficially reads the same organization with OpenAI's own client, one call after another.
func walkOfficially(t *testing.T, standIn *openaitest.Server) (time.Duration, error) {
	t.Helper()
	listener := httptest.NewServer(standIn)
	defer listener.Close()
	client := openai.NewClient(option.WithBaseURL(listener.URL+"/v1"), option.WithAdminAPIKey(testKey))
	start := time.Now()
	err := officialWalk{t.Context(), client.Admin.Organization}.everything()
	return time.Since(start), err
}

type officialWalk struct {
	context.Context

	api openai.AdminOrganizationService
}

// pager is the common interface of the client's iterators.
type pager interface {
	Next() bool
	Err() error
}

func count(pages pager) error {
	for pages.Next() {
	}
	return pages.Err()
}

func (w officialWalk) everything() error {
	if err := w.organization(); err != nil {
		return err
	}
	groups, err := w.groups()
	if err != nil {
		return err
	}
	projects := w.api.Projects.ListAutoPaging(w, openai.AdminOrganizationProjectListParams{})
	for projects.Next() {
		if err := w.project(projects.Current().ID, groups); err != nil {
			return err
		}
	}
	return projects.Err()
}

func (w officialWalk) organization() error {
	custom := false
	roles := w.api.Roles.ListAutoPaging(w, openai.AdminOrganizationRoleListParams{})
	for roles.Next() {
		custom = custom || !roles.Current().PredefinedRole
	}
	if err := roles.Err(); err != nil {
		return err
	}
	users := w.api.Users.ListAutoPaging(w, openai.AdminOrganizationUserListParams{})
	for users.Next() {
		if !custom {
			continue
		}
		if err := count(w.api.Users.Roles.ListAutoPaging(w, users.Current().ID, openai.AdminOrganizationUserRoleListParams{})); err != nil {
			return err
		}
	}
	if err := users.Err(); err != nil {
		return err
	}
	if err := count(w.api.Invites.ListAutoPaging(w, openai.AdminOrganizationInviteListParams{})); err != nil {
		return err
	}
	return count(w.api.AdminAPIKeys.ListAutoPaging(w, openai.AdminOrganizationAdminAPIKeyListParams{}))
}

func (w officialWalk) groups() (bool, error) {
	some := false
	groups := w.api.Groups.ListAutoPaging(w, openai.AdminOrganizationGroupListParams{})
	for groups.Next() {
		some = true
		id := groups.Current().ID
		if err := count(w.api.Groups.Users.ListAutoPaging(w, id, openai.AdminOrganizationGroupUserListParams{})); err != nil {
			return false, err
		}
		if err := count(w.api.Groups.Roles.ListAutoPaging(w, id, openai.AdminOrganizationGroupRoleListParams{})); err != nil {
			return false, err
		}
	}
	return some, groups.Err()
}

func (w officialWalk) project(id string, groups bool) error {
	projects := w.api.Projects
	custom := false
	roles := projects.Roles.ListAutoPaging(w, id, openai.AdminOrganizationProjectRoleListParams{})
	for roles.Next() {
		custom = custom || !roles.Current().PredefinedRole
	}
	if err := roles.Err(); err != nil {
		return err
	}
	users := projects.Users.ListAutoPaging(w, id, openai.AdminOrganizationProjectUserListParams{})
	for users.Next() {
		if custom {
			if err := count(projects.Users.Roles.ListAutoPaging(w, id, users.Current().ID, openai.AdminOrganizationProjectUserRoleListParams{})); err != nil {
				return err
			}
		}
	}
	if err := users.Err(); err != nil {
		return err
	}
	if err := count(projects.ServiceAccounts.ListAutoPaging(w, id, openai.AdminOrganizationProjectServiceAccountListParams{})); err != nil {
		return err
	}
	if err := count(projects.APIKeys.ListAutoPaging(w, id, openai.AdminOrganizationProjectAPIKeyListParams{})); err != nil {
		return err
	}
	if !groups {
		return nil
	}
	members := projects.Groups.ListAutoPaging(w, id, openai.AdminOrganizationProjectGroupListParams{})
	for members.Next() {
		if err := count(projects.Groups.Roles.ListAutoPaging(w, id, members.Current().GroupID, openai.AdminOrganizationProjectGroupRoleListParams{})); err != nil {
			return err
		}
	}
	return members.Err()
}
