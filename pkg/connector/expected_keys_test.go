package connector_test

type apiKey struct {
	id, name, redacted, parent, detail, projectID, access string
	created, used, expires                                int64
	ownerType, ownerID                                    string
}

func (e *expectation) key(key apiKey) {
	identity := key.ownerType + ":" + key.ownerID
	if key.ownerID == "" {
		identity = ""
	}
	e.resource(resourceRow{
		ID: "api_key:" + key.id, Parent: key.parent, RawID: key.id, Name: written(key.name, key.redacted, key.id), CreatedAt: seconds(key.created),
		Profile: known(map[string]any{
			"redacted_value": key.redacted, "project_id": key.projectID, "owner_project_access": key.access,
			"owner_id": key.ownerID, "owner_type": key.ownerType, "owner_state": e.ownerState(key),
		}),
		Secret: &secretRow{
			Type: "CREDENTIAL_TYPE_STATIC_SECRET", Detail: key.detail, Identity: identity,
			LastUsedAt: seconds(key.used), ExpiresAt: seconds(key.expires),
		},
	})
}

// ownerState is the owner's state in the profile of a key, "" if the organization does not tell.
func (e *expectation) ownerState(key apiKey) string {
	_, there := e.users[key.ownerID]
	isOfProject := key.ownerType == "service_account" && key.projectID != ""
	switch {
	case key.ownerID == "":
		return "no_owner"
	case key.access == "active":
		return "active"
	case !there && (!isOfProject || !e.accounts[key.ownerID]):
		if isOfProject || key.ownerType == "user" {
			return "left_organization"
		}
		return ""
	case key.access == "inactive":
		return "left_project"
	case key.projectID == "":
		return "active"
	default:
		return ""
	}
}
