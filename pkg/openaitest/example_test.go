package openaitest_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// A client whose second page of users fails in a gateway.
func ExampleServer() {
	standIn := &openaitest.Server{Organization: openaitest.Sample()}
	standIn.SetFault("GET /organization/users", openaitest.Fault{After: 1, Times: 1, Status: 502, Body: "<html>", ContentType: "text/html"})
	server := httptest.NewServer(standIn)
	defer server.Close()

	client := openai.NewClient(option.WithBaseURL(server.URL+"/v1"), option.WithAdminAPIKey("sk-admin-any"), option.WithMaxRetries(0))
	users := client.Admin.Organization.Users.ListAutoPaging(context.Background(), openai.AdminOrganizationUserListParams{Limit: openai.Int(2)})
	for users.Next() {
		fmt.Println(users.Current().Name)
	}
	for _, request := range standIn.Requests() {
		fmt.Println(request.Route, request.Query.Get("after"), request.Status)
	}
	// Output:
	// Priya Raman
	// Tomáš Novák
	// GET /organization/users  200
	// GET /organization/users user-TomasNovak000000000000002 502
}
