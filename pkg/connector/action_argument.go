package connector

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	config "github.com/conductorone/baton-sdk/pb/c1/config/v1"
	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"
)

// actionField is an argument of an action, or something that it returns.
type actionField struct {
	name        string
	displayName string
	description string
	kind        fieldKind
	// types are those that a resource id may be of.
	types []*v2.ResourceType
	// required is of an argument.
	required bool
}

// fieldKind is the kind of a field's value.
type fieldKind int

const (
	kindText fieldKind = iota
	// kindNumber is a whole number.
	kindNumber
	kindYesNo
	kindTexts
	kindResourceID
	// kindResource can be returned only.
	kindResource
)

// schema describes the action to ConductorOne; it is a new value each time, since the SDK writes into it. The type says no
// more: with another one ConductorOne would offer the action where it has a button for that, such as a deletion.
func (a action) schema() *v2.BatonActionSchema {
	success := actionField{name: "success", displayName: "Success", description: "Whether it was done", kind: kindYesNo}
	return v2.BatonActionSchema_builder{
		Name: a.name, DisplayName: a.displayName, Description: a.description,
		Arguments:   convert(a.arguments, actionField.schema),
		ReturnTypes: convert(append([]actionField{success}, a.returns...), actionField.schema),
		ActionType:  []v2.ActionType{v2.ActionType_ACTION_TYPE_DYNAMIC},
	}.Build()
}

func (f actionField) schema() *config.Field {
	built := config.Field_builder{Name: f.name, DisplayName: f.displayName, Description: f.description, IsRequired: f.required}
	switch f.kind {
	case kindNumber:
		built.IntField = &config.IntField{}
	case kindYesNo:
		built.BoolField = &config.BoolField{}
	case kindTexts:
		built.StringSliceField = &config.StringSliceField{}
	case kindResourceID:
		rules := config.ResourceIDRules_builder{AllowedResourceTypeIds: f.typeIDs()}.Build()
		built.ResourceIdField = config.ResourceIdField_builder{Rules: rules}.Build()
	case kindResource:
		built.ResourceField = &config.ResourceField{}
	case kindText:
		built.StringField = &config.StringField{}
	}
	return built.Build()
}

func (f actionField) typeIDs() []string {
	return convert(f.types, (*v2.ResourceType).GetId)
}

// actionArguments are the arguments of an action, each of its kind. Arguments that were left out or blank are missing.
type actionArguments struct {
	values map[string]any
	fields []actionField
}

func (a actionArguments) has(name string) bool { return a.values[name] != nil }

// text is a text without the spaces around it, "" if it was not given.
func (a actionArguments) text(name string) string {
	text, _ := a.values[name].(string)
	return text
}

// number is 0 if it was not given.
func (a actionArguments) number(name string) int64 {
	number, _ := a.values[name].(int64)
	return number
}

// yesNo is nil if it was not given.
func (a actionArguments) yesNo(name string) *bool {
	if is, ok := a.values[name].(bool); ok {
		return &is
	}
	return nil
}

func (a actionArguments) texts(name string) []string {
	texts, _ := a.values[name].([]string)
	return texts
}

// id is nil if it was not given.
func (a actionArguments) id(name string) *v2.ResourceId {
	id, _ := a.values[name].(*v2.ResourceId)
	return id
}

// logFields are the ids that were given. What people have written is not logged.
func (a actionArguments) logFields() []zap.Field {
	var fields []zap.Field
	for _, f := range a.fields {
		if id := a.id(f.name); id != nil {
			fields = append(fields, zap.String(f.name+"_id", id.GetResource()))
		}
	}
	return fields
}

// parse reads the arguments that were given. The SDK checks neither required arguments nor kinds.
func (a action) parse(given *structpb.Struct) (actionArguments, error) {
	found := actionArguments{values: map[string]any{}, fields: a.arguments}
	for name := range given.GetFields() {
		if !slices.ContainsFunc(a.arguments, func(f actionField) bool { return f.name == name }) {
			return found, newError(codes.InvalidArgument, "the action %s has no argument of a name that was given: its arguments are %s", a.name, a.argumentNames())
		}
	}
	for _, f := range a.arguments {
		value, err := f.read(given.GetFields()[f.name])
		switch {
		case err != nil:
			return found, newError(codes.InvalidArgument, "the argument %s of the action %s %w", f.name, a.name, err)
		case value != nil:
			found.values[f.name] = value
		case f.required:
			return found, newError(codes.InvalidArgument, "the action %s needs the argument %s", a.name, f.name)
		}
	}
	return found, nil
}

