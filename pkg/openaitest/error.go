package openaitest

import (
	"fmt"
	"maps"
	"net/http"
)

// apiError is a refusal in the API's own form.
type apiError struct {
	status        int
	message       string
	param, code   string
	header        http.Header
	messageIsBody bool
}

func (e *apiError) Error() string { return fmt.Sprintf("%d: %s", e.status, e.message) }

// answer renders the envelope. The type is invalid_request_error for every status, even 429. With messageIsBody, error is a bare
// string, as in the API's refusal of a key without a scope.
func (e *apiError) answer() answer {
	var body any = object{"error": object{
		"message": e.message,
		"type":    "invalid_request_error",
		"param":   orNull(e.param),
		"code":    orNull(e.code),
	}}
	if e.messageIsBody {
		body = object{"error": e.message}
	}
	reply := jsonAnswer(e.status, body)
	maps.Copy(reply.header, e.header)
	return reply
}

// notFound is the refusal of an unknown id. The noun is in the API's spelling, such as service_account. Only project_not_found is
// documented; the other nouns follow it.
func notFound(noun, id string) error {
	return &apiError{
		status:  http.StatusNotFound,
		message: fmt.Sprintf("The %s %s was not found", noun, id),
		code:    noun + "_not_found",
	}
}

func invalid(param, code, format string, args ...any) error {
	return &apiError{status: http.StatusBadRequest, message: fmt.Sprintf(format, args...), param: param, code: code}
}

// projectArchived is the refusal of requests below an archived project.
func projectArchived(id string) error {
	return invalid("", "project_archived", "Project '%s' is archived. You can only update an active project.", id)
}
