package connector

import (
	"context"
	"fmt"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// storeWithCache is the session store of a Lambda's process: the SDK caches the values that the process has read or
// written, and ignores later writes of other processes.
type storeWithCache struct {
	*storeInMemory

	cache *storeInMemory
}

func (s *storeWithCache) Get(ctx context.Context, key string, options ...sessions.SessionStoreOption) ([]byte, bool, error) {
	if value, ok, err := s.cache.Get(ctx, key, options...); ok || err != nil {
		return value, ok, err
	}
	value, ok, err := s.storeInMemory.Get(ctx, key, options...)
	if ok && err == nil {
		err = s.cache.Set(ctx, key, value, options...)
	}
	return value, ok, err
}

func (s *storeWithCache) Set(ctx context.Context, key string, value []byte, options ...sessions.SessionStoreOption) error {
	if err := s.storeInMemory.Set(ctx, key, value, options...); err != nil {
		return err
	}
	return s.cache.Set(ctx, key, value, options...)
}

// If several processes read the pages of a role list in turn, each of them knows all roles.
func TestRolesReadByProcessesInTurn(t *testing.T) {
	t.Parallel()
	const pageOfRoles, pages = 1000, 4
	server := &openaitest.Server{Organization: openaitest.Sample()}
	custom := make([]openaitest.Role, 0, pageOfRoles*(pages-1))
	for i := range pageOfRoles * (pages - 1) {
		custom = append(custom, openaitest.Role{ID: fmt.Sprintf("role_%d", i), Name: fmt.Sprintf("Role %d", i)})
	}
	server.Organization.Roles = custom
	project := server.Organization.Projects[0].ID
	server.Organization.Projects[0].Roles = custom

	shared := newStoreInMemory()
	processes := make([]*syncReader, 2)
	for i := range processes {
		processes[i] = syncOf(t, readerOf(t, server, false), "sync", &storeWithCache{shared, newStoreInMemory()})
	}
	for _, list := range []list[client.Role]{organizationRolesList(), projectRolesList(project)} {
		read := 0
		for cursor := (client.Cursor{}); ; read++ {
			page, err := getPage(t.Context(), processes[read%len(processes)], list, cursor)
			require.NoError(t, err)
			if cursor = page.Next; cursor.IsZero() {
				break
			}
		}
		require.Equal(t, pages, read+1)
	}
	asked := len(server.Requests())
	for _, process := range processes {
		ofOrganization, err := process.organizationRoles(t.Context())
		require.NoError(t, err)
		ofProject, err := process.projectRoles(t.Context(), project)
		require.NoError(t, err)
		for _, role := range custom {
			require.True(t, has(ofOrganization, role.ID) && has(ofProject, role.ID), role.ID)
		}
		missing, err := process.unlistedPredefinedRoles(t.Context())
		require.NoError(t, err)
		require.Empty(t, missing)
	}
	require.Len(t, server.Requests(), asked)
}

func has(catalog roleCatalog, id string) bool {
	_, ok := catalog[id]
	return ok
}
