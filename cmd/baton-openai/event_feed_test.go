package main

import (
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// The objects of the sample organization that the scripts change.
const (
	financeGroup     = 2
	supportAssistant = 1
)

// happened is the script command for changes outside of the connector: the finance group becomes an owner, then Lena
// Fischer logs in and joins a project.
func happened(ts *testscript.TestScript, _ bool, args []string) {
	ago, err := time.ParseDuration(args[0])
	ts.Check(err)
	changeInOpenAI(standIn(ts), time.Now().Add(-ago))
}

func changeInOpenAI(server *openaitest.Server, at time.Time) {
	const lena = "user-LenaFischer00000000000004"
	server.Update(func(o *openaitest.Organization) {
		server.Now = func() time.Time { return at }
		o.Groups[financeGroup].RoleIDs = append(o.Groups[financeGroup].RoleIDs, "owner")
	})
	server.Record(openaitest.AuditLogEntry{Type: "login.succeeded", Actor: openaitest.AuditLogActor{UserID: lena}})
	server.Update(func(o *openaitest.Organization) {
		server.Now = func() time.Time { return at.Add(time.Second) }
		project := &o.Projects[supportAssistant]
		project.Users = append(project.Users, openaitest.ProjectUser{UserID: lena, Role: "viewer", AddedAt: at.Unix()})
	})
	server.Update(func(*openaitest.Organization) { server.Now = nil })
}

func auditLog(ts *testscript.TestScript, _ bool, args []string) {
	server := standIn(ts)
	server.Update(func(*openaitest.Organization) { server.AuditLog.Off = number(ts, args[0]) })
}
