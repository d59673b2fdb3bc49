#!/bin/sh
# Syncs the sample organization into sync.c1z and shows what was found. The Makefile builds the three programs and names them.
set -eu
: "${CONNECTOR:?}" "${BATON:?}" "${STAND_IN:?}"

# baton colors its output even in a pipe.
[ -t 1 ] || export NO_COLOR=1

heading() {
	printf '\n== %s\n\n' "$1"
}

# show HEADING COMMAND [FLAG...] prints the command below its heading, so that it can be repeated.
show() {
	heading "$1"
	shift
	printf '$ baton %s\n' "$*"
	"$BATON" "$@" -f sync.c1z
}

# An unfinished sync would be resumed instead of begun.
rm -f sync.c1z

heading "Sync: reading the sample organization from a stand-in for the OpenAI Admin API"
"$STAND_IN" --organization sample -- "$CONNECTOR" --log-level warn -f sync.c1z
echo "done"

show "What kinds of things an organization has" resource-types
show "Everything that was found" resources
show "What can be granted on a project" entitlements -t project
show "Who holds what" grants
show "Who owns the organization" principals -e organization_role:owner:assigned

user=$(NO_COLOR=1 "$BATON" resources -t user -f sync.c1z | awk -F '|' 'NR == 2 { gsub(/ /, "", $1); print $1 }')
show "What one user has in the end" access -t user -r "$user"

cat <<END

== sync.c1z is there

Look further:
  $BATON explorer -f sync.c1z      in a browser
  $BATON stats -f sync.c1z
  $BATON resources -t api_key -f sync.c1z -o json
  $BATON --help

Read a real organization:
  BATON_OPENAI_ADMIN_KEY=sk-admin-... $CONNECTOR
END
