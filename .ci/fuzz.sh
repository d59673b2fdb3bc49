#!/bin/sh
# Runs each fuzz target of the module for FUZZTIME, also after a failure.
set -eu
: "${FUZZTIME:?}"

files='{{$d := .Dir}}{{$p := .ImportPath}}{{range .TestGoFiles}}{{$p}} {{$d}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$p}} {{$d}}/{{.}}{{"\n"}}{{end}}'
targets=$(go list -f "$files" ./... | while read -r package file; do
	[ -z "$package" ] || sed -n "s|^func \(Fuzz[A-Za-z0-9_]*\)(.*|$package \1|p" "$file"
done)
if [ -z "$targets" ]; then
	echo "There are no fuzz targets."
	exit 0
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Sometimes Go's fuzzing fails at the end of the time with "context deadline exceeded" and without an input. That is no failure.
fuzz() {
	# Minimizing an interesting input may otherwise take the whole time.
	{ go test -run '^$' -fuzz "^$2\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 100ms "$1" 2>&1 || echo "failed: $1 $2"; } | tee "$log" >&2
	! grep -q '^failed: ' "$log" || { grep -qx ' *context deadline exceeded' "$log" && ! grep -q 'Failing input written' "$log"; }
}

failed=$(printf '%s\n' "$targets" | while read -r package target; do
	echo "== $package $target" >&2
	fuzz "$package" "$target" || echo "$package $target"
done)
if [ -n "$failed" ]; then
	printf 'These fuzz targets failed; what fails them was added to their testdata/fuzz:\n%s\n' "$failed" >&2
	exit 1
fi
