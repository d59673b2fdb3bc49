package openaitest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// A gateway answers the second request for users.
func ExampleServer() {
	standIn := &openaitest.Server{Organization: openaitest.Sample()}
	standIn.SetFault("GET /organization/users", openaitest.Fault{After: 1, Times: 1, Status: 502, Body: "<html>", ContentType: "text/html"})
	server := httptest.NewServer(standIn)
	defer server.Close()

	for range 3 {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL+"/v1/organization/users?limit=2", http.NoBody)
		if err != nil {
			fmt.Println(err)
			return
		}
		request.Header.Set("Authorization", "Bearer sk-admin-any")
		answer, err := server.Client().Do(request)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(answer.StatusCode)
		_ = answer.Body.Close()
	}
	for _, request := range standIn.Requests() {
		fmt.Println(request.Route, request.Query.Get("limit"), request.Status)
	}
	// Output:
	// 200
	// 502
	// 200
	// GET /organization/users 2 200
	// GET /organization/users 2 502
	// GET /organization/users 2 200
}
