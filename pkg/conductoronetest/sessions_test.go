package conductoronetest_test

import (
	"fmt"
	"strings"
	"testing"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// All processes see a value of the same sync and prefix, until it is removed.
func TestSessions(t *testing.T) {
	t.Parallel()
	h := newHostedPeer(t)
	client := v1.NewBatonSessionServiceClient(h.calls)
	sync, other := strings.Repeat("a", 27), strings.Repeat("b", 27)
	values := map[string][]byte{}
	for i := range 100 {
		values[fmt.Sprint(i)] = []byte{byte(i)}
	}
	_, err := client.SetMany(h.authorizedFor(v1.BatonSessionService_SetMany_FullMethodName), v1.SetManyRequest_builder{SyncId: sync, Prefix: "p", Values: values}.Build())
	require.NoError(t, err)
	for _, id := range []string{sync, other} {
		_, err = client.Set(h.authorizedFor(v1.BatonSessionService_Set_FullMethodName), v1.SetRequest_builder{SyncId: id, Prefix: "p", Key: "key", Value: []byte(id)}.Build())
		require.NoError(t, err)
		got, err := client.Get(h.authorizedFor(v1.BatonSessionService_Get_FullMethodName), v1.GetRequest_builder{SyncId: id, Prefix: "p", Key: "key"}.Build())
		require.NoError(t, err)
		assert.Equal(t, id, string(got.GetValue()))
	}
	absent, err := client.Get(h.authorizedFor(v1.BatonSessionService_Get_FullMethodName), v1.GetRequest_builder{SyncId: sync, Prefix: "q", Key: "key"}.Build())
	require.NoError(t, err)
	assert.False(t, absent.GetFound())
	many, err := client.GetMany(h.authorizedFor(v1.BatonSessionService_GetMany_FullMethodName), v1.GetManyRequest_builder{SyncId: sync, Prefix: "p", Keys: []string{"1", "none", "2"}}.Build())
	require.NoError(t, err)
	assert.Len(t, many.GetItems(), 2)

	all, token := map[string]bool{}, ""
	for pages := 1; ; pages++ {
		page, err := client.GetAll(h.authorizedFor(v1.BatonSessionService_GetAll_FullMethodName), v1.GetAllRequest_builder{SyncId: sync, Prefix: "p", PageToken: token}.Build())
		require.NoError(t, err)
		for _, item := range page.GetItems() {
			all[item.GetKey()] = true
		}
		if token = page.GetPageToken(); token == "" {
			assert.Equal(t, 2, pages)
			break
		}
	}
	assert.Len(t, all, 101)

	_, err = client.Delete(h.authorizedFor(v1.BatonSessionService_Delete_FullMethodName), v1.DeleteRequest_builder{SyncId: sync, Prefix: "p", Key: "1"}.Build())
	require.NoError(t, err)
	_, err = client.DeleteMany(h.authorizedFor(v1.BatonSessionService_DeleteMany_FullMethodName), v1.DeleteManyRequest_builder{SyncId: sync, Prefix: "p", Keys: []string{"2", "3"}}.Build())
	require.NoError(t, err)
	assert.Equal(t, map[string]int{sync: 98, other: 1}, h.service.Sessions())
	_, err = client.Clear(h.authorizedFor(v1.BatonSessionService_Clear_FullMethodName), v1.ClearRequest_builder{SyncId: sync}.Build())
	require.NoError(t, err)
	assert.Equal(t, map[string]int{other: 1}, h.service.Sessions())

	assert.Empty(t, h.service.Refused())
	_, err = client.Get(h.authorizedFor(v1.BatonSessionService_Get_FullMethodName), v1.GetRequest_builder{SyncId: "sync", Key: "key"}.Build())
	assert.Equal(t, codes.InvalidArgument, status.Code(err))
	assert.Len(t, h.service.Refused(), 1)
}
