package connector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

var _ connectorbuilder.CredentialIssuerV2 = (*serviceAccountBuilder)(nil)

// keyDiscoverable says that the next sync shows the key that is issued.
const keyDiscoverable = v2.CredentialResourceMode_CREDENTIAL_RESOURCE_MODE_DISCOVERABLE

// IssueCapabilityDetails says that a service account can be given API keys, with any scopes. OpenAI has no expiry for
// them.
func (b *serviceAccountBuilder) IssueCapabilityDetails(context.Context) (*v2.CredentialDetailsCredentialIssue, annotations.Annotations, error) {
	const kind = v2.CapabilityDetailCredentialOption_CAPABILITY_DETAIL_CREDENTIAL_OPTION_API_KEY
	return v2.CredentialDetailsCredentialIssue_builder{
		PreferredOption: kind,
		Options: []*v2.CredentialIssueOptionDescriptor{v2.CredentialIssueOptionDescriptor_builder{
			Option: kind, ResourceMode: keyDiscoverable, SecretResourceTypeId: resourceTypeAPIKey.GetId(), CustomScopesAllowed: true, Preferred: true,
		}.Build()},
	}.Build(), nil, nil
}

// Issue gives a service account one more API key. The SDK encrypts the value for the requester.
func (b *serviceAccountBuilder) Issue(ctx context.Context, input *connectorbuilder.CredentialIssueInput) (*connectorbuilder.CredentialIssueOutput, error) {
	wanted, err := newKeyRequest(input)
	if err != nil {
		return nil, err
	}
	issued, err := exclusively(ctx, b.provisioning, subjectOf(wanted.account), func(ctx context.Context) (issuedKey, error) { return b.issue(ctx, wanted) })
	logChange(ctx, "issue API key", false, err, zap.String("service_account_id", wanted.account.GetResource()), zap.String("api_key_id", issued.id))
	if err != nil {
		return nil, changeError(wanted.doing(), err)
	}
	return &connectorbuilder.CredentialIssueOutput{
		Secret: issued.secret, ResourceMode: keyDiscoverable,
		PlaintextData: []*v2.PlaintextData{v2.PlaintextData_builder{
			Name: "api_key", Description: "The API key. OpenAI does not show it again.", Bytes: issued.value.Reveal(),
		}.Build()},
	}, nil
}

// keyRequest is a key that is asked for.
type keyRequest struct {
	account *v2.ResourceId
	// name has the id of the request in it: OpenAI keeps nothing else of a request, and lets keys of one name be made again and
	// again.
	name   string
	scopes []string
}

func newKeyRequest(input *connectorbuilder.CredentialIssueInput) (keyRequest, error) {
	account, id := input.IdentityID, input.RequestID
	if err := checkID(resourceTypeServiceAccount, account); err != nil {
		return keyRequest{}, err
	}
	switch {
	case id == "" || !isPrintable(id):
		return keyRequest{}, newError(codes.InvalidArgument, "the request for an API key has no id, by which the key is found again")
	case !input.CredentialOptions.HasApiKey():
		return keyRequest{}, newError(codes.InvalidArgument, "a service account can only be given an API key")
	case input.ExpiresAt != nil:
		return keyRequest{}, newError(codes.InvalidArgument, "OpenAI does not let an API key of a service account expire: ask for one without an expiry, and delete it in time")
	case client.PrintsAnswers():
		return keyRequest{}, newError(codes.FailedPrecondition, "BATON_DEBUG_PRINT_RESPONSE_BODY is set, with which answers are printed that may have the key in them: run the connector without it")
	}
	return keyRequest{account: account, name: "c1-" + id, scopes: input.CredentialOptions.GetApiKey().GetScopes()}, nil
}

// doing says what was being done.
func (r keyRequest) doing() string {
	return "issuing an API key for the service account " + r.account.GetResource()
}

// matches tells whether a key is one that the request has made. Some answers leave the owner out.
func (r keyRequest) matches(key client.ProjectAPIKey) bool {
	owner := key.Owner.OwnerID()
	return key.Name == r.name && (owner == r.account.GetResource() || owner == "")
}

