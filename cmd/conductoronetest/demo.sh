#!/bin/sh
# Runs the connector as a daemon for a stand-in of ConductorOne and shows what both do. The Makefile builds the four
# programs and names them.
set -eu
: "${CONNECTOR:?}" "${BATON:?}" "${STAND_IN:?}" "${CONDUCTORONE:?}"

# baton colors its output even in a pipe.
[ -t 1 ] || export NO_COLOR=1

heading() {
	printf '\n== %s\n\n' "$1"
}

# show HEADING FILE COMMAND [FLAG...] prints the command below its heading, so that it can be repeated.
show() {
	heading "$1"
	file=$2
	shift 2
	printf '$ baton %s -f %s\n' "$*" "$file"
	"$BATON" "$@" -f "$file"
}

case $(uname) in
Darwin | *NT*)
	echo "A daemon takes the stand-in's certificate from SSL_CERT_FILE, which Go does not read on this system." >&2
	exit 1
	;;
esac

uploads=dist/daemon-demo
project=proj_SupportAssistant000002
rm -rf "$uploads"
mkdir -p "$uploads"

heading "The connector runs as a daemon, between a stand-in of ConductorOne and one of the OpenAI Admin API"
# A feed lists events that are a minute old. The clock of the stand-in is ten minutes behind.
UPLOADS=$uploads "$STAND_IN" --organization sample --clock-behind 10m -- \
	"$CONDUCTORONE" --tasks cmd/conductoronetest/demo.tasks --uploads "$uploads" -- \
	"$CONNECTOR" --provisioning --log-level error

show "Who had what in a project, as the first sync told ConductorOne" "$uploads/upload-1.c1z" grants -t project -r "$project"
show "Who has what since then: Lena Fischer views it, Omar Haddad is gone" "$uploads/upload-6.c1z" grants -t project -r "$project"
show "Who is invited: new.person@example.com as well" "$uploads/upload-6.c1z" resources -t invitation
show "Which keys there are: Hana Sato's is deleted" "$uploads/upload-6.c1z" resources -t api_key

# together FILE PART merges both into one file and prints its name. The key is required and not used.
together() {
	mkdir -p "$uploads/together"
	BATON_OPENAI_ADMIN_KEY=unused "$CONNECTOR" --log-level error --compact-syncs --compact-file-paths "$1,$2" \
		--compact-sync-ids "$(sync_id "$1"),$(sync_id "$2")" --compact-output-path "$uploads/together" >&2
	echo "$uploads/together/"*.c1z
}

sync_id() {
	"$BATON" syncs -o json -f "$1" | sed 's/.*"syncs":\[{"id":"\([^"]*\)".*/\1/'
}

whole=$(together "$uploads/upload-6.c1z" "$uploads/upload-8.c1z")
show "Who owns the organization, the last sync and what was synced alone together: the finance group as well" "$whole" grants -t organization_role -r owner
