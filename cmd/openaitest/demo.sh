#!/bin/sh
# Syncs the sample organization into sync.c1z and shows what was found. The Makefile builds the three programs and names them.
set -eu
: "${CONNECTOR:?}" "${BATON:?}" "${STAND_IN:?}"

# baton colors its output even in a pipe.
[ -t 1 ] || export NO_COLOR=1

heading() {
	printf '\n== %s\n\n' "$1"
}

# rows KIND prints the objects of baton's JSON that begin with {"KIND":, one a line.
rows() {
	awk -v kind="$1" '{ n = split($0, row, "\\{\"" kind "\":"); for (i = 2; i <= n; i++) print row[i] }'
}

# An unfinished sync would be resumed instead of begun.
rm -f sync.c1z

heading "Reading the sample organization from a stand-in for the OpenAI Admin API"
"$STAND_IN" --organization sample -- "$CONNECTOR" --log-level warn -f sync.c1z
echo "sync.c1z is written"

heading "Who owns the organization"
echo '$ baton principals -e organization_role:owner:assigned'
"$BATON" principals -e organization_role:owner:assigned -f sync.c1z

heading "Keys that somebody left behind"
"$BATON" resources -t api_key -o json -f sync.c1z | rows resource | awk '
function value(name) { return match($0, "\"" name "\":\"[^\"]*\"") ? substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 5) : "" }
value("owner_state") != "active" && value("owner_state") != "" { printf "%-20s %-18s %s\n", value("displayName"), value("owner_state"), value("owner_id") }'

user=$(NO_COLOR=1 "$BATON" resources -t user -f sync.c1z | awk -F '|' 'NR == 2 { gsub(/ /, "", $1); print $1 }')
heading "What $user has, and through what"
"$BATON" grants -o json -f sync.c1z | rows grant | awk -v holder=":user:$user\"" '
index($0, holder) {
	match($0, /"id":"[^"]*:user:[^"]*"/)
	grant = substr($0, RSTART + 6, RLENGTH - 7)
	sub(/:user:[^:]*$/, "", grant)
	through = ""
	direct = "through"
	if (match($0, /"sources":\{"sources":\{[^}]*\}[^}]*\}/)) {
		n = split(substr($0, RSTART, RLENGTH), part, "\"")
		for (i = 6; i <= n; i += 2) {
			if (part[i] == grant) direct = "directly, and through"
			else if (part[i] ~ /:/) through = through " " part[i]
		}
	}
	printf "%-68s %s\n", grant, through == "" ? "directly" : direct through
}'

cat <<END

== All of it

  $BATON resources -f sync.c1z                 everything that was found
  $BATON entitlements -t project -f sync.c1z   what can be granted on a project
  $BATON grants -f sync.c1z                    who holds what
  $BATON explorer -f sync.c1z                  the same in a browser

A real organization:
  BATON_OPENAI_ADMIN_KEY=sk-admin-... $CONNECTOR
END
