package openaitest

// The ids in [Sample] that are used more than once.
const (
	samplePriya  = "user-PriyaRaman000000000000001"
	sampleTomas  = "user-TomasNovak000000000000002"
	sampleAisha  = "user-AishaBello000000000000003"
	sampleLena   = "user-LenaFischer00000000000004"
	sampleDiego  = "user-DiegoMorales0000000000005"
	sampleHana   = "user-HanaSato00000000000000006"
	sampleOmar   = "user-OmarHaddad000000000000007"
	sampleGrace  = "user-GraceLindqvist00000000008"
	sampleLegacy = "user-LegacyPipeline00000000009"

	sampleIndexer = "svc_acct_CatalogueIndexer00001"
	sampleChatbot = "svc_acct_SupportChatbot000002"
	sampleIdle    = "svc_acct_RetiredCrawler000003"

	samplePlatform = "group_01PLATFORMENGINEERING"
	sampleSupport  = "group_01CUSTOMERSUPPORT00"
	sampleFinance  = "group_01FINANCE0000000000"

	sampleBilling  = "role_01BILLINGVIEWER00000"
	sampleKeyAdmin = "role_01KEYADMINISTRATOR00"
	sampleTuner    = "role_01FINETUNER00000000"
	sampleReviewer = "role_01PROMPTREVIEWER0000"

	sampleSearch    = "proj_CatalogueSearch0000001"
	sampleAssistant = "proj_SupportAssistant000002"
	samplePrototype = "proj_VoicePrototype0000003"
)

// sampleDay counts days from 2025-01-06, 09:00 UTC.
func sampleDay(n int64) int64 { return 1_736_154_000 + n*24*3600 }

// Sample is the organization of Tidewater Books, a fictional company. It is small and has every type of object and every way of
// having access.
func Sample() Organization {
	return Organization{
		ID:         "org-TidewaterBooks",
		Users:      sampleUsers(),
		Invites:    sampleInvites(),
		Groups:     sampleGroups(),
		Projects:   []Project{sampleSearchProject(), sampleAssistantProject(), samplePrototypeProject()},
		AdminKeys:  sampleAdminKeys(),
		SpendLimit: SpendLimit{Cents: 2_000_000},
		Roles: []Role{
			{ID: sampleBilling, Name: "Billing viewer", Description: "Sees usage and costs", Permissions: []string{"api.usage.read"}, CreatedAt: sampleDay(3)},
			{
				ID: sampleKeyAdmin, Name: "Key administrator", Description: "Manages API keys of all projects",
				Permissions: []string{"api.organization.projects.api_keys.read", "api.organization.projects.api_keys.write"}, CreatedAt: sampleDay(4),
			},
		},
	}
}

func sampleUsers() []User {
	return []User{
		{ID: samplePriya, Name: "Priya Raman", Email: "priya.raman@example.com", Role: roleOwner, AddedAt: sampleDay(0), APIKeyLastUsedAt: sampleDay(200)},
		// Owner through the group of platform engineers only.
		{ID: sampleTomas, Name: "Tomáš Novák", Email: "tomas.novak@example.com", Role: roleReader, AddedAt: sampleDay(1), APIKeyLastUsedAt: sampleDay(201)},
		{ID: sampleAisha, Name: "Aisha Bello", Email: "aisha.bello@example.com", Role: roleReader, AddedAt: sampleDay(2), IsSCIMManaged: true},
		// Holds a custom role directly and through the group of finance.
		{ID: sampleLena, Name: "Lena Fischer", Email: "lena.fischer@example.com", Role: roleReader, AddedAt: sampleDay(5), RoleIDs: []string{sampleBilling}},
		{ID: sampleDiego, Name: "Diego Morales", Email: "diego.morales@example.com", Role: roleReader, AddedAt: sampleDay(8), IsSCIMManaged: true},
		{ID: sampleHana, Name: "Hana Sato", Email: "Hana.Sato@Example.com", Role: roleReader, AddedAt: sampleDay(9), RoleIDs: []string{sampleKeyAdmin}},
		{
			ID: sampleOmar, Name: "Omar Haddad", Email: "omar.haddad@example.com", Role: roleReader, AddedAt: sampleDay(11),
			JSON: Fields{"user.enabled": false, "user.banned": true, "user.banned_at": sampleDay(180)},
		},
		{ID: sampleGrace, Name: "Grace Lindqvist", Email: "grace.lindqvist@example.com", Role: roleOwner, AddedAt: sampleDay(12), IsSCIMManaged: true},
		{ID: sampleLegacy, Name: "legacy-pipeline", Role: roleReader, AddedAt: sampleDay(13), IsServiceAccount: true},
	}
}