// issuedKey is the outcome of a request.
type issuedKey struct {
	id     string
	secret *v2.Resource
	value  client.SecretValue
}

// issue makes a key, unless the request has made one before: its value was told then, or is lost.
func (b *serviceAccountBuilder) issue(ctx context.Context, wanted keyRequest) (issuedKey, error) {
	accountID := wanted.account.GetResource()
	projectID, err := b.projectOfServiceAccount(ctx, wanted.account, nil)
	switch {
	case isGone(err):
		return issuedKey{}, newError(codes.FailedPrecondition, "no active project has a service account %s, and OpenAI gives keys to no other account: sync again to see what there is", accountID)
	case err != nil:
		return issuedKey{}, err
	}
	earlier, err := b.findRequestedKeys(ctx, projectID, wanted, "", client.Cursor{})
	switch {
	case err != nil:
		return issuedKey{}, err
	case len(earlier.found) > 0:
		return issuedKey{}, newError(codes.AlreadyExists, "the same request has made the key %s already, whose value OpenAI does not tell again: delete it, and ask for another one",
			keyIDs(earlier.found))
	}
	made, err := b.client.CreateServiceAccountKey(ctx, projectID, accountID, wanted.name, wanted.scopes)
	if err == nil && earlier.ids[made.ID] {
		// It is somebody else's, and neither given out nor deleted.
		err = newError(codes.Aborted, "OpenAI answered with the key %s, which was there before: delete the key named %s if the next sync shows it, and ask for another one",
			made.ID, wanted.name)
		made = client.ServiceAccountKey{}
	}
	shown, err := b.findIssuedKeys(ctx, projectID, wanted, made, err, earlier.lastPage)
	return b.finishIssue(ctx, projectID, wanted, made, shown, err)
}

// cleanupTimeout is how long a key may be looked for and deleted after the request was cancelled.
const cleanupTimeout = 5 * time.Second

// findIssuedKeys reads what a request has made: the key of the answer or, without an answer, every key with the
// request's name. The error is that of the answer, also if a key was made.
func (b *serviceAccountBuilder) findIssuedKeys(
	ctx context.Context, projectID string, wanted keyRequest, made client.ServiceAccountKey, answer error, lastPage client.Cursor,
) ([]client.ProjectAPIKey, error) {
	var shown []client.ProjectAPIKey
	read := func(ctx context.Context) (string, error) {
		keys, err := b.findRequestedKeys(ctx, projectID, wanted, made.ID, lastPage)
		shown = keys.found
		lastPage = client.Cursor{} // new keys may come first: next time the whole list is read
		return presence(len(shown) > 0 && (made.ID == "" || hasKey(shown, made.ID))), err
	}
	if kindOf(answer) == client.KindStopped {
		ctx, end := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
		defer end()
		_, _ = read(ctx) // the answer says why there is none
		return shown, answer
	}
	err := b.consistency.confirm(ctx, answer, change{read: read, before: stateNotThere, wanted: stateThere})
	return shown, cmp.Or(answer, err)
}

