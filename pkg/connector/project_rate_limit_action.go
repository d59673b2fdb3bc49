package connector

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

const argumentModel = "model"

func (p provisioning) projectRateLimitActions() []action {
	model := actionField{name: argumentModel, displayName: "Model", description: "The model, such as gpt-4.1, by the name that the project's limits have", required: true}
	limits := convert(client.RateLimitNumbers(), func(name string) actionField {
		return actionField{
			name: name, displayName: strings.ReplaceAll(name, "_", " "), kind: kindNumber,
			description: "The limit that the API calls " + name + ", which not every model has; it stays as it is if this is left out",
		}
	})
	return []action{{
		name: "set_project_rate_limit", displayName: "Set project rate limit",
		description: "Says how much a project may ask of a model in a minute and in a day.",
		arguments:   append([]actionField{projectArgument(), model}, limits...),
		returns:     []actionField{projectReturn()},
		doing:       "setting a rate limit of",
		subject:     projectSubject,
		run:         p.setProjectRateLimit,
	}}
}

// setProjectRateLimit leaves the numbers as they are that are not given.
func (p provisioning) setProjectRateLimit(ctx context.Context, arguments actionArguments) (actionResult, error) {
	model := arguments.text(argumentModel)
	if !isPrintable(model) {
		return actionResult{}, newError(codes.InvalidArgument, "the model has a character that no model has")
	}
	wanted := map[string]int64{}
	for _, name := range client.RateLimitNumbers() {
		if !arguments.has(name) {
			continue
		}
		wanted[name] = arguments.number(name)
		if wanted[name] < 0 {
			return actionResult{}, newError(codes.InvalidArgument, "%s is below 0", name)
		}
	}
	if len(wanted) == 0 {
		return actionResult{}, newError(codes.InvalidArgument, "nothing is asked for: give at least one of %s", strings.Join(client.RateLimitNumbers(), ", "))
	}
	return p.changeInProject(ctx, arguments.id(argumentProject), func(ctx context.Context, project client.Project) (change, error) {
		limit, err := p.rateLimitOf(ctx, project.ID, model)
		if err != nil {
			return change{}, err
		}
		for _, name := range client.RateLimitNumbers() {
			_, asked := wanted[name]
			if _, has := limit.Numbers[name]; asked && !has {
				return change{}, newError(codes.FailedPrecondition, "the model %s has no %s: its limits are %s", model, name, describeRateLimit(limit.Numbers, limit.Numbers))
			}
		}
		return change{
			write: func(ctx context.Context) error {
				_, err := p.client.ModifyProjectRateLimit(ctx, project.ID, limit.ID, wanted)
				return err
			},
			read: func(ctx context.Context) (string, error) {
				limit, err := p.rateLimitOf(ctx, project.ID, model)
				return describeRateLimit(limit.Numbers, wanted), err
			},
			before: describeRateLimit(limit.Numbers, wanted), wanted: describeRateLimit(wanted, wanted),
		}, nil
	})
}

// rateLimitOf finds the rate limit of a model. A project has one for each model that it may be limited in, which may be
// hundreds.
func (p provisioning) rateLimitOf(ctx context.Context, projectID, model string) (client.RateLimit, error) {
	limits, err := listAll(ctx, listOf(p.client.ListProjectRateLimits, projectID))
	if err != nil {
		return client.RateLimit{}, err
	}
	others := make([]string, 0, len(limits))
	for _, limit := range limits {
		if limit.Model == model {
			return limit, nil
		}
		others = append(others, limit.Model)
	}
	return client.RateLimit{}, newError(codes.FailedPrecondition, "the project %s has no rate limit for the model %s: %s", projectID, model, describeOtherModels(model, others))
}

// maxModelsNamed is how many models a message names.
const maxModelsNamed = 5

// describeOtherModels names those that begin most like the model, which may be misspelt.
func describeOtherModels(model string, others []string) string {
	if len(others) == 0 {
		return "it has none at all"
	}
	alike := func(other string) int {
		length := 0
		for length < min(len(model), len(other)) && model[length] == other[length] {
			length++
		}
		return length
	}
	slices.SortStableFunc(others, func(a, b string) int { return cmp.Compare(alike(b), alike(a)) })
	return fmt.Sprintf("it has %d, such as that for %s", len(others), strings.Join(others[:min(maxModelsNamed, len(others))], ", "))
}

// describeRateLimit tells of the numbers that are asked for.
func describeRateLimit(numbers, asked map[string]int64) string {
	var words []string
	for _, name := range client.RateLimitNumbers() {
		if _, is := asked[name]; !is {
			continue
		}
		if number, has := numbers[name]; has {
			words = append(words, fmt.Sprintf("%s %d", name, number))
		} else {
			words = append(words, "no "+name)
		}
	}
	return strings.Join(words, ", ")
}