func sampleInvites() []Invite {
	return []Invite{
		{
			ID: "invite-NoahWhitfield01", Email: "noah.whitfield@example.com", Role: roleReader, Status: statusPending,
			CreatedAt: sampleDay(210), ExpiresAt: sampleDay(217), Projects: []InviteProject{{ID: sampleSearch, Role: roleMember}},
		},
		{ID: "invite-YukiMori02", Email: "yuki.mori@example.com", Role: roleOwner, Status: statusExpired, CreatedAt: sampleDay(60), ExpiresAt: sampleDay(67)},
		{
			ID: "invite-HanaSato03", Email: "hana.sato@example.com", Role: roleReader, Status: statusAccepted,
			CreatedAt: sampleDay(8), ExpiresAt: sampleDay(15), AcceptedAt: sampleDay(9),
		},
	}
}

func sampleGroups() []Group {
	return []Group{
		{
			ID: samplePlatform, Name: "Platform engineering", GroupType: typeGroup, CreatedAt: sampleDay(2),
			MemberIDs: []string{sampleTomas, sampleHana, sampleIndexer}, RoleIDs: []string{roleOwner},
		},
		{
			ID: sampleSupport, Name: "Customer support", GroupType: typeGroup, CreatedAt: sampleDay(2), IsSCIMManaged: true,
			MemberIDs: []string{sampleAisha, sampleDiego}, RoleIDs: []string{roleReader},
		},
		{
			ID: sampleFinance, Name: "Finance", GroupType: typeGroup, CreatedAt: sampleDay(5),
			MemberIDs: []string{sampleLena, sampleGrace}, RoleIDs: []string{sampleBilling},
		},
	}
}

func sampleSearchProject() Project {
	return Project{
		ID: sampleSearch, Name: "Catalogue search", Status: statusActive, CreatedAt: sampleDay(3), Residency: "EU_STORAGE_PROCESSING",
		Roles: []Role{
			{ID: sampleTuner, Name: "Fine-tuner", Description: "Trains models", Permissions: []string{"api.model.request"}, CreatedAt: sampleDay(20)},
		},
		Users: []ProjectUser{
			{UserID: sampleTomas, Role: roleOwner, AddedAt: sampleDay(3)},
			{UserID: sampleHana, Role: roleMember, AddedAt: sampleDay(10), RoleIDs: []string{sampleTuner}},
			{UserID: sampleLena, Role: roleViewer, AddedAt: sampleDay(14)},
		},
		Groups: []ProjectGroup{
			{GroupID: samplePlatform, CreatedAt: sampleDay(21), RoleIDs: []string{sampleTuner}},
			{GroupID: sampleFinance, CreatedAt: sampleDay(30), RoleIDs: []string{roleViewer}},
		},
		ServiceAccounts: []ServiceAccount{
			{ID: sampleIndexer, Name: "catalogue-indexer", Role: roleMember, CreatedAt: sampleDay(22), RoleIDs: []string{sampleTuner}},
			{ID: sampleIdle, Name: "retired-crawler", Role: roleNone, CreatedAt: sampleDay(23)},
		},
		APIKeys: []ProjectAPIKey{
			{
				ID: "key_CatalogueIndexer", Name: "indexer production", RedactedValue: "sk-svcacct-***k3Qd", CreatedAt: sampleDay(22), LastUsedAt: sampleDay(212),
				OwnerProjectAccess: statusActive, OwnerType: typeServiceAccount, OwnerID: sampleIndexer,
			},
			{
				ID: "key_HanaNotebook", Name: "notebook", RedactedValue: "sk-proj-***7yPz", CreatedAt: sampleDay(40), ExpiresAt: sampleDay(400),
				OwnerProjectAccess: statusActive, OwnerType: typeUser, OwnerID: sampleHana,
			},
			// The owner has left the company; the key still works.
			{
				ID: "key_Forgotten", Name: "temporary test", RedactedValue: "sk-proj-***a0Lm", CreatedAt: sampleDay(15), LastUsedAt: sampleDay(205),
				OwnerProjectAccess: statusInactive, OwnerType: typeUser, OwnerID: "user-FormerColleague0000000010",
			},
		},
		Models: ModelPermissions{Mode: modeAllowList, ModelIDs: []string{"gpt-4.1", "text-embedding-3-small"}},
		RateLimits: []ModelRateLimit{
			{ID: "rl-gpt-4.1", Model: "gpt-4.1", Numbers: map[string]int64{maxRequests: 500, maxTokens: 30_000, maxBatchTokens: 90_000}},
			{ID: "rl-gpt-image-1", Model: "gpt-image-1", Numbers: map[string]int64{maxRequests: 500, maxTokens: 100_000, maxImages: 5}},
			{ID: "rl-text-embedding-3-small", Model: "text-embedding-3-small", Numbers: map[string]int64{maxRequests: 3_000, maxTokens: 1_000_000}},
			{ID: "rl-whisper-1", Model: "whisper-1", Numbers: map[string]int64{maxRequests: 500, maxTokens: 0, maxAudio: 20, maxRequestsADay: 10_000}},
		},
		SpendLimit:    SpendLimit{Cents: 50_000},
		DisabledTools: []string{"mcp", "web_search"},
	}
}