// finishIssue gives the key that is made. A key whose value is lost is deleted again: it could be used until it is
// found.
func (b *serviceAccountBuilder) finishIssue(
	ctx context.Context, projectID string, wanted keyRequest, made client.ServiceAccountKey, shown []client.ProjectAPIKey, answer error,
) (issuedKey, error) {
	switch {
	case answer != nil && len(shown) > 0:
		return issuedKey{}, b.deleteUnusedKeys(ctx, projectID, shown, fmt.Errorf("the answer with its value is lost: %w", answer))
	case answer != nil && mayBeDone(answer):
		doing := wanted.doing() + ": OpenAI may have made one all the same, whose value is lost: delete the key named " + wanted.name + " if the next sync shows it, and ask for another one"
		return issuedKey{}, &codedError{error: withAdvice(doing, answer), code: codes.Aborted}
	case answer != nil:
		return issuedKey{}, answer
	}
	row := client.ProjectAPIKey{ID: made.ID, Name: cmp.Or(made.Name, wanted.name), CreatedAt: made.CreatedAt}
	var others []client.ProjectAPIKey
	for _, key := range shown {
		if key.ID == made.ID {
			row = key
		} else {
			others = append(others, key)
		}
	}
	row.Owner = client.ProjectKeyOwner{Type: client.OwnerServiceAccount, ID: wanted.account.GetResource()}
	secret, err := projectKey(projectID, row).resource(ctx, apiMembers{b.reader, b.client})
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("nobody waits for it any more: %w", ctx.Err())
	case err == nil && made.Value.IsEmpty():
		err = errors.New("OpenAI did not tell its value")
	}
	if err != nil {
		return issuedKey{}, b.deleteUnusedKeys(ctx, projectID, append(others, row), err)
	}
	if len(others) > 0 {
		// Something on the way has repeated the request.
		again := b.deleteUnusedKeys(ctx, projectID, others, errors.New("the request arrived more than once"))
		warn(ctx, "OpenAI has made another key than the one that is issued", zap.Error(again))
	}
	return issuedKey{id: made.ID, secret: secret, value: made.Value}, nil
}

// deleteUnusedKeys deletes keys whose value is lost for the reason because, and gives the error that names them.
func (b *serviceAccountBuilder) deleteUnusedKeys(ctx context.Context, projectID string, keys []client.ProjectAPIKey, because error) error {
	if ctx.Err() != nil {
		var end context.CancelFunc
		ctx, end = context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
		defer end()
	}
	var left []client.ProjectAPIKey
	var failure error
	for _, key := range keys {
		// OpenAI may not know it yet, and what it does not know it cannot delete.
		err := b.consistency.retryUntilKnown(ctx, func(ctx context.Context) error {
			_, err := b.client.GetProjectAPIKey(ctx, projectID, key.ID)
			return err
		})
		if err == nil {
			err = b.deleteKeyOfProject(ctx, projectID, key.ID)
		}
		if err != nil {
			left, failure = append(left, key), err
		}
	}
	if len(left) == 0 {
		return newError(codes.Aborted, "the key %s was made and is deleted again: ask for another one: %w", keyIDs(keys), because)
	}
	return newError(codes.FailedPrecondition, "the key %s was made, nobody has its value, and it could not be deleted: delete its service account if it must not stay: %w; %w",
		keyIDs(left), because, failure)
}

// requestedKeys are the keys of a project that a request has made.
type requestedKeys struct {
	found []client.ProjectAPIKey
	// ids are those of all keys that were read.
	ids map[string]bool
	// lastPage is where the list's last page begins.
	lastPage client.Cursor
}

// findRequestedKeys reads the keys of a project from a place on, the one that was made among them: the API does not find them by name.
func (b *serviceAccountBuilder) findRequestedKeys(ctx context.Context, projectID string, wanted keyRequest, madeID string, from client.Cursor) (requestedKeys, error) {
	keys := requestedKeys{ids: map[string]bool{}, lastPage: from}
	for page, err := range pagesFrom(ctx, from, urgentFirst(listOf(b.client.ListProjectAPIKeys, projectID))) {
		if err != nil {
			return requestedKeys{}, err
		}
		for _, key := range page.Items {
			keys.ids[key.ID] = true
			if (wanted.matches(key) || key.ID == madeID) && !hasKey(keys.found, key.ID) {
				keys.found = append(keys.found, key)
			}
		}
		if !page.Next.IsZero() {
			keys.lastPage = page.Next
		}
	}
	return keys, nil
}

func hasKey(keys []client.ProjectAPIKey, id string) bool {
	return slices.ContainsFunc(keys, func(key client.ProjectAPIKey) bool { return key.ID == id })
}

// keyIDs are told to people.
func keyIDs(keys []client.ProjectAPIKey) string {
	return strings.Join(convert(keys, func(key client.ProjectAPIKey) string { return key.ID }), ", ")
}