func (a action) argumentNames() string {
	return strings.Join(convert(a.arguments, func(f actionField) string { return f.name }), ", ")
}

// read gives the value of an argument, nil if there is none.
func (f actionField) read(value *structpb.Value) (any, error) {
	switch given := value.GetKind().(type) {
	case nil, *structpb.Value_NullValue:
		return nil, nil //nolint:nilnil // an argument that was not given is no error
	case *structpb.Value_StringValue:
		if f.kind == kindText {
			return trimmedOrNil(given.StringValue), nil
		}
	case *structpb.Value_NumberValue:
		if number := given.NumberValue; f.kind == kindNumber && number == math.Trunc(number) && math.Abs(number) <= maxNumber {
			return int64(number), nil
		}
	case *structpb.Value_BoolValue:
		if f.kind == kindYesNo {
			return given.BoolValue, nil
		}
	case *structpb.Value_ListValue:
		if f.kind == kindTexts {
			return parseTexts(given.ListValue)
		}
	case *structpb.Value_StructValue:
		if f.kind == kindResourceID {
			return f.readID(given.StructValue)
		}
	}
	return nil, f.kindError()
}

// maxNumber is up to where JSON's numbers are whole.
const maxNumber = 1 << 53

func trimmedOrNil(text string) any {
	if isBlank(text) {
		return nil
	}
	return strings.TrimSpace(text)
}

func parseTexts(list *structpb.ListValue) (any, error) {
	texts := make([]string, 0, len(list.GetValues()))
	for _, value := range list.GetValues() {
		text, isText := value.GetKind().(*structpb.Value_StringValue)
		if !isText || isBlank(text.StringValue) {
			return nil, actionField{kind: kindTexts}.kindError()
		}
		texts = append(texts, strings.TrimSpace(text.StringValue))
	}
	if len(texts) == 0 {
		return nil, nil //nolint:nilnil // a form that is left empty sends an empty list
	}
	return texts, nil
}

// readID takes an id as the SDK's own connectors do, and as an action returns one.
func (f actionField) readID(given *structpb.Struct) (any, error) {
	resourceType, hasType := firstText(given, "resource_type_id", "resource_type", "resourceTypeId")
	id, hasID := firstText(given, "resource_id", "resource", "resourceId")
	switch {
	case !hasType || !hasID:
		return nil, f.kindError()
	case id == "" && resourceType == "":
		return nil, nil //nolint:nilnil // as a form sends it that is left empty
	case !slices.Contains(f.typeIDs(), resourceType):
		return nil, fmt.Errorf("takes an id of the type %s only", strings.Join(f.typeIDs(), " or "))
	case isKeyValue(id):
		return nil, errors.New("has the value of an API key in place of an id: give the key's id, which a sync shows")
	case !isID(id):
		return nil, fmt.Errorf("has an id that cannot be one of the type %s", resourceType)
	}
	found := v2.ResourceId_builder{ResourceType: resourceType, Resource: id}.Build()
	if isAddress(found) {
		return nil, errors.New("has an email address in place of an id: give the id, which a sync shows")
	}
	return found, nil
}

// firstText is the text of the first of the fields that is there.
func firstText(given *structpb.Struct, names ...string) (string, bool) {
	for _, name := range names {
		if text, ok := given.GetFields()[name].GetKind().(*structpb.Value_StringValue); ok {
			return text.StringValue, true
		}
	}
	return "", false
}

// kindError is the error for a value of another kind, which is not quoted.
func (f actionField) kindError() error {
	switch f.kind {
	case kindNumber:
		return errors.New("is not a whole number")
	case kindYesNo:
		return errors.New("is neither true nor false")
	case kindTexts:
		return errors.New("is not a list of texts")
	case kindResourceID:
		return fmt.Errorf(`is not an id such as {"resource_type_id":"%s","resource_id":"..."}`, f.typeIDs()[0])
	default:
		return errors.New("is not a text")
	}
}