func sampleAssistantProject() Project {
	return Project{
		ID: sampleAssistant, Name: "Support assistant", Status: statusActive, CreatedAt: sampleDay(25), ExternalKeyID: "ext_TidewaterVault",
		Roles: []Role{
			{ID: sampleReviewer, Name: "Prompt reviewer", Permissions: []string{"api.project.read"}, CreatedAt: sampleDay(26)},
		},
		Users: []ProjectUser{
			{UserID: sampleAisha, Role: roleOwner, AddedAt: sampleDay(25)},
			{UserID: sampleDiego, Role: roleMember, AddedAt: sampleDay(26), RoleIDs: []string{sampleReviewer}},
			// Still listed although banned from the organization.
			{UserID: sampleOmar, Role: roleMember, AddedAt: sampleDay(27)},
		},
		Groups: []ProjectGroup{
			{GroupID: sampleSupport, CreatedAt: sampleDay(28), RoleIDs: []string{roleMember, sampleReviewer}},
			{GroupID: samplePlatform, CreatedAt: sampleDay(28), RoleIDs: []string{roleOwner}},
		},
		ServiceAccounts: []ServiceAccount{
			{ID: sampleChatbot, Name: "support-chatbot", Role: roleOwner, CreatedAt: sampleDay(29)},
			{ID: sampleLegacy, Name: "legacy-pipeline", Role: roleMember, CreatedAt: sampleDay(29)},
		},
		APIKeys: []ProjectAPIKey{
			{
				ID: "key_Chatbot", RedactedValue: "sk-svcacct-***Xe81", CreatedAt: sampleDay(29), LastUsedAt: sampleDay(213),
				OwnerProjectAccess: statusActive, OwnerType: typeServiceAccount, OwnerID: sampleChatbot,
			},
		},
	}
}

func samplePrototypeProject() Project {
	return Project{ID: samplePrototype, Name: "Voice prototype", Status: statusArchived, CreatedAt: sampleDay(50), ArchivedAt: sampleDay(120)}
}

func sampleAdminKeys() []AdminAPIKey {
	return []AdminAPIKey{
		{
			ID: "key_AdminGovernance", Name: "Governance", RedactedValue: "sk-admin-***9fGh", CreatedAt: sampleDay(100), LastUsedAt: sampleDay(213),
			ExpiresAt: sampleDay(465), OwnerType: typeUser, OwnerID: samplePriya,
		},
		{ID: "key_AdminTerraform", Name: "Terraform", RedactedValue: "sk-admin-***b2Wv", CreatedAt: sampleDay(35), OwnerType: typeUser, OwnerID: sampleGrace},
	}
}
