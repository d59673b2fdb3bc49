package connector

import (
	"context"
	"fmt"

	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

const (
	argumentWholeOrganization = "whole_organization"
	argumentAmountCents       = "amount_cents"
	argumentRemove            = "remove"
)

// stateNoSpendLimit is the word for spending that nothing limits.
const stateNoSpendLimit = "no spend limit"

func (p provisioning) spendLimitActions() []action {
	return []action{{
		name: "set_spend_limit", displayName: "Set spend limit",
		description: "Limits what a project, or the whole organization, may spend in a month, or takes the limit away. " +
			"Where it is reached, OpenAI refuses all further calls until the month ends or the limit is raised.",
		arguments: []actionField{
			{
				name: argumentProject, displayName: "Project", kind: kindResourceID, types: types(resourceTypeProject),
				description: "The project whose spending is limited",
			},
			{
				name: argumentWholeOrganization, displayName: "Whole organization", kind: kindYesNo,
				description: "Yes to limit all projects together, in place of a project",
			},
			{
				name: argumentAmountCents, displayName: "Amount in US cents", kind: kindNumber,
				description: "The limit of a month in US cents, such as 10000 for 100 dollars: OpenAI knows no other currency and no other interval",
			},
			{name: argumentRemove, displayName: "Remove", kind: kindYesNo, description: "Yes to take the limit away, in place of an amount"},
		},
		returns: []actionField{projectReturn()},
		doing:   "setting the spend limit of",
		subject: func(a actionArguments) string {
			if a.has(argumentProject) {
				return projectSubject(a)
			}
			return resourceTypeOrganization.GetId()
		},
		run: p.setSpendLimit,
	}}
}

// setSpendLimit wants it said that all projects are meant: an argument that a workflow leaves empty by mistake would stop
// every one of them.
func (p provisioning) setSpendLimit(ctx context.Context, arguments actionArguments) (actionResult, error) {
	cents, err := requestedSpendLimit(arguments)
	if err != nil {
		return actionResult{}, err
	}
	switch whole := isYes(arguments, argumentWholeOrganization); {
	case whole && arguments.has(argumentProject):
		return actionResult{}, newError(codes.InvalidArgument, "%s and %s exclude each other: give one of them", argumentProject, argumentWholeOrganization)
	case whole:
		already, err := p.consistency.ensure(ctx, p.spendLimitChange(client.OrganizationSpender(), cents))
		return actionResult{already: already, logged: []zap.Field{zap.Bool(argumentWholeOrganization, true)}}, err
	case !arguments.has(argumentProject):
		return actionResult{}, newError(codes.InvalidArgument, "nobody is named: give %s, or %s for all of them together", argumentProject, argumentWholeOrganization)
	}
	return p.changeInProject(ctx, arguments.id(argumentProject), func(_ context.Context, project client.Project) (change, error) {
		return p.spendLimitChange(client.ProjectSpender(project.ID), cents), nil
	})
}

func isYes(arguments actionArguments, name string) bool {
	is := arguments.yesNo(name)
	return is != nil && *is
}

// requestedSpendLimit is the amount that an action asks for, 0 for none.
func requestedSpendLimit(arguments actionArguments) (int64, error) {
	remove := isYes(arguments, argumentRemove)
	switch cents := arguments.number(argumentAmountCents); {
	case remove && arguments.has(argumentAmountCents):
		return 0, newError(codes.InvalidArgument, "%s and %s exclude each other: give one of them", argumentAmountCents, argumentRemove)
	case remove:
		return 0, nil
	case !arguments.has(argumentAmountCents):
		return 0, newError(codes.InvalidArgument, "nothing is asked for: give %s, or %s to take the limit away", argumentAmountCents, argumentRemove)
	case cents < 1:
		return 0, newError(codes.InvalidArgument, "%s is below 1, the least that OpenAI takes: to take the limit away give %s", argumentAmountCents, argumentRemove)
	default:
		return cents, nil
	}
}

// spendLimitChange sets the limit, or takes it away for 0 cents.
func (p provisioning) spendLimitChange(of client.Spender, cents int64) change {
	return change{
		write: func(ctx context.Context) error {
			if cents == 0 {
				return p.client.DeleteSpendLimit(ctx, of)
			}
			_, err := p.client.ModifySpendLimit(ctx, of, cents)
			return err
		},
		read: func(ctx context.Context) (string, error) {
			limit, err := p.client.GetSpendLimit(ctx, of)
			return describeSpendLimit(limit), ignoreGone(err)
		},
		wanted: describeSpendLimit(client.SpendLimit{ThresholdAmount: cents, Currency: client.SpendCurrency, Interval: client.SpendInterval}),
	}
}

// describeSpendLimit says whether a limit is enforced. In OpenAI's own pages a limit need not be enforced
// (https://developers.openai.com/api/docs/guides/spend-limits); what the API sets is.
func describeSpendLimit(limit client.SpendLimit) string {
	if limit.ThresholdAmount == 0 {
		return stateNoSpendLimit
	}
	words := fmt.Sprintf("%d cents (%s) a %s", limit.ThresholdAmount, limit.Currency, limit.Interval)
	if limit.Enforcement.Status == client.SpendInactive {
		words += ", which is not enforced"
	}
	return words
}
